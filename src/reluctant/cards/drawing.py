"""A function as a small SVG: f thick, f′ thin, f″ dashed; one unit as wide as high in every panel."""

import numpy as np

from reluctant.cards.card import LIMIT, Facts
from reluctant.cards.function import Floats

UNIT = 20.0  # of the drawing, for one of x or y
LOW, HIGH = -2.0, 4.0  # what is seen of y
WIDE, TALL = 2 * LIMIT * UNIT, (HIGH - LOW) * UNIT
_SLACK = 3.0  # how far beyond the window a curve is still drawn, in units
_FINE = 0.05  # how far a thinned curve may be from the whole one, of the drawing


def panel(facts: Facts) -> str:
    """The drawing, hidden from screen readers: the numbers beside it say the same."""
    curves = [
        ("f2", path(facts, facts.curvature, torn=True)),
        ("f1", path(facts, facts.slope)),
        ("f0", path(facts, facts.f)),
    ]
    drawn = "".join(f'<path class="{kind}" d="{line}"/>' for kind, line in curves)
    return (
        f'<svg viewBox="0 0 {WIDE:g} {TALL:g}" aria-hidden="true" focusable="false">'
        f'<path class="axes" d="M0 {_y(0):g}H{WIDE:g}M{_x(0):g} 0V{TALL:g}"/>{drawn}{_ticks()}</svg>'
    )


def _x(value: float) -> float:
    return (value + LIMIT) * UNIT


def _y(value: float) -> float:
    return (HIGH - value) * UNIT


def _ticks() -> str:
    beside = [f'<text x="{_x(v):g}" y="{TALL - 3:g}">{_label(v)}</text>' for v in (-4, -2, 2, 4)]
    beside += [f'<text x="3" y="{_y(v) + 2.5:g}" class="at">{_label(v)}</text>' for v in (-1, 0, 1, 2, 3)]
    return f'<g class="ticks">{"".join(beside)}</g>'


def _label(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def path(facts: Facts, y: Floats, *, torn: bool = False) -> str:
    """The commands that draw one curve: it is broken where it is not finite and where f or f′ jumps.

    A `torn` one is broken at steps far larger than those around them: where f″ jumps is not known.
    """
    kept = np.clip(y, LOW - _SLACK, HIGH + _SLACK)
    points = np.column_stack([_x(0) + facts.x * UNIT, (HIGH - kept) * UNIT])
    step = np.abs(np.diff(points[:, 1]))
    steep = step > (UNIT / 4 if torn else 2 * UNIT * (facts.x[1] - facts.x[0]))
    parts = [thinned(part) for part in _parts(points, steep & (_alone(step) if torn else _at_breaks(facts)))]
    return "".join("M" + "L".join(f"{_short(x)} {_short(v)}" for x, v in part) for part in parts)


def _short(value: float) -> str:
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0.", "-.")
        if value < 0
        else f"{value:.1f}".removesuffix(".0")
    )


def _parts(points: Floats, broken: np.ndarray) -> list[Floats]:
    """The points in unbroken pieces of at least two."""
    finite = np.isfinite(points[:, 1])
    steps = np.flatnonzero(~finite[1:] | ~finite[:-1] | broken)
    pieces = [piece[np.isfinite(piece[:, 1])] for piece in np.split(points, steps + 1)]
    return [piece for piece in pieces if len(piece) > 1]


def _alone(step: Floats) -> np.ndarray:
    """Which steps are thrice those two places away on either side."""
    around = np.pad(np.nan_to_num(step), 2, mode="edge")
    return np.asarray(step > 3 * np.maximum(around[:-4], around[4:]))


def _at_breaks(facts: Facts) -> np.ndarray:
    """Which steps between neighbours go over a place where f or f′ jumps."""
    over = np.zeros(len(facts.x) - 1, bool)
    for place in (*facts.jumps, *facts.bends):
        over |= (facts.x[:-1] <= place + 1e-9) & (facts.x[1:] >= place - 1e-9)
    return over


def thinned(points: Floats) -> Floats:
    """As few of the points as draw the same line (Douglas & Peucker 1973)."""
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    todo = [(0, len(points) - 1)]
    while todo:
        a, b = todo.pop()
        if b - a < 2:
            continue
        (x0, y0), (x1, y1) = points[a], points[b]
        inner = points[a + 1 : b]
        away = np.abs(inner[:, 1] - (y0 + (y1 - y0) * (inner[:, 0] - x0) / (x1 - x0)))
        worst = int(away.argmax())
        if away[worst] > _FINE:
            keep[a + 1 + worst] = True
            todo += [(a, a + 1 + worst), (a + 1 + worst, b)]
    return points[keep]
