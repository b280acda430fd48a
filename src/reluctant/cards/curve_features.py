"""Features of a function of one number: bounds, extrema, zeros, jumps, the largest slope."""

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, inf, isinf, sqrt

import numpy as np

from reluctant.activations.numerics import (
    ROUNDING,
    EndBehaviour,
    Floats,
    ScalarFunction,
    between_points,
    difference_quotient,
    far_points,
    near_points,
    observed_range,
    round_off,
)

FLAT = 0.05  # a minimum that is wider than this is a flat stretch, not an extremum
MOST_POSITIONS = 3  # an extremum that is reached at more positions is not reported
Interval = tuple[float, float]
Ends = tuple[EndBehaviour, EndBehaviour]  # at −∞ and at ∞


@dataclass(frozen=True)
class Extremum:
    """The lowest or highest value, and every position where it is reached."""

    value: float
    positions: tuple[float, ...]


def bounds(f: ScalarFunction, ends: Ends, *extrema: Extremum | None) -> Interval:
    """Infimum and supremum; exact to all digits where they are one of the `extrema`."""
    low, high = observed_range(f)
    exact = [e.limit for e in ends if e.limit is not None] + [e.value for e in extrema if e is not None]
    low, high = min([low, *exact]), max([high, *exact])
    if any(e.limit is None for e in ends) and max(abs(low), abs(high)) > 1e6:  # ever larger oscillations
        return (-inf if low < -1e6 else round_off(low)), (inf if high > 1e6 else round_off(high))
    return _snap_to_limit(low, ends), _snap_to_limit(high, ends)


def _snap_to_limit(value: float, ends: Ends) -> float:
    """The limit that the value nearly equals, if there is one: rounding explains the difference."""
    for e in ends:
        if e.limit is not None and not isinf(e.limit) and abs(value - e.limit) < 2e-6:
            return e.limit if abs(value - e.limit) > ROUNDING else round_off(value)
    return round_off(value)


def find_minimum(f: ScalarFunction, ends: Ends, sign: int = 1) -> Extremum | None:
    """The minimum if it is reached at no more than three isolated positions (`sign` −1: the maximum)."""
    x = near_points()
    y = sign * f(x)
    least = float(y.min())
    if any(e.limit is not None and sign * e.limit <= least + 1e-6 for e in ends):
        return None
    with np.errstate(all="ignore"):
        if min((sign * f(far_points())).min(), (sign * f(-far_points())).min()) < least - ROUNDING:
            return None
    values: dict[float, float] = {}
    for start, stop in true_stretches(y <= least + 1e-5 * (1 + abs(least))):
        flat = y[start:stop] <= least + ROUNDING
        if flat.any() and np.ptp(x[start:stop][flat]) > FLAT:
            return None
        position = _refine_minimum(f, x, start + int(y[start:stop].argmin()), sign)
        values[position] = sign * value_at(f, position)
    value = min(values.values())
    positions = tuple(p for p, v in values.items() if v <= value + 1e-9 * (1 + abs(value)))
    return Extremum(round_off(sign * value), positions) if len(positions) <= MOST_POSITIONS else None


def _refine_minimum(f: ScalarFunction, x: Floats, i: int, sign: int) -> float:
    """The minimum between the neighbours of grid point i: where the slope changes its sign."""
    left, right = float(x[max(i - 1, 0)]), float(x[min(i + 1, len(x) - 1)])
    if not sign * value_at(f.slope, left) < 0 < sign * value_at(f.slope, right):
        return round_off(x[i])
    return bisect_change(lambda t: sign * value_at(f.slope, t) < 0, left, right)


