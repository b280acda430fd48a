"""Batch norm and max-pooling by two in one pass over the map of a convolution.

Max-pooling commutes with batch norm where gamma ≥ 0, and takes the window's smallest value where gamma < 0.
So one pass over the map y computes its statistics and the pooled values, and only these are normalised: a
quarter. Backward, the gradient of y is slope·y + base everywhere, plus scale·g where the largest value was.
Sums run in the map's own type over the images at one position, and in double precision from there.
"""

import numpy as np

from reluctant.models.kernels.compiled import Array, inlined, kernel


@inlined
def largest_of_window(sign: float, y0: float, y1: float, y2: float, y3: float) -> tuple[float, np.uint8]:
    """The y with the largest sign·y and its position (0–3): the first of equals, NaN before all."""
    best, position = y0, np.uint8(0)
    if sign * y1 > sign * best or y1 != y1:  # noqa: PLR0124 (NaN differs from itself)
        best, position = y1, np.uint8(1)
    if sign * y2 > sign * best or y2 != y2:  # noqa: PLR0124
        best, position = y2, np.uint8(2)
    if sign * y3 > sign * best or y3 != y3:  # noqa: PLR0124
        best, position = y3, np.uint8(3)
    return best, position


@inlined
def move_sum(total: Array, partial: Array) -> None:
    """Add a partial sum to the total and set it to zero."""
    for k in range(total.size):
        total[k] += partial[k]
        partial[k] = 0


@inlined
def copy_to(target: Array, values: Array) -> None:
    """Copy values (k,). `target[:] = values` would compile the text of an error about shapes: seconds."""
    for k in range(target.size):
        target[k] = values[k]


