"""Convolutions 3×3 by Winograd's method: fewer multiplications, as matrix products of transformed tiles.

A map is cut into tiles of side t = m + 2 that overlap by two. Small matrices transform tiles and weights, so
that m × m outputs take t² multiplications per pair of channels instead of 9 m²: 3.24 times fewer for m = 3,
four for m = 4 (Winograd 1980; Lavin & Gray 2015, 1509.09308). Maps are (h, w, l) here, l = images × channels,
so that every loop is long and runs over neighbours in memory.
"""

from functools import cache

import numpy as np

from reluctant.models.kernels.compiled import Array, inlined, kernel

SIDE, CHUNK = 6, 512  # the side of the largest tile; the part of l processed at a time, which fits the cache
# Where the polynomials of the method are evaluated: those small rationals with the smallest rounding error.
POINTS = {3: (0, 1, -0.5, -2), 4: (0, 1, -1, 0.5, -2)}
SMALL = 5  # maps up to this side use m = 3, which fits their 3 × 3 outputs


@cache
def transform_matrices(m: int, dtype: str) -> tuple[tuple[Array, Array], ...]:
    """Matrices that transform outputs (t, m), weights (t, 3) and maps (t, t), each with its transpose.

    Each is the corner of a (6, 6) of zeros, so that one kernel of constant size works for all.
    """
    t = m + 2
    powers = np.vstack([np.vander(POINTS[m], t, increasing=True), np.eye(t)[-1:]])
    outputs, weights, maps = powers[:, :m].copy(), powers[:, :3].copy(), np.linalg.inv(powers).T
    outputs[-1, -1] = weights[-1, -1] = 1
    balance = np.sqrt(np.abs(maps).max(1) / np.abs(weights).max(1))[:, None]
    padded = [np.zeros((SIDE, SIDE), dtype) for _ in range(3)]
    for out, k in zip(padded, (outputs, weights * balance, maps / balance), strict=True):
        out[:t, : k.shape[1]] = k
    return tuple((k, k.T.copy()) for k in padded)


@kernel
def _cut_tiles(x: Array, k: Array, side: int, step: int, out: Array) -> None:
    """Fill out (t, t, rows, columns, l) with tiles of x (h, w, l), `step` apart, transformed by k.

    Beyond the map the tiles are zero.
    """
    t, _, rows, columns, length = out.shape
    h, w, _ = x.shape
    middle = np.zeros((t, SIDE, CHUNK), x.dtype)
    for i in range(rows):
        y, inside = i * step, k.copy()
        inside[:, h - y :] = 0
        for j in range(columns):
            width = min(side, w - j * step)
            middle[:, width:] = 0
            for s in range(0, length, CHUNK):
                u = min(s + CHUNK, length)
                for z in range(width):
                    at = j * step + z
                    a0, a1, a2 = x[y, at, s:u], x[min(y + 1, h - 1), at, s:u], x[min(y + 2, h - 1), at, s:u]
                    a3, a4 = x[min(y + 3, h - 1), at, s:u], x[min(y + 4, h - 1), at, s:u]
                    a5 = x[min(y + 5, h - 1), at, s:u]
                    for p in range(t):
                        _weighted_sum(inside[p], a0, a1, a2, a3, a4, a5, middle[p, z, : u - s])
                for p in range(t):
                    b0, b1, b2 = middle[p, 0, : u - s], middle[p, 1, : u - s], middle[p, 2, : u - s]
                    b3, b4, b5 = middle[p, 3, : u - s], middle[p, 4, : u - s], middle[p, 5, : u - s]
                    for q in range(t):
                        _weighted_sum(k[q], b0, b1, b2, b3, b4, b5, out[p, q, i, j, s:u])


@kernel
def _join_tiles(tiles: Array, k: Array, side: int, step: int, out: Array) -> None:
    """The transpose of `_cut_tiles`: out (h, w, l) is the sum of tiles (t, t, rows, columns, l) times k."""
    t, _, rows, columns, length = tiles.shape
    h, w, _ = out.shape
    middle = np.zeros((side, SIDE, CHUNK), out.dtype)
    out[:] = 0
    for i in range(rows):
        for j in range(columns):
            for s in range(0, length, CHUNK):
                u = min(s + CHUNK, length)
                for q in range(t):
                    a0, a1, a2 = tiles[0, q, i, j, s:u], tiles[1, q, i, j, s:u], tiles[2, q, i, j, s:u]
                    a3, a4 = tiles[3, q, i, j, s:u], tiles[4, q, i, j, s:u]
                    a5 = tiles[t - 1, q, i, j, s:u]
                    for y in range(side):
                        _weighted_sum(k[y], a0, a1, a2, a3, a4, a5, middle[y, q, : u - s])
                for y in range(min(side, h - i * step)):
                    b0, b1, b2 = middle[y, 0, : u - s], middle[y, 1, : u - s], middle[y, 2, : u - s]
                    b3, b4, b5 = middle[y, 3, : u - s], middle[y, 4, : u - s], middle[y, 5, : u - s]
                    for z in range(min(side, w - j * step)):
                        _add_weighted_sum(k[z], b0, b1, b2, b3, b4, b5, out[i * step + y, j * step + z, s:u])


