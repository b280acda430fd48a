"""Convolutions 3×3 by Winograd's method: fewer multiplications, as matrix products of transformed tiles.

A map is cut into tiles of t = m + 2, overlapping by two; tiles and weights are transformed by small
matrices, so that a tile of m × m results takes t² multiplications per pair of channels in place of 9 m²: 3.24
times fewer for m = 3, four for m = 4 (Winograd 1980; Lavin & Gray 2015, 1509.09308). Maps are (h, w, l) here,
l = images × channels in a row, so that every loop is long and over neighbours.
"""

from functools import cache

import numpy as np

from reluctant.models.kernels.compiled import Array, compiled, inner

SIDE, CHUNK = 6, 512  # the largest tile; how much of l is worked on at a time, so that it stays in the cache
# Where the polynomials behind the method are evaluated: of small rationals, those of least rounding error.
POINTS = {3: (0, 1, -0.5, -2), 4: (0, 1, -1, 0.5, -2)}
SMALL = 5  # maps up to this side take m = 3, which fits their 3 × 3 results


@cache
def transforms(m: int, dtype: str) -> tuple[tuple[Array, Array], ...]:
    """Matrices from results (t, m), weights (t, 3) and maps (t, t), each with its transpose.

    Each stands in the corner of a (6, 6) of zeros, so that one kernel of constant size serves all.
    """
    t = m + 2
    powers = np.vstack([np.vander(POINTS[m], t, increasing=True), np.eye(t)[-1:]])
    results, weights, maps = powers[:, :m].copy(), powers[:, :3].copy(), np.linalg.inv(powers).T
    results[-1, -1] = weights[-1, -1] = 1
    balance = np.sqrt(np.abs(maps).max(1) / np.abs(weights).max(1))[:, None]
    padded = [np.zeros((SIDE, SIDE), dtype) for _ in range(3)]
    for out, k in zip(padded, (results, weights * balance, maps / balance), strict=True):
        out[:t, : k.shape[1]] = k
    return tuple((k, k.T.copy()) for k in padded)


@compiled
def _cut(x: Array, k: Array, side: int, step: int, out: Array) -> None:
    """Fill out (t, t, rows, columns, l): tiles of x (h, w, l), `step` apart, zero beyond, mixed by k."""
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
                        _mix(inside[p], a0, a1, a2, a3, a4, a5, middle[p, z, : u - s])
                for p in range(t):
                    b0, b1, b2 = middle[p, 0, : u - s], middle[p, 1, : u - s], middle[p, 2, : u - s]
                    b3, b4, b5 = middle[p, 3, : u - s], middle[p, 4, : u - s], middle[p, 5, : u - s]
                    for q in range(t):
                        _mix(k[q], b0, b1, b2, b3, b4, b5, out[p, q, i, j, s:u])


@compiled
def _join(tiles: Array, k: Array, side: int, step: int, out: Array) -> None:
    """The transpose of `_cut`: tiles (t, t, rows, columns, l), transformed by k, add up to out (h, w, l)."""
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
                        _mix(k[y], a0, a1, a2, a3, a4, a5, middle[y, q, : u - s])
                for y in range(min(side, h - i * step)):
                    b0, b1, b2 = middle[y, 0, : u - s], middle[y, 1, : u - s], middle[y, 2, : u - s]
                    b3, b4, b5 = middle[y, 3, : u - s], middle[y, 4, : u - s], middle[y, 5, : u - s]
                    for z in range(min(side, w - j * step)):
                        _mix_in(k[z], b0, b1, b2, b3, b4, b5, out[i * step + y, j * step + z, s:u])


@inner
def _mix(k: Array, a0: Array, a1: Array, a2: Array, a3: Array, a4: Array, a5: Array, out: Array) -> None:
    """The sum of k[0]·a0 to k[5]·a5."""
    k0, k1, k2, k3, k4, k5 = k[0], k[1], k[2], k[3], k[4], k[5]
    for e in range(out.size):
        out[e] = (k0 * a0[e] + k1 * a1[e] + k2 * a2[e]) + (k3 * a3[e] + k4 * a4[e] + k5 * a5[e])


@inner
def _mix_in(k: Array, a0: Array, a1: Array, a2: Array, a3: Array, a4: Array, a5: Array, out: Array) -> None:
    """The same, added to what is there."""
    k0, k1, k2, k3, k4, k5 = k[0], k[1], k[2], k[3], k[4], k[5]
    for e in range(out.size):
        out[e] += (k0 * a0[e] + k1 * a1[e] + k2 * a2[e]) + (k3 * a3[e] + k4 * a4[e] + k5 * a5[e])


def _spread(x: Array, k: Array, t: int, side: int, step: int, grid: tuple[int, int]) -> Array:
    """(t², rows · columns · l): all tiles of x (h, w, l), of a side, `step` apart, transformed by k."""
    out = np.empty((t, t, *grid, x.shape[2]), x.dtype)
    _cut(x, k, side, step, out)
    return out.reshape(t * t, -1)


def _collect(
    tiles: Array, k: Array, t: int, side: int, step: int, grid: tuple[int, int], size: tuple[int, int]
) -> Array:
    """The transpose of `_spread`: (h, w, l), of the size given, from tiles (t², rows · columns · l)."""
    tiles = tiles.reshape(t, t, *grid, -1)
    out = np.empty((*size, tiles.shape[4]), tiles.dtype)
    _join(tiles, k, side, step, out)
    return out


def convolve(x: Array, weight: Array) -> tuple[Array, tuple[Array, Array]]:
    """Convolve x (h, w, n, c) with weight (3, 3, c, o): (h − 2, w − 2, n, o), and what backward needs."""
    h, w, n, c = x.shape
    o, m = weight.shape[3], 3 if max(h, w) <= SMALL else 4
    t, grid = m + 2, (-(-(h - 2) // m), -(-(w - 2) // m))
    (_, a), (g, _), (b, _) = transforms(m, x.dtype.str)
    maps = _spread(x.reshape(h, w, -1), b, t, t, m, grid).reshape(t * t, -1, c)
    weights = _spread(weight.reshape(3, 3, -1), g, t, 3, 3, (1, 1)).reshape(-1, c, o)
    with np.errstate(all="ignore"):  # what is not finite shows in the loss
        products = maps @ weights
    out = _collect(products, a, t, m, m, grid, (h - 2, w - 2))
    return out.reshape(h - 2, w - 2, n, o), (maps, weights)


def convolve_backward(dy: Array, saved: tuple[Array, Array]) -> tuple[Array, Array]:
    """The gradients of x and weight from dy (h − 2, w − 2, n, o) and what `convolve` saved."""
    (maps, weights), (h, w, n, o) = saved, dy.shape
    c, t = maps.shape[2], round(len(maps) ** 0.5)
    m, grid = t - 2, (-(-h // (t - 2)), -(-w // (t - 2)))
    (a, _), (_, g), (_, b) = transforms(m, dy.dtype.str)
    results = _spread(dy.reshape(h, w, -1), a, t, m, m, grid).reshape(t * t, -1, o)
    with np.errstate(all="ignore"):
        dweights = maps.transpose(0, 2, 1) @ results
        dmaps = results @ np.ascontiguousarray(weights.transpose(0, 2, 1))
    dweight = _collect(dweights, g, t, 3, 3, (1, 1), (3, 3))
    dx = _collect(dmaps, b, t, t, m, grid, (h + 2, w + 2))
    return dx.reshape(h + 2, w + 2, n, c), dweight.reshape(3, 3, c, o)
