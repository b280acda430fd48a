"""A curve as a small SVG: f thick, f′ thin, f″ dashed; one unit of x is as long as one unit of y."""

import numpy as np

from reluctant.activations.numerics import Floats
from reluctant.cards.card import LIMIT, CurveFacts

UNIT = 20.0  # length of one unit of x or y in the drawing
LOW, HIGH = -2.0, 4.0  # the window in y
WIDTH, HEIGHT = 2 * LIMIT * UNIT, (HIGH - LOW) * UNIT
_SLACK = 3.0  # curves are cut at this distance from the window, in units of y
_PRECISION = 0.05  # largest distance of a simplified curve from the curve, in the drawing


def curve_svg(facts: CurveFacts) -> str:
    """The drawing. Screen readers ignore it, because the card gives the same facts as text."""
    second = curve_path(facts, facts.curvature, unknown_jumps=True)
    curves = {"f2": second, "f1": curve_path(facts, facts.slope), "f0": curve_path(facts, facts.f)}
    paths = "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in curves.items())
    x_ticks = [f'<text x="{_x(v):g}" y="{HEIGHT - 3:g}">{_tick(v)}</text>' for v in (-4, -2, 2, 4)]
    y_ticks = [f'<text x="3" y="{_y(v) + 2.5:g}" class="at">{_tick(v)}</text>' for v in (-1, 0, 1, 2, 3)]
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true" focusable="false">'
        f'<path class="axes" d="M0 {_y(0):g}H{WIDTH:g}M{_x(0):g} 0V{HEIGHT:g}"/>{paths}'
        f'<g class="ticks">{"".join(x_ticks + y_ticks)}</g></svg>'
    )


def _x(value: float) -> float:
    return (value + LIMIT) * UNIT


def _y(value: float) -> float:
    return (HIGH - value) * UNIT


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def curve_path(facts: CurveFacts, y: Floats, *, unknown_jumps: bool = False) -> str:
    """The path of one curve; it has gaps where y is not finite and where f or f′ jumps.

    With `unknown_jumps` (for f″) there is a gap at every step that is far larger than the steps around it.
    """
    clipped = np.clip(y, LOW - _SLACK, HIGH + _SLACK)
    points = np.column_stack([_x(0) + facts.x * UNIT, (HIGH - clipped) * UNIT])
    step = np.abs(np.diff(points[:, 1]))
    if unknown_jumps:
        around = np.pad(np.nan_to_num(step), 2, mode="edge")
        gaps = (step > UNIT / 4) & (step > 3 * np.maximum(around[:-4], around[4:]))
    else:
        gaps = (step > 2 * UNIT * (facts.x[1] - facts.x[0])) & _steps_over_jumps(facts)
    parts = [simplify(part) for part in _split_at_gaps(points, gaps)]
    return "".join("M" + "L".join(f"{_coordinate(x)} {_coordinate(v)}" for x, v in part) for part in parts)


def _coordinate(value: float) -> str:
    """One decimal at most, without a zero before the point of a negative number."""
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace("-0.", "-.") if value < 0 else text


def _split_at_gaps(points: Floats, gaps: np.ndarray) -> list[Floats]:
    """The points in connected pieces of at least two."""
    finite = np.isfinite(points[:, 1])
    steps = np.flatnonzero(~finite[1:] | ~finite[:-1] | gaps)
    pieces = [piece[np.isfinite(piece[:, 1])] for piece in np.split(points, steps + 1)]
    return [piece for piece in pieces if len(piece) > 1]


def _steps_over_jumps(facts: CurveFacts) -> np.ndarray:
    """Which steps between neighbours cross a position where f or f′ jumps."""
    over = np.zeros(len(facts.x) - 1, bool)
    for position in (*facts.jumps, *facts.bends):
        over |= (facts.x[:-1] <= position + 1e-9) & (facts.x[1:] >= position - 1e-9)
    return over


def simplify(points: Floats) -> Floats:
    """As few of the points as give the same line (Douglas & Peucker 1973)."""
    selected = np.zeros(len(points), bool)
    selected[[0, -1]] = True
    todo = [(0, len(points) - 1)]
    while todo:
        a, b = todo.pop()
        if b - a < 2:
            continue
        (x0, y0), (x1, y1) = points[a], points[b]
        inner = points[a + 1 : b]
        distance = np.abs(inner[:, 1] - (y0 + (y1 - y0) * (inner[:, 0] - x0) / (x1 - x0)))
        worst = int(distance.argmax())
        if distance[worst] > _PRECISION:
            selected[a + 1 + worst] = True
            todo += [(a, a + 1 + worst), (a + 1 + worst, b)]
    return points[selected]
