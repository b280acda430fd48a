"""Convolution of a single channel, batch norm and max-pooling in one pass; the map is not stored.

With one input channel a value of the map takes nine multiplications, so computing it again in backward costs
less than reading it from memory. Output channels are processed in blocks of sixteen, a constant, so that the
compiler unrolls and vectorises.
"""

import numpy as np

from reluctant.models.kernels.compiled import Array, inlined, kernel
from reluctant.models.kernels.pooling import batch_moments, copy_to, gradient_rows, largest_of_window, move_sum

LANES = 16


def fits_single_channel(channels: int, height: int, width: int, out: int, kernel_size: tuple[int, ...]) -> bool:
    """Whether these kernels take a convolution: one channel, even sides, 3×3, a multiple of 16 outputs."""
    return channels == 1 and height % 2 == 0 and width % 2 == 0 and out % LANES == 0 and kernel_size == (3, 3)


@inlined
def _to_blocks(rows: Array) -> Array:
    """Rows (r, c) as a flat array [c / 16, r, 16]."""
    r, c = rows.shape
    out = np.empty(r * c, rows.dtype)
    for i in range(r):
        for k in range(c):
            out[(k // LANES * r + i) * LANES + k % LANES] = rows[i, k]
    return out


@inlined
def _convolve_at(x: Array, b: int, i: int, j: int, p: Array, k: int) -> float:
    """The product of the 3×3 patch of x at (i, j) and the nine weights p[k], p[k + 16], …"""
    top = x[b, i, j] * p[k] + x[b, i, j + 1] * p[k + 16] + x[b, i, j + 2] * p[k + 32]
    middle = x[b, i + 1, j] * p[k + 48] + x[b, i + 1, j + 1] * p[k + 64] + x[b, i + 1, j + 2] * p[k + 80]
    low = x[b, i + 2, j] * p[k + 96] + x[b, i + 2, j + 1] * p[k + 112] + x[b, i + 2, j + 2] * p[k + 128]
    return float(top + middle + low)


@inlined
def _pool_and_sum_blocks(x: Array, p: Array, best: Array, index: Array) -> Array:
    """Fill best and index; sums and squares [c / 16, 2, 16].

    p holds blocks of 11 rows: weights, sign, origin.
    """
    h, w, n, c = best.shape
    partial, sums = np.zeros(2 * c, x.dtype), np.zeros(2 * c)
    for b in range(n):
        for i in range(h):
            for j in range(w):
                for m in range(c // LANES):
                    for lane in range(LANES):
                        k, s = m * 11 * LANES + lane, m * 2 * LANES + lane
                        y0, y1 = (_convolve_at(x, b, 2 * i, 2 * j, p, k), _convolve_at(x, b, 2 * i, 2 * j + 1, p, k))
                        y2 = _convolve_at(x, b, 2 * i + 1, 2 * j, p, k)
                        y3 = _convolve_at(x, b, 2 * i + 1, 2 * j + 1, p, k)
                        o = p[k + 10 * LANES]
                        d0, d1, d2, d3 = y0 - o, y1 - o, y2 - o, y3 - o
                        partial[s] += (d0 + d1) + (d2 + d3)
                        partial[s + LANES] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
                        value, position = largest_of_window(p[k + 9 * LANES], y0, y1, y2, y3)
                        best[i, j, b, m * LANES + lane], index[i, j, b, m * LANES + lane] = value, position
            move_sum(sums, partial)
    return sums.reshape(c // LANES, 2, LANES)


@kernel
def single_channel_pool(x: Array, weight: Array, gamma: Array) -> tuple[Array, Array, Array, Array]:
    """`max_pool` of the convolution of x (n, h, w) with weight (9, c)."""
    n, h, w = x.shape
    c = weight.shape[1]
    best = np.empty((h // 2 - 1, w // 2 - 1, n, c), x.dtype)
    index = np.empty((h // 2 - 1, w // 2 - 1, n, c), np.uint8)
    rows = np.zeros((11, c), x.dtype)
    copy_to(rows[9], np.sign(gamma))
    origin = rows[10]
    for t in range(9):
        copy_to(rows[t], weight[t])
        origin += x[0, t // 3, t % 3] * weight[t]
    both = _pool_and_sum_blocks(x, _to_blocks(rows), best, index)
    sums, squares = both[:, 0].copy().reshape(c), both[:, 1].copy().reshape(c)
    mean, var = batch_moments(sums, squares, rows[10], n * (h - 2) * (w - 2))
    return best, index, mean, var


@inlined
def _weight_gradient(x: Array, p: Array, g: Array, index: Array) -> Array:
    """The gradient of the weights [c / 16, 9, 16].

    p holds blocks of 12 rows: weights, scale, slope, base.
    """
    h, w, n, c = g.shape
    partial, total, zero = np.zeros(9 * c, x.dtype), np.zeros(9 * c), x.dtype.type(0)
    for b in range(n):
        for i in range(h):
            for j in range(w):
                y, z = 2 * i, 2 * j
                for m in range(c // LANES):
                    for lane in range(LANES):
                        k, s = m * 12 * LANES + lane, m * 9 * LANES + lane
                        slope, base = p[k + 10 * LANES], p[k + 11 * LANES]
                        v = g[i, j, b, m * LANES + lane] * p[k + 9 * LANES]
                        position = index[i, j, b, m * LANES + lane]
                        d0 = _convolve_at(x, b, y, z, p, k) * slope + base + (v if position == 0 else zero)
                        d1 = _convolve_at(x, b, y, z + 1, p, k) * slope + base + (v if position == 1 else zero)
                        d2 = _convolve_at(x, b, y + 1, z, p, k) * slope + base + (v if position == 2 else zero)
                        d3 = _convolve_at(x, b, y + 1, z + 1, p, k) * slope + base + (v if position == 3 else zero)
                        for t in range(9):
                            e, f = y + t // 3, z + t % 3
                            above = d0 * x[b, e, f] + d1 * x[b, e, f + 1]
                            partial[s + t * LANES] += above + d2 * x[b, e + 1, f] + d3 * x[b, e + 1, f + 1]
        move_sum(total, partial)
    return total


@kernel
def single_channel_backward(
    g: Array, x: Array, weight: Array, best: Array, index: Array, gamma: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """The gradients of weight (9, c), gamma and beta (c,) from the gradient g of the normalised values."""
    n, h, w = x.shape
    c = gamma.size
    rows = np.empty((12, c), x.dtype)
    factors, dgamma, dbeta = gradient_rows(g, best, gamma, mean, var, eps, n * (h - 2) * (w - 2))
    for t in range(9):
        copy_to(rows[t], weight[t])
    for t in range(3):
        copy_to(rows[9 + t], factors[t])
    blocks = _weight_gradient(x, _to_blocks(rows), g, index).reshape(c // LANES, 9, LANES)
    dweight = np.empty((9, c), x.dtype)
    for k in range(c):
        copy_to(dweight[:, k], blocks[k // LANES, :, k % LANES])
    return dweight, dgamma, dbeta
