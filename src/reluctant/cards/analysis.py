"""What can be read off a function of one number: ends, bounds, extrema, zeros, breaks, the steepest slope."""

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, inf, isinf, sqrt

import numpy as np

from reluctant.cards.function import SMALL, Floats, Function, at, between, border, far, near, tidy

FLAT = 0.05  # a lowest stretch wider than this is no place
PLACES = 3  # an extremum reached at more places is no landmark
Interval = tuple[float, float]


@dataclass(frozen=True)
class End:
    """How a function behaves far out: its limit (None: it has none) and the slope of its asymptote."""

    limit: float | None
    rate: float | None  # limit of f(x)/x; None: none, ∞: faster than any line


@dataclass(frozen=True)
class Extremum:
    """The lowest or highest value, and every place where it is reached."""

    value: float
    places: tuple[float, ...]


def end(f: Callable[[Floats], Floats], sign: int) -> End:
    """The behaviour at +∞ or −∞, told from values between 30 and 10⁹; a slow limit to six decimals."""
    x = sign * far()
    with np.errstate(all="ignore"):
        y = f(x)
        return End(_limit(y), _limit(y / x))


def _limit(y: Floats) -> float | None:
    last = y[-200:]  # from about 2·10⁸ on
    if np.isfinite(last).all() and np.ptp(last) <= 1e-6 * (1 + abs(last[-1])):
        return tidy(last[-1]) if np.ptp(last) < SMALL else round(float(last[-1]), 6) + 0.0
    size = np.abs(y)
    grows = bool((size[1:] >= size[:-1]).all()) and bool((np.sign(y) == np.sign(y[-1])).all())
    return float(np.copysign(inf, y[-1])) if grows and size[-1] > 15 else None


def bounds(f: Function, ends: tuple[End, End], *known: Extremum | None) -> Interval:
    """Infimum and supremum, to all digits where they are among the `known` extrema."""
    with np.errstate(all="ignore"):
        y = np.concatenate([f(near()), f(far()), f(-far())])
    limits = [e.limit for e in ends if e.limit is not None]
    limits += [e.value for e in known if e is not None]
    low, high = min([float(y.min()), *limits]), max([float(y.max()), *limits])
    swing = [e.limit is None for e in ends]
    if any(swing) and max(abs(low), abs(high)) > 1e6:  # it swings ever wider
        return (-inf if low < -1e6 else tidy(low)), (inf if high > 1e6 else tidy(high))
    return _bound(low, ends), _bound(high, ends)


def _bound(value: float, ends: tuple[End, End]) -> float:
    """The value, or the limit that it is nearly: what rounding makes of a limit is the limit."""
    for e in ends:
        if e.limit is not None and not isinf(e.limit) and abs(value - e.limit) < 2e-6:
            return e.limit if abs(value - e.limit) > SMALL else tidy(value)
    return tidy(value)


def lowest(f: Function, ends: tuple[End, End], sign: int = 1) -> Extremum | None:
    """The lowest value where it is reached at no more than three isolated places (highest: sign −1)."""
    x = near()
    y = sign * f(x)
    least = float(y.min())
    if _lower_elsewhere(f, ends, least, sign):
        return None
    found: dict[float, float] = {}
    for start, stop in runs(y <= least + 1e-5 * (1 + abs(least))):
        flat = y[start:stop] <= least + SMALL
        if np.ptp(x[start:stop][flat]) > FLAT if flat.any() else False:
            return None
        place = _bottom(f, x, start + int(y[start:stop].argmin()), sign)
        found[place] = sign * at(f, place)
    value = min(found.values())
    places = tuple(p for p, v in found.items() if v <= value + 1e-9 * (1 + abs(value)))
    return Extremum(tidy(sign * value), places) if len(places) <= PLACES else None


def _lower_elsewhere(f: Function, ends: tuple[End, End], least: float, sign: int) -> bool:
    if any(e.limit is not None and sign * e.limit <= least + 1e-6 for e in ends):
        return True
    with np.errstate(all="ignore"):
        return bool(min((sign * f(far())).min(), (sign * f(-far())).min()) < least - SMALL)