@inlined
def _weighted_sum(k: Array, a0: Array, a1: Array, a2: Array, a3: Array, a4: Array, a5: Array, out: Array) -> None:
    """Fill out with the sum of k[0]·a0 to k[5]·a5."""
    k0, k1, k2, k3, k4, k5 = k[0], k[1], k[2], k[3], k[4], k[5]
    for e in range(out.size):
        out[e] = (k0 * a0[e] + k1 * a1[e] + k2 * a2[e]) + (k3 * a3[e] + k4 * a4[e] + k5 * a5[e])


@inlined
def _add_weighted_sum(k: Array, a0: Array, a1: Array, a2: Array, a3: Array, a4: Array, a5: Array, out: Array) -> None:
    """Add the sum of k[0]·a0 to k[5]·a5 to out."""
    k0, k1, k2, k3, k4, k5 = k[0], k[1], k[2], k[3], k[4], k[5]
    for e in range(out.size):
        out[e] += (k0 * a0[e] + k1 * a1[e] + k2 * a2[e]) + (k3 * a3[e] + k4 * a4[e] + k5 * a5[e])


def _transform_to_tiles(x: Array, k: Array, t: int, side: int, step: int, grid: tuple[int, int]) -> Array:
    """(t², rows · columns · l): all tiles of x (h, w, l) of this side, `step` apart, transformed by k."""
    out = np.empty((t, t, *grid, x.shape[2]), x.dtype)
    _cut_tiles(x, k, side, step, out)
    return out.reshape(t * t, -1)


def _transform_from_tiles(
    tiles: Array, k: Array, t: int, side: int, step: int, grid: tuple[int, int], size: tuple[int, int]
) -> Array:
    """The transpose of `_transform_to_tiles`: (h, w, l) of this size from tiles (t², rows · columns · l)."""
    tiles = tiles.reshape(t, t, *grid, -1)
    out = np.empty((*size, tiles.shape[4]), tiles.dtype)
    _join_tiles(tiles, k, side, step, out)
    return out


def winograd_convolve(x: Array, weight: Array) -> tuple[Array, tuple[Array, Array]]:
    """Convolve x (h, w, n, c) with weight (3, 3, c, o): (h − 2, w − 2, n, o), and what backward needs."""
    h, w, n, c = x.shape
    o, m = weight.shape[3], 3 if max(h, w) <= SMALL else 4
    t, grid = m + 2, (-(-(h - 2) // m), -(-(w - 2) // m))
    (_, a), (g, _), (b, _) = transform_matrices(m, x.dtype.str)
    maps = _transform_to_tiles(x.reshape(h, w, -1), b, t, t, m, grid).reshape(t * t, -1, c)
    weights = _transform_to_tiles(weight.reshape(3, 3, -1), g, t, 3, 3, (1, 1)).reshape(-1, c, o)
    with np.errstate(all="ignore"):  # NaN and infinity go on to the loss
        products = maps @ weights
    out = _transform_from_tiles(products, a, t, m, m, grid, (h - 2, w - 2))
    return out.reshape(h - 2, w - 2, n, o), (maps, weights)


def winograd_backward(dy: Array, saved: tuple[Array, Array]) -> tuple[Array, Array]:
    """The gradients of x and weight from dy (h − 2, w − 2, n, o) and what `winograd_convolve` saved."""
    (maps, weights), (h, w, n, o) = saved, dy.shape
    c, t = maps.shape[2], round(len(maps) ** 0.5)
    m, grid = t - 2, (-(-h // (t - 2)), -(-w // (t - 2)))
    (a, _), (_, g), (_, b) = transform_matrices(m, dy.dtype.str)
    outputs = _transform_to_tiles(dy.reshape(h, w, -1), a, t, m, m, grid).reshape(t * t, -1, o)
    with np.errstate(all="ignore"):
        dweights = maps.transpose(0, 2, 1) @ outputs
        dmaps = outputs @ np.ascontiguousarray(weights.transpose(0, 2, 1))
    dweight = _transform_from_tiles(dweights, g, t, 3, 3, (1, 1), (3, 3))
    dx = _transform_from_tiles(dmaps, b, t, t, m, grid, (h + 2, w + 2))
    return dx.reshape(h + 2, w + 2, n, c), dweight.reshape(3, 3, c, o)