@inlined
def _pool_and_sum(y: Array, gamma: Array, best: Array, index: Array) -> tuple[Array, Array]:
    """Fill best and index; the sums (c,) of y − y[0, 0, 0] and of its squares."""
    h, w, n, c = y.shape
    s, q, sums, squares = np.zeros(c, y.dtype), np.zeros(c, y.dtype), np.zeros(c), np.zeros(c)
    origin, sign = y[0, 0, 0], np.sign(gamma)
    for i in range(h // 2):
        for j in range(w // 2):
            for b in range(n):
                for k in range(c):
                    y0, y1 = y[2 * i, 2 * j, b, k], y[2 * i, 2 * j + 1, b, k]
                    y2, y3 = y[2 * i + 1, 2 * j, b, k], y[2 * i + 1, 2 * j + 1, b, k]
                    d0, d1, d2, d3 = y0 - origin[k], y1 - origin[k], y2 - origin[k], y3 - origin[k]
                    s[k] += (d0 + d1) + (d2 + d3)
                    q[k] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
                    best[i, j, b, k], index[i, j, b, k] = largest_of_window(sign[k], y0, y1, y2, y3)
            move_sum(sums, s)
            move_sum(squares, q)
    _add_unpooled(y, sums, squares)
    return sums, squares


@inlined
def _add_unpooled(y: Array, sums: Array, squares: Array) -> None:
    """Add the values that pooling ignores, the last row and column of an odd map."""
    h, w, n, c = y.shape
    for i in range(h):
        for j in range(w // 2 * 2 if i < h // 2 * 2 else 0, w):
            for b in range(n):
                for k in range(c):
                    d = np.float64(y[i, j, b, k] - y[0, 0, 0, k])
                    sums[k] += d
                    squares[k] += d * d


@inlined
def batch_moments(sums: Array, squares: Array, origin: Array, count: int) -> tuple[Array, Array]:
    """Mean and biased variance (c,) from the sums of differences from an origin and of their squares."""
    mean = sums / count
    return mean + origin, np.maximum(squares / count - mean * mean, 0)


@kernel
def max_pool(y: Array, gamma: Array) -> tuple[Array, Array, Array, Array]:
    """Pooled values and their positions in the windows (h//2, w//2, n, c); mean and variance (c,) of y."""
    h, w, n, c = y.shape
    best = np.empty((h // 2, w // 2, n, c), y.dtype)
    index = np.empty((h // 2, w // 2, n, c), np.uint8)
    sums, squares = _pool_and_sum(y, gamma, best, index)
    mean, var = batch_moments(sums, squares, y[0, 0, 0], n * h * w)
    return best, index, mean, var


@kernel
def normalise_pooled(best: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float) -> Array:
    """Batch norm of pooled values (h, w, n, c) with these statistics (c,)."""
    h, w, n, c = best.shape
    factor = gamma / np.sqrt(var + eps)
    scale, shift = factor.astype(best.dtype), (beta - mean * factor).astype(best.dtype)
    out = np.empty_like(best)
    for i in range(h):
        for j in range(w):
            for b in range(n):
                for k in range(c):
                    out[i, j, b, k] = best[i, j, b, k] * scale[k] + shift[k]
    return out


@kernel
def update_running_statistics(
    running_mean: Array, running_var: Array, bias: Array, mean: Array, var: Array, count: int, momentum: float
) -> None:
    """Move running statistics (c,) towards the batch's mean, plus the bias, and its unbiased variance."""
    for k in range(mean.size):
        running_mean[k] += momentum * (mean[k] + bias[k] - running_mean[k])
        running_var[k] += momentum * (var[k] * count / (count - 1) - running_var[k])


@inlined
def _gradient_sums(g: Array, best: Array, mean: Array) -> tuple[Array, Array]:
    """The sums (c,) of g and of g·(best − mean)."""
    h, w, n, c = g.shape
    s, q, total, product = np.zeros(c, g.dtype), np.zeros(c, g.dtype), np.zeros(c), np.zeros(c)
    middle = mean.astype(g.dtype)
    for i in range(h):
        for j in range(w):
            for b in range(n):
                for k in range(c):
                    s[k] += g[i, j, b, k]
                    q[k] += g[i, j, b, k] * (best[i, j, b, k] - middle[k])
            move_sum(total, s)
            move_sum(product, q)
    return total, product


@inlined
def gradient_rows(
    g: Array, best: Array, gamma: Array, mean: Array, var: Array, eps: float, count: int
) -> tuple[Array, Array, Array]:
    """Scale, slope and base of the gradient of y as rows (3, c), and the gradients (c,) of gamma and beta."""
    total, product = _gradient_sums(g, best, mean)
    inverse = 1 / np.sqrt(var + eps)
    rows = np.empty((3, gamma.size), g.dtype)
    copy_to(rows[0], gamma * inverse)
    copy_to(rows[1], -gamma * inverse**3 * product / count)
    copy_to(rows[2], -gamma * inverse * (total - inverse**2 * product * mean) / count)
    return rows, (product * inverse).astype(g.dtype), total.astype(g.dtype)


@kernel
def max_pool_backward(
    g: Array, y: Array, best: Array, index: Array, gamma: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """The gradients of y, gamma and beta from the gradient g (h//2, w//2, n, c) of the normalised values."""
    h, w, n, _ = y.shape
    rows, dgamma, dbeta = gradient_rows(g, best, gamma, mean, var, eps, n * h * w)
    dy = np.empty_like(y)
    _fill_map_gradient(g, index, y, rows[0], rows[1], rows[2], dy)
    return dy, dgamma, dbeta


@inlined
def _fill_map_gradient(g: Array, index: Array, y: Array, scale: Array, slope: Array, base: Array, dy: Array) -> None:
    """Fill dy. The innermost loop writes once, or else the compiler does not vectorise it."""
    h, w, n, c = y.shape
    for i in range(h // 2):
        for j in range(w // 2):
            for t in range(4):
                p, q = 2 * i + t // 2, 2 * j + t % 2
                for b in range(n):
                    for k in range(c):
                        v = g[i, j, b, k] * scale[k]
                        d = y[p, q, b, k] * slope[k] + base[k]
                        dy[p, q, b, k] = d + v if index[i, j, b, k] == t else d
    for i in range(h):
        for j in range(w // 2 * 2 if i < h // 2 * 2 else 0, w):
            for b in range(n):
                for k in range(c):
                    dy[i, j, b, k] = y[i, j, b, k] * slope[k] + base[k]
