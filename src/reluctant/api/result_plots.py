"""The plots of `Results`: a figure of the report, or one panel per setting where a study has several."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from reluctant.analysis import Comparison, ReportData, SettingData
from reluctant.analysis.headline import comparison_title
from reluctant.analysis.labels import setting_text, without_session
from reluctant.analysis.question import arm_of
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION
from reluctant.core.display import did_you_mean
from reluctant.core.errors import StudyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OF_ONE_ARM = ("training", "confusion", "predicted")  # classes have the second, numbers the third
OF_COMPARISONS = ("differences", "margins")
PLOTS = ("scores", "curves", "differences", "margins", "rate", "dead", "cost", "shapes", *OF_ONE_ARM)
MOST_PANELS = 12
_DOTS = 200  # per inch, of panels
_HEADING = 0.26  # inches

Draw = Callable[..., "Figure"]


def draw_plot(
    data: ReportData, kind: str, metric: str, activation: str | None, setting: Mapping[str, Any] | None,
    width: float | None,
) -> "Figure":  # fmt: skip
    """The figure that `Results.plot` describes.

    Raises:
        StudyError: No such plot, an activation is missing, or no setting is like `setting`.
    """
    task = data.subject.task
    if kind not in PLOTS:
        hint = did_you_mean(kind, PLOTS) or f"; there are {', '.join(PLOTS)}"
        raise StudyError(f"there is no plot {kind!r}{hint}")
    if {"confusion": CLASSIFICATION, "predicted": REGRESSION}.get(kind, task) != task:
        raise StudyError(f"{task} has no plot {kind!r}; there are {', '.join(PLOTS)}")
    if kind in OF_ONE_ARM and activation is None:
        first = without_session(data.settings[0].arms[0])
        raise StudyError(f"{kind} is of one activation: plot({kind!r}, activation={first!r})")
    drawings = _drawings(data, kind, metric, activation, setting)
    options = {} if width is None else {"width": width}
    if len(drawings) == 1:
        return for_notebooks(drawings[0][1](**options))
    visible_panels = drawings[:MOST_PANELS]
    more = len(drawings) - len(visible_panels)
    note = f"{more} more settings are not shown; setting={{…}} chooses" if more else ""
    return for_notebooks(stacked([(title, draw(**options)) for title, draw in visible_panels], note))


def _drawings(
    data: ReportData, kind: str, metric: str, activation: str | None, setting: Mapping[str, Any] | None
) -> list[tuple[str, Draw]]:
    """The title of every panel and what draws it, given a width."""
    from reluctant import figures
    from reluctant.figures.rates import rate_settings

    if kind == "rate":
        others = [each for each in rate_settings(data) if (setting or {}).items() <= each.items()] or [setting or {}]
        return [(setting_text(o), partial(figures.score_against_rate, data, metric, setting=o)) for o in others]
    chosen = _settings_like(data, setting)
    if kind in OF_COMPARISONS:
        compared = _comparisons_like(data.with_question(metric=metric or None), setting)
        of: Draw = figures.differences if kind == "differences" else figures.verdict_by_margin
        return [(comparison_title(each), partial(of, each)) for each in compared]
    arm = "" if activation is None else arm_of(activation, chosen[0].arms)
    draws: dict[str, tuple[Draw, tuple[str, ...]]] = {
        "scores": (figures.final_scores, (metric,)),
        "curves": (figures.score_by_epoch, (metric,)),
        "cost": (figures.score_against_time, (metric,)),
        "dead": (figures.dead_units, ()),
        "shapes": (figures.activation_shapes, ()),
        "confusion": (figures.confusion, (arm,)),
        "predicted": (figures.predicted, (arm,)),
        "training": (figures.training_curves, (arm,)),
    }
    draw, arguments = draws[kind]
    if kind == "shapes":
        chosen = chosen[:1]  # an activation is the same in every setting
    return [(each.title, partial(draw, each, *arguments)) for each in chosen]


def _settings_like(data: ReportData, setting: Mapping[str, Any] | None) -> Sequence[SettingData]:
    """The settings with these values; all of them unless given."""
    chosen = [each for each in data.settings if (setting or {}).items() <= each.setting.items()]
    if not chosen:
        known = "; ".join(str(dict(each.setting)) for each in data.settings[:4])
        choose = f"give one, such as {known}" if any(each.setting for each in data.settings) else "it has only one"
        raise StudyError(f"the study has no setting with {setting_text(setting or {})}; {choose}")
    return chosen


def _comparisons_like(data: ReportData, setting: Mapping[str, Any] | None) -> Sequence[Comparison]:
    chosen = [each for each in data.comparisons if (setting or {}).items() <= each.setting.items()]
    if not chosen:
        raise StudyError("a table of seeds compares nothing; there are no differences to plot")
    return chosen


def stacked(panels: Sequence[tuple[str, "Figure"]], note: str = "") -> "Figure":
    """Figures one below the other, each under its title; as pictures, since a figure cannot hold another."""
    import numpy as np
    from matplotlib.figure import Figure
    from PIL import Image

    from reluctant.figures.style import INK, MUTED

    sizes = [figure.get_size_inches() for _, figure in panels]
    wide = max(float(size[0]) for size in sizes)
    tall = sum(float(size[1]) + _HEADING for size in sizes) + (_HEADING if note else 0)
    whole, top = Figure(figsize=(wide, tall), dpi=_DOTS), tall
    for (title, figure), size in zip(panels, sizes, strict=True):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DOTS)
        whole.text(0.02, (top - 0.04) / tall, title, fontsize=10, color=MUTED, va="top", fontweight="bold")
        top -= _HEADING + float(size[1])
        axes = whole.add_axes((0, top / tall, float(size[0]) / wide, float(size[1]) / tall))
        axes.imshow(np.asarray(Image.open(buffer)), aspect="auto", interpolation="none")
        axes.axis("off")
    if note:
        whole.text(0.02, 0.08 / tall, note, fontsize=8.5, color=INK)
    whole.set_label(" ".join(f"{title}: {figure.get_label()}" for title, figure in panels))
    return whole


def for_notebooks(figure: "Figure") -> "Figure":
    """The figure, which a notebook shows even where nothing has loaded matplotlib's own display."""
    from reluctant.figures.inline import png

    setattr(figure, "_repr_png_", lambda: png(figure))  # noqa: B010 (no attribute that Figure declares)
    return figure