def _bottom(f: Function, x: Floats, i: int, sign: int) -> float:
    """The lowest point between the neighbours of a grid point, from the sign of the slope."""
    left, right = float(x[max(i - 1, 0)]), float(x[min(i + 1, len(x) - 1)])
    if not sign * at(f.slope, left) < 0 < sign * at(f.slope, right):
        return tidy(x[i])
    return border(lambda t: sign * at(f.slope, t) < 0, left, right)


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """The stretches where a mask holds, as (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def zeros(f: Function) -> tuple[Interval, ...]:
    """Where f is zero, points as intervals of no length; what underflow or rounding makes zero is none."""
    x = near()
    y = f(x)
    changes = np.flatnonzero(y[:-1] * y[1:] < 0)
    roots = [border(lambda t: at(f, t) > 0, float(x[i]), float(x[i + 1])) for i in changes[:50]]
    found = [(root, root) for root in roots if abs(at(f, root)) < 1e-6]  # a jump across zero is no zero
    stretches = [_stretch(f, x, a, b) for a, b in runs(y == 0)]
    return _apart(sorted({*found, *(s for s in stretches if s is not None)}))


def _apart(found: list[Interval]) -> tuple[Interval, ...]:
    """The zeros without the points that rounding adds beside another."""
    kept: list[Interval] = []
    for low, high in sorted(found, key=lambda s: (s[0] - s[1], abs(s[0]))):
        if all(low > b + 1e-5 or high < a - 1e-5 for a, b in kept):
            kept.append((low, high))
    return tuple(sorted(kept))


def _stretch(f: Function, x: Floats, start: int, stop: int) -> Interval | None:
    low, high = float(x[start]), float(x[stop - 1])
    if high - low < 0.01:
        middle = tidy((low + high) / 2)
        return middle, middle
    edges = [-inf, inf]
    if start > 0:
        edges[0] = border(lambda t: at(f, t) == 0, float(x[start - 1]), low)
    if stop < len(x):
        edges[1] = border(lambda t: at(f, t) == 0, high, float(x[stop]))
    steps = [at(f, edges[0] - 0.1)] if start > 0 else []
    steps += [at(f, edges[1] + 0.1)] if stop < len(x) else []
    return None if any(abs(y) < SMALL for y in steps) else (edges[0], edges[1])


def share(intervals: tuple[Interval, ...]) -> float:
    """The probability of these intervals under N(0, 1)."""
    return sum(_normal(b) - _normal(a) for a, b in intervals)


def _normal(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2


def breaks(f: Callable[[Floats], Floats], least: float = 1e-4) -> tuple[float, ...]:
    """Where a function of arrays jumps, between −30 and 30; a steep slope is no jump."""
    x = between()
    y = f(x)
    scale = 1 + float(np.abs(y[np.abs(x) < 5]).max())
    step = np.diff(y)
    odd = np.abs(step[1:-1] - (step[:-2] + step[2:]) / 2)  # what a step has beyond its neighbours' mean
    cells = 1 + np.argsort(-odd, kind="stable")[:40]
    cells = np.sort(cells[odd[cells - 1] > least / 10 * scale])
    places, heights = _narrowed(f, x[cells], x[cells + 1])
    return tuple(dict.fromkeys(tidy(p) for p, h in zip(places, heights, strict=True) if h > least * scale))


def _narrowed(f: Callable[[Floats], Floats], low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The places of the largest jumps between pairs of points, and their heights."""
    for _ in range(60):
        middle = (low + high) / 2
        left, centre, right = f(np.concatenate([low, middle, high])).reshape(3, -1)
        lower = np.abs(centre - left) > np.abs(right - centre)
        low, high = np.where(lower, low, middle), np.where(lower, middle, high)
    left, right = f(np.concatenate([low, high])).reshape(2, -1)
    return (low + high) / 2, np.abs(right - left)


def steepest(f: Function, jumps: tuple[float, ...], bends: tuple[float, ...]) -> float:
    """The Lipschitz bound sup |f′|; ∞ where the function jumps or ever steepens."""
    if jumps:
        return inf
    with np.errstate(all="ignore"):
        beside = np.array([b + side for b in bends for side in (-1e-9, 1e-9)])
        close = float(np.abs(f.slope(np.concatenate([near(), beside]))).max())
        away = np.abs(np.concatenate([f.slope(far()), f.slope(-far())]))
    most = float(away[np.isfinite(away)].max()) if np.isfinite(away).any() else inf
    return inf if most > 2 * close + 1 else max(close, most)


def steepest_chord(f: Function) -> float:
    """The Lipschitz bound from values alone, where autograd's slope is another function's."""
    x = np.concatenate([-far()[::-1], between(), far()])
    return float(np.abs(np.diff(f(x)) / np.diff(x)).max())


def never_falls(f: Function) -> bool:
    """Whether f is monotone: between −30 and 30 no step leads down."""
    y = f(near())
    return bool((np.diff(y) >= -SMALL * (1 + np.abs(y[1:]))).all())


def is_honest(f: Function, breaks_at: tuple[float, ...]) -> bool:
    """Whether autograd passes back f's own slope; a surrogate gradient is another function's."""
    x = np.linspace(-4.9995, 4.9995, 200)
    keep = (
        np.all([np.abs(x - place) > 1e-3 for place in breaks_at], axis=0) if breaks_at else np.ones(200, bool)
    )
    wrong = np.abs(f.slope(x) - f.quotient(x))[keep] > 1e-5 * (1 + np.abs(f.quotient(x)))[keep]
    return bool(wrong.mean() < 0.02)
