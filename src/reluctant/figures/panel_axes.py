"""The axes of a panel: they draw guide lines and numbers themselves, in a third of the time of matplotlib's ticks.

A tick of matplotlib is five artists, of which these figures show two; a page has thousands. An axis here has one text
that it writes at every tick, and one path for all guide lines. Locators and formatters are matplotlib's.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator
from matplotlib.transforms import IdentityTransform

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase

POINTS = 72  # per inch
SETTINGS = "font.family", "xtick.labelsize", "xtick.labelcolor", "xtick.major.pad", "grid.color", "grid.linewidth"


class _Quick:
    """What both axes share; `guides`: whether lines stand at the ticks, `numbered`: whether numbers do."""

    axes: Any
    label: Text
    guides, numbered, colour = False, True, ""
    settings: dict[str, Any]  # the settings when the axis was made: a figure may be drawn when others hold

    def set_clip_path(self, *args: Any, **options: Any) -> None:
        """As of any artist: there are no ticks to clip, and none is made."""
        Artist.set_clip_path(self, *args, **options)  # type: ignore[arg-type]

    def set_ticks(self, ticks: Sequence[float], labels: Any = None, *, minor: bool = False, **_: Any) -> list[Any]:
        """Ticks at these values, and what is written at them; the axis reaches to all of them."""
        if minor:
            return []
        axis: Any = self
        axis.set_major_locator(FixedLocator(list(ticks)))
        if labels is not None:
            self.set_ticklabels(labels)
        if len(ticks):
            axis.set_view_interval(min(ticks), max(ticks))
        return []

    def set_ticklabels(self, labels: Sequence[str], **_: Any) -> list[Any]:
        """What is written at the ticks."""
        axis: Any = self
        axis.set_major_formatter(FixedFormatter(list(labels)))
        return []

    def visible_ticks(self) -> list[tuple[float, str]]:
        """(value, text) of every tick within the panel."""
        axis: Any = self
        values = axis.get_majorticklocs()
        texts = axis.get_major_formatter().format_ticks(values) if self.numbered else [""] * len(values)
        low, high = sorted(axis.get_view_interval())
        room = 1e-9 * (high - low)
        return [(v, t) for v, t in zip(values, texts, strict=True) if low - room <= v <= high + room]

    def written(self, across: str, along: str) -> Text:
        """The text of this axis, to be written at every tick."""
        font = FontProperties(family=self.settings["font.family"], size=self.settings["xtick.labelsize"])
        colour = self.colour or self.settings["xtick.labelcolor"]
        text = Text(ha=across, va=along, fontproperties=font, color=colour, parse_math=False)
        text.set_figure(self.axes.figure)
        return text

    def draw_guides(
        self, renderer: "RendererBase", ends: list[tuple[tuple[float, float], tuple[float, float]]]
    ) -> None:
        """Lines between pairs of points on the canvas."""
        if not ends or not self.guides:
            return
        gc = renderer.new_gc()
        gc.set_foreground(self.settings["grid.color"])
        width: Any = renderer.points_to_pixels(self.settings["grid.linewidth"])
        gc.set_linewidth(width)
        codes = [Path.MOVETO, Path.LINETO] * len(ends)
        renderer.draw_path(gc, Path([point for pair in ends for point in pair], codes), IdentityTransform())
        gc.restore()


class _QuickX(_Quick, XAxis):  # type: ignore[misc]
    """The axis below a panel."""

    def draw(self, renderer: "RendererBase", *_: Any, **__: Any) -> None:
        """Guide lines, numbers and the axis' name."""
        if not self.get_visible():
            return
        box, ticks = self.axes.bbox, self.visible_ticks()
        across: Any = self.axes.get_xaxis_transform()
        at = [across.transform((value, 0))[0] for value, _ in ticks]
        self.draw_guides(renderer, [((x, box.y0), (x, box.y1)) for x in at])
        bottom, text = box.y0, self.written("center", "top")
        top = box.y0 - self.settings["xtick.major.pad"] * self.axes.figure.dpi / POINTS
        for x, (_value, words) in zip(at, ticks, strict=True):
            if words:
                text.set(x=x, y=top, text=words)
                text.draw(renderer)
                bottom = min(bottom, text.get_window_extent(renderer).y0)
        if self.label.get_text():
            self.label.set_y(bottom - self.labelpad * self.axes.figure.dpi / POINTS)
            self.label.draw(renderer)


class _QuickY(_Quick, YAxis):  # type: ignore[misc]
    """The axis left of a panel."""

    def draw(self, renderer: "RendererBase", *_: Any, **__: Any) -> None:
        """Guide lines and numbers; the name stands above the panel, as `sheet.name_axes` writes it."""
        if not self.get_visible():
            return
        box, ticks = self.axes.bbox, self.visible_ticks()
        up: Any = self.axes.get_yaxis_transform()
        at = [up.transform((0, value))[1] for value, _ in ticks]
        self.draw_guides(renderer, [((box.x0, y), (box.x1, y)) for y in at])
        text = self.written("right", "center_baseline")
        right = box.x0 - self.settings["xtick.major.pad"] * self.axes.figure.dpi / POINTS
        for y, (_value, words) in zip(at, ticks, strict=True):
            if words:
                text.set(x=right, y=y, text=words)
                text.draw(renderer)


class PanelAxes(Axes):
    """Axes with these two; `grid` and `tick_params` know what the figures here ask of them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for spine in self.spines.values():
            spine.set_position(("outward", 0))  # matplotlib's first tick would do it

    xaxis: Any
    yaxis: Any

    def _init_axis(self) -> None:
        super()._init_axis()  # type: ignore[misc]
        self.xaxis, self.yaxis = _QuickX(self, clear=False), _QuickY(self, clear=False)
        names: tuple[Any, ...] = SETTINGS
        self.xaxis.settings = self.yaxis.settings = {name: rcParams[name] for name in names}
        for side, axis in (("bottom", self.xaxis), ("top", self.xaxis), ("left", self.yaxis), ("right", self.yaxis)):
            self.spines[side].register_axis(axis)

    def grid(self, visible: bool | None = None, which: str = "major", axis: str = "both", **_: Any) -> None:
        """Guide lines at the ticks of an axis."""
        for name, each in (("x", self.xaxis), ("y", self.yaxis)):
            if axis in (name, "both"):
                each.guides = bool(visible)

    def tick_params(self, axis: str = "both", **options: Any) -> None:
        """Whether numbers stand at an axis (`labelleft`, `labelbottom`), and their colour (`colors`)."""
        self.xaxis.numbered = options.get("labelbottom", self.xaxis.numbered)
        self.yaxis.numbered = options.get("labelleft", self.yaxis.numbered)
        for name, each in (("x", self.xaxis), ("y", self.yaxis)):
            if axis in (name, "both") and "colors" in options:
                each.colour = options["colors"]
