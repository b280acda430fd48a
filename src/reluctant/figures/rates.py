"""Score against learning rate: every arm at every rate of a study, and the rate that validation chooses."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reluctant.analysis.labels import count, metric_title
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.core.errors import StudyError
from reluctant.figures.beyond_axis import draw_interval
from reluctant.figures.notes import metric_axis
from reluctant.figures.sheet import label_ends, name_axes, sheet, value_axis
from reluctant.figures.style import FEW, PAPER, WIDE, Mark, limits, marks, possible, styled, widened
from reluctant.figures.text_width import width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def rate_settings(data: ReportData) -> list[Mapping[str, Any]]:
    """The settings of the other axes at which a study has several learning rates; none where it has one."""
    if "lr" not in data.scores.settings[0]:
        return []
    others = [{axis: v for axis, v in each.items() if axis != "lr"} for each in data.scores.settings]
    return [each for i, each in enumerate(others) if each not in others[:i]]


def rate_settings_of(data: ReportData, other: Mapping[str, Any]) -> list[SettingData]:
    """The settings with these values of the other axes, by learning rate."""
    chosen = [each for each in data.settings if dict(other).items() <= dict(each.setting).items()]
    return sorted(chosen, key=lambda each: float(each.setting["lr"]))


@styled
def score_against_rate(
    data: ReportData, metric: str = "", *, setting: Mapping[str, Any] | None = None, width: float = WIDE
) -> "Figure":
    """Final test score against learning rate, mean over seeds with its 95 % interval, a line per arm.

    A ring marks the rate that is best on validation, by all seeds. `setting` gives the other axes their values.

    Raises:
        StudyError: The study has one learning rate.
    """
    choices = rate_settings(data)
    if not choices:
        raise StudyError("the study has one learning rate; lr = [0.001, 0.003, 0.01] varies it")
    other = choices[0] if setting is None else setting
    settings = rate_settings_of(data, other)
    chosen = settings[0].metric(metric)
    of, many = marks(data.labels), len(data.labels) > FEW
    seeds = len(data.scores.seeds)
    notes = [data.subject.data, settings[0].subject.test_part, f"dot: mean of {count(seeds, 'seed')}",
             "line: its 95 % interval, an arrow where it ends beyond the axis",
             "ring: the rate that is best on validation"]  # fmt: skip
    names = min(max(width_of(label, 8.5) for label in data.labels.values()), 0.3 * width)
    drawing = sheet(width, 3.1, f"{metric_title(chosen)} against learning rate", notes)
    axes = drawing.panel(0.5, 0.3, width - 1.0 - names, 2.3)
    scores = {arm: [s.scores.interval(chosen.name, arm) for s in settings] for arm in data.scores.arms}
    every = [i for each in scores.values() for i in each if i.n]
    unit = settings[0].unit(chosen.name)
    low, high = limits([i.mean for i in every], reach=40, pad=0.1)
    low, high = possible(*widened(low, high, [e for i in every for e in (i.low, i.high)], reach=2), unit.axis)
    value_axis(axes, low, high)
    name_axes(axes, "learning rate", metric_axis(settings[0], chosen))
    rates = [float(each.setting["lr"]) for each in settings]
    axes.set_xscale("log")
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlim(rates[0] / 1.3, rates[-1] * 1.3)
    ends: list[tuple[Mark, float, float]] = []
    texts = []
    for arm, intervals in scores.items():
        points = [(rate, each) for rate, each in zip(rates, intervals, strict=True) if each.n]
        if not points:
            continue
        best = _best_rate(settings, arm, chosen.name)
        _draw_arm(axes, points, of[arm], best, intervals=not many)
        ends.append((of[arm], math.log10(points[-1][0]), points[-1][1].mean))  # as the log axis has it
        at_best = next((each for rate, each in points if rate == best), None)
        texts += [f"{data.labels[arm]}: best at {best:g} ({unit.interval(at_best)})."] if at_best else []
    label_ends(axes, ends, names)
    return drawing.finish(" ".join(texts))


def _best_rate(settings: list[SettingData], arm: str, metric: str) -> float:
    """The rate with the best mean validation score of all seeds, none of whose runs diverged."""
    higher = settings[0].scores.metric(metric).higher
    means = {}
    for each in settings:
        interval = each.scores.interval(metric, arm, "valid", each.question.at)
        if interval.n and not each.scores.diverged(arm):
            means[float(each.setting["lr"])] = interval.mean if higher else -interval.mean
    return max(means, key=lambda rate: means[rate], default=float("nan"))


def _draw_arm(axes: "Axes", points: list[tuple[float, Any]], mark: Mark, best: float, *, intervals: bool) -> None:
    colour = mark.colour
    axes.plot([rate for rate, _ in points], [each.mean for _, each in points], **mark.line(1.4))
    for rate, each in points:
        if intervals:
            draw_interval(axes, each, rate, colour, along="y")
        ring: dict[str, Any] = {"color": PAPER, "markersize": 8, "markeredgecolor": colour, "markeredgewidth": 2}
        axes.plot([rate], [each.mean], "o", **(ring if rate == best else {"color": colour, "markersize": 4.5}))
