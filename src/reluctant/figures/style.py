"""How the figures look: ink, type, and one colour and line style per activation.

Colours are those of Okabe & Ito (2008), safe for colour-blind readers, some of them darkened until they
reach 3 : 1 against white. Every colour has a partner for dark pages, which `inline` puts in its place.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

INK, MUTED, RULE, PAPER, ALARM = "#1d2126", "#5c636b", "#d9dcdf", "#ffffff", "#c04a00"
GHOST = "#c3c8cc"  # the other activations, behind the one that is spoken of
ERROR = "#d65f02"  # the ground of errors in a confusion matrix; ink stands on it

SERIES = ("#0072b2", "#d55e00", "#00805d", "#b4508f", "#a87400", "#3a96d3", "#4a4f55")
DARK_SERIES = ("#5aaee6", "#f28e4c", "#36c196", "#e391c3", "#e5b04a", "#a3d6f7", "#c9ced3")
DARK = {INK: "#e7e5e0", MUTED: "#a3a8ad", RULE: "#363b41", PAPER: "#15181b", ALARM: "#f28e4c",
        GHOST: "#4d545b", ERROR: "#c05510", **dict(zip(SERIES, DARK_SERIES, strict=True))}  # fmt: skip

# Six line styles and seven colours have no common divisor: 42 activations before a pair returns.
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (5, 1.8),
    (1.2, 1.5),
    (6, 1.6, 1.2, 1.6),
    (2.6, 1.4),
    (6, 1.5, 1.2, 1.5, 1.2, 1.5),
)

WIDE, NARROW = 7.3, 3.4  # inches: a page's column, and a telephone held upright
FEW = 12  # activations that one panel can carry with labels; beyond, small multiples

_FACES = ("Arial", "Liberation Sans", "DejaVu Sans")  # the first two are equally wide

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Mark:
    """The colour and line style that an activation has in every figure; `label` names it there."""

    colour: str
    dashes: tuple[float, ...]
    label: str

    def line(self, width: float = 1.7) -> dict[str, Any]:
        """The keywords that make matplotlib draw a line in this style."""
        pattern = (0, self.dashes) if self.dashes else "-"
        return {"color": self.colour, "linestyle": pattern, "linewidth": width}


def mark(place: int, label: str) -> Mark:
    """The mark of the activation at this place of the study, counted from 0."""
    return Mark(SERIES[place % len(SERIES)], DASHES[place % len(DASHES)], label)


@cache
def faces() -> list[str]:
    """The type faces of this machine that figures use; DejaVu comes with matplotlib and holds most signs."""
    from matplotlib.font_manager import fontManager

    present = {font.name for font in fontManager.ttflist}
    return [face for face in _FACES if face in present]


def _settings() -> Any:  # matplotlib's own type lists every key it knows, and changes with it
    """All of matplotlib's settings that a user's own matplotlibrc could turn against these figures."""
    return {
        "font.family": faces(),
        "font.size": 8.5,
        "text.color": INK,
        "text.parse_math": False,  # a `$` in a name is a dollar
        "text.usetex": False,
        "mathtext.fontset": "stix",
        "axes.facecolor": "none",
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.labelsize": 8.5,
        "axes.linewidth": 0.7,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": False,
        "axes.unicode_minus": True,
        "axes.xmargin": 0.0,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED,
        "xtick.labelsize": 8.0,
        "ytick.labelsize": 8.0,
        "xtick.major.size": 0.0,
        "ytick.major.size": 0.0,
        "xtick.major.pad": 4.0,
        "ytick.major.pad": 4.0,
        "grid.color": RULE,
        "grid.linewidth": 0.6,
        "lines.dash_capstyle": "butt",
        "lines.solid_capstyle": "round",
        "lines.solid_joinstyle": "round",
        "figure.facecolor": PAPER,
        "figure.edgecolor": PAPER,
        "savefig.facecolor": "auto",
        "savefig.bbox": None,
        "savefig.transparent": False,
        "path.simplify": False,
        "path.sketch": None,
        "path.effects": [],
        "svg.fonttype": "none",
        "svg.hashsalt": "reluctant",
        "svg.id": None,
    }


@contextmanager
def look(**more: Any) -> Iterator[None]:
    """Within it matplotlib draws as this module says; afterwards its settings are what they were."""
    import matplotlib

    with matplotlib.rc_context(_settings() | more):
        yield


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """The function, drawing in the look of this module."""

    @wraps(draw)
    def within(*args: P.args, **kwargs: P.kwargs) -> T:
        with look():
            return draw(*args, **kwargs)

    return within


def limits(values: Sequence[float], reach: float = 12.0, pad: float = 0.07) -> tuple[float, float]:
    """Axis limits that keep differences visible.

    Values further from the median than `reach` times the median distance from it do not count, nor do
    those that are not finite; (0, 1) where none is left.
    """
    import numpy as np

    data = np.asarray(values, float)
    data = data[np.isfinite(data)]
    if data.size == 0:
        return 0.0, 1.0
    away = np.abs(data - np.median(data))
    near = data[away <= reach * np.median(away)] if np.median(away) > 0 else data
    low, high = float(near.min()), float(near.max())
    room = (high - low) * pad or max(abs(high), 1e-6) * 0.02
    return low - room, high + room


def possible(low: float, high: float, unit: str) -> tuple[float, float]:
    """The limits without what no value reaches: a share above 1, a loss below 0."""
    room = 0.03 * (high - low)
    if unit in ("share of 1", "share of variance explained"):
        return low, min(high, max(1 + room, low + room))
    return max(low, min(-room, high - room)), high
