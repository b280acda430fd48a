"""How figures look: ink, type, and one colour and line style per arm. The rest is in `reluctant.mplstyle`.

Colours are those of Okabe & Ito (2008), safe for colour-blind readers, some of them darkened until they
reach 3 : 1 against white. Every colour has a partner for dark pages, which `inline` puts in its place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

INK, MUTED, RULE, PAPER, ALARM = "#1d2126", "#5c636b", "#d9dcdf", "#ffffff", "#c04a00"
GHOST = "#c3c8cc"  # the other arms, behind the one that is spoken of
ERROR = "#d65f02"  # the ground of errors in a confusion matrix; ink stands on it

SERIES = ("#0072b2", "#d55e00", "#00805d", "#b4508f", "#a87400", "#3a96d3", "#4a4f55")
DARK_SERIES = ("#5aaee6", "#f28e4c", "#36c196", "#e391c3", "#e5b04a", "#a3d6f7", "#c9ced3")
DARK = {INK: "#e7e5e0", MUTED: "#a3a8ad", RULE: "#363b41", PAPER: "#15181b", ALARM: "#f28e4c",
        GHOST: "#4d545b", ERROR: "#c05510", **dict(zip(SERIES, DARK_SERIES, strict=True))}  # fmt: skip

# Six line styles and seven colours have no common divisor: 42 arms before a pair returns.
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.8), (1.2, 1.5), (6, 1.6, 1.2, 1.6), (2.6, 1.4),
                                         (6, 1.5, 1.2, 1.5, 1.2, 1.5))  # fmt: skip

WIDE, NARROW = 7.3, 3.4  # inches: a page's column, and a telephone held upright
FEW = 12  # arms that one panel can carry with labels; beyond, small multiples
SHADES = (0.16, 0.34, 0.54, 0.78, 1.0)  # of a colour, from the lowest of five classes to the highest

_FACES = ("Arial", "Liberation Sans", "DejaVu Sans")  # the first two are equally wide
_SHEET = Path(__file__).parent / "reluctant.mplstyle"

Draw = TypeVar("Draw", bound=Callable[..., Any])


@dataclass(frozen=True)
class Mark:
    """The colour and line style that an arm has in every figure; `label` names it there."""

    colour: str
    dashes: tuple[float, ...]
    label: str

    def line(self, width: float = 1.7) -> dict[str, Any]:
        """The keywords that make matplotlib draw a line in this style."""
        pattern = (0, self.dashes) if self.dashes else "-"
        return {"color": self.colour, "linestyle": pattern, "linewidth": width}


def mark(index: int, label: str) -> Mark:
    """The mark of the arm at this position of the study, counted from 0."""
    return Mark(SERIES[index % len(SERIES)], DASHES[index % len(DASHES)], label)


def marks(labels: Mapping[str, str]) -> dict[str, Mark]:
    """The mark of every arm, by its position among the labels."""
    return {arm: mark(i, label) for i, (arm, label) in enumerate(labels.items())}


@cache
def faces() -> list[str]:
    """The type faces of this machine that figures use; DejaVu comes with matplotlib and holds most signs."""
    from matplotlib.font_manager import fontManager

    present = {font.name for font in fontManager.ttflist}
    return [face for face in _FACES if face in present]


@cache
def sheet_settings() -> Mapping[str, Any]:
    """The settings of the style sheet, read once: every figure and every file of one needs them."""
    from matplotlib import rc_params_from_file

    settings: Any = rc_params_from_file(_SHEET, use_default_template=False)
    return dict(settings)


@contextmanager
def style(**settings: Any) -> Iterator[None]:
    """Within it matplotlib draws in this style; afterwards its settings are what they were."""
    import matplotlib

    ours: dict[Any, Any] = {"font.family": faces(), "savefig.bbox": None, "path.sketch": None}
    ours |= {"svg.id": None, "path.effects": [], **settings}
    everything: Any = {**sheet_settings(), **ours}
    with matplotlib.rc_context(everything):
        yield


def styled(draw: Draw) -> Draw:
    """The function, drawing in this style."""
    return style()(draw)


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


def widened(low: float, high: float, ends: Sequence[float | None], reach: float = 1.0) -> tuple[float, float]:
    """The limits with the ends of intervals, as far as these do not widen them by more than `reach` spans."""
    span = high - low
    near = [e for e in ends if e is not None and low - reach * span <= e <= high + reach * span]
    room = 0.03 * span
    return min([low, *(end - room for end in near)]), max([high, *(end + room for end in near)])


def possible(low: float, high: float, unit: str) -> tuple[float, float]:
    """The limits without what no value reaches: a share above 1, a loss below 0."""
    room = 0.03 * (high - low)
    if unit in ("share of 1", "share of variance explained"):
        return low, min(high, max(1 + room, low + room))
    return max(low, min(-room, high - room)), high