def true_stretches(mask: np.ndarray) -> list[tuple[int, int]]:
    """The stretches of a mask that are True, as (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def find_zeros(f: ScalarFunction) -> tuple[Interval, ...]:
    """Where f is zero, except by underflow or rounding; a single point is an interval of length 0."""
    x = near_points()
    y = f(x)
    changes = np.flatnonzero(y[:-1] * y[1:] < 0)
    roots = [bisect_change(lambda t: value_at(f, t) > 0, float(x[i]), float(x[i + 1])) for i in changes[:50]]
    candidates = {(root, root) for root in roots if abs(value_at(f, root)) < 1e-6}  # not a jump across zero
    stretches = [_zero_stretch(f, x, a, b) for a, b in true_stretches(y == 0)]
    candidates |= {s for s in stretches if s is not None}
    separate: list[Interval] = []  # without points that rounding adds next to another zero
    for low, high in sorted(sorted(candidates), key=lambda s: (s[0] - s[1], abs(s[0]))):
        if all(low > b + 1e-5 or high < a - 1e-5 for a, b in separate):
            separate.append((low, high))
    return tuple(sorted(separate))


def _zero_stretch(f: ScalarFunction, x: Floats, start: int, stop: int) -> Interval | None:
    """A stretch of zeros with exact ends; None if the values next to it are zero up to rounding."""
    low, high = float(x[start]), float(x[stop - 1])
    if high - low < 0.01:
        middle = round_off((low + high) / 2)
        return middle, middle
    left, right, outside = -inf, inf, []
    if start > 0:
        left = bisect_change(lambda t: value_at(f, t) == 0, float(x[start - 1]), low)
        outside.append(value_at(f, left - 0.1))
    if stop < len(x):
        right = bisect_change(lambda t: value_at(f, t) == 0, high, float(x[stop]))
        outside.append(value_at(f, right + 0.1))
    return None if any(abs(y) < ROUNDING for y in outside) else (left, right)


def normal_probability(intervals: tuple[Interval, ...]) -> float:
    """The probability of these intervals under N(0, 1)."""
    return sum((1 + erf(b / sqrt(2))) / 2 - (1 + erf(a / sqrt(2))) / 2 for a, b in intervals)


def find_jumps(f: Callable[[Floats], Floats], least: float = 1e-4) -> tuple[float, ...]:
    """Where a function of arrays jumps, between −30 and 30; a steep slope is not a jump."""
    x = between_points()
    y = f(x)
    scale = 1 + float(np.abs(y[np.abs(x) < 5]).max())
    step = np.diff(y)
    excess = np.abs(step[1:-1] - (step[:-2] + step[2:]) / 2)  # a step minus the mean of its neighbours
    cells = 1 + np.argsort(-excess, kind="stable")[:40]
    cells = np.sort(cells[excess[cells - 1] > least / 10 * scale])
    if not cells.size:
        return ()
    positions, heights = _bisect_jumps(f, x[cells], x[cells + 1])
    return tuple(dict.fromkeys(round_off(p) for p, h in zip(positions, heights, strict=True) if h > least * scale))


def _bisect_jumps(f: Callable[[Floats], Floats], low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The positions of the largest jumps between pairs of points, and their heights."""
    for _ in range(60):
        middle = (low + high) / 2
        left, centre, right = f(np.concatenate([low, middle, high])).reshape(3, -1)
        lower = np.abs(centre - left) > np.abs(right - centre)
        before = low, high
        low, high = np.where(lower, low, middle), np.where(lower, middle, high)
        if np.array_equal(before, (low, high)):
            break
    left, right = f(np.concatenate([low, high])).reshape(2, -1)
    return (low + high) / 2, np.abs(right - left)


def largest_slope(f: ScalarFunction, jumps: tuple[float, ...], bends: tuple[float, ...]) -> float:
    """The Lipschitz constant sup |f′|; ∞ if the function jumps or its slope grows without bound."""
    if jumps:
        return inf
    with np.errstate(all="ignore"):
        around_bends = np.array([b + side for b in bends for side in (-1e-9, 1e-9)])
        close = float(np.abs(f.slope(np.concatenate([near_points(), around_bends]))).max())
        away = np.abs(np.concatenate([f.slope(far_points()), f.slope(-far_points())]))
    most = float(away[np.isfinite(away)].max()) if np.isfinite(away).any() else inf
    return inf if most > 2 * close + 1 else max(close, most)


def largest_chord(f: ScalarFunction) -> float:
    """The Lipschitz constant from values alone, for a function with a surrogate gradient."""
    x = np.concatenate([-far_points()[::-1], between_points(), far_points()])
    return float(np.abs(np.diff(f(x)) / np.diff(x)).max())


def has_true_gradient(f: ScalarFunction, jumps: tuple[float, ...]) -> bool:
    """Whether autograd's slope is the slope of f itself and not a surrogate gradient."""
    x = np.linspace(-4.9995, 4.9995, 200)
    smooth = np.all([np.abs(x - jump) > 1e-3 for jump in jumps], axis=0) if jumps else np.ones(200, bool)
    quotient = difference_quotient(f, x)
    wrong = np.abs(f.slope(x) - quotient)[smooth] > 1e-5 * (1 + np.abs(quotient))[smooth]
    return bool(wrong.mean() < 0.02)


def bisect_change(condition: Callable[[float], bool], low: float, high: float) -> float:
    """Where between two points a condition changes, to double precision."""
    first = condition(low)
    for _ in range(80):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if condition(middle) == first:
            low = middle
        else:
            high = middle
    return round_off(high)


def value_at(f: Callable[[Floats], Floats], x: float) -> float:
    """One value of a function of arrays."""
    return float(f(np.array([x]))[0])
