"""The report's tables: final scores, and the numbers beneath every figure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reluctant.analysis import ReportData, SettingData
from reluctant.analysis.labels import metric_title
from reluctant.analysis.sizes import network_sizes
from reluctant.analysis.study_facts import network_layers
from reluctant.analysis.summary import Band
from reluctant.analysis.units import DASH, Unit, number
from reluctant.catalogue.metrics import DEFAULT_COLUMNS
from reluctant.figures.curves import four_curves
from reluctant.figures.rates import rate_settings_of
from reluctant.figures.shapes import shape_of
from reluctant.records.study_records import StudyRecords
from reluctant.statistics import largest_rate

MOST_COLUMNS = 5  # metrics that a table of final scores lists where these are only reported
MOST_EPOCHS = 24  # that a table lists; longer studies are thinned out evenly


@dataclass(frozen=True)
class Table:
    """A table of texts: the first of every row names it; `strong` is the column to bring out."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    strong: int | None = None
    words: frozenset[int] = frozenset()  # columns of words, set left; the others hold numbers
    stacked: bool = False  # `± …`, or what follows a line break, on a line of its own


def table_of_arms(
    data: SettingData, caption: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]], **options: Any
) -> Table:
    """A table whose first column names the arms; `heads` are those of the other columns."""
    return Table(caption, (data.subject.arm.capitalize(), *heads), tuple(rows), **options)


def final_scores_table(data: SettingData) -> Table:
    """Final test scores of every arm: mean ± half the interval, n, worst seed, diverged."""
    chosen = data.question.metric.name
    usual = DEFAULT_COLUMNS.get(data.subject.task, tuple(data.scores.metrics)[:MOST_COLUMNS])
    names = [name for name in usual if name in data.scores.metrics]
    names += [] if chosen in names else [chosen]
    columns = {name: {s.arm: s for s in data.summaries(name)} for name in names}
    sizes = {size.arm: size for size in network_sizes(data)}
    rows = []
    for summary in data.summaries():
        arm, unit = summary.arm, data.unit(chosen)
        worst = "diverged" if summary.diverged else unit.value(summary.worst)
        scores = [data.unit(name).interval(columns[name][arm].interval) for name in names]
        lost = summary.diverged if data.question.seed_sources else data.comparison.lost(arm)
        failed = f"{lost} of {summary.runs}" if lost else f"0\n≤ {100 * largest_rate(summary.runs):.0f} %"
        size = (f"{sizes[arm].parameters:,}" if arm in sizes else DASH,) if sizes else ()
        rows.append((summary.label, str(summary.interval.n), *scores, worst, failed, *size))
    titles = [metric_title(data.metric(name)) for name in names]
    titles[names.index(chosen)] += "\u00a0*"
    few = 1 < max((int(row[1]) for row in rows), default=0) < 5
    note = (
        f"* the metric that decides; the worst seed is by it. Mean over n seeds ± half of the 95 % interval of the "
        f"mean (Student's t). {'Under five seeds: wide and uncertain. ' if few else ''}A diverged run is left out of "
        f"the mean and counts as the worst seed. Lost: runs that diverged or collapsed (far below the median of their "
        f"{data.subject.arm}), or what share of such runs is not excluded."
    )
    where = f" on {data.subject.test_part}" if data.subject.test_part else ""
    caption, heads = f"Final scores{where}", ("n", *titles, "Worst seed", "Lost", *(("Parameters",) if sizes else ()))
    return table_of_arms(data, caption, heads, rows, note=note, strong=2 + names.index(chosen), stacked=True)


def size_table(data: SettingData) -> Table | None:
    """Parameters, multiply-adds and inner widths of every network; None where they are all the same."""
    sizes = {size.arm: size for size in network_sizes(data)}
    if not sizes:
        return None
    base, widths = sizes.get(data.question.baseline), any(size.widths for size in sizes.values())
    rows = [
        (
            size.label,
            f"{size.parameters:,}",
            size.against(base) if base and size is not base else DASH,
            f"{size.multiply_adds / 1e6:,.3f}" if size.multiply_adds else DASH,
            *((", ".join(map(str, size.widths)),) if widths else ()),
        )
        for size in sizes.values()
    ]
    against = f"Against {base.label}" if base else "Difference"
    heads = ("Parameters", against, "Multiply-adds, millions", *(("Inner width",) if widths else ()))
    note = f"Multiply-adds: of one {data.subject.item}, forwards. Inner width: outputs of the activation, per token."
    return table_of_arms(
        data, "Sizes of the networks", heads, rows, note=note if widths else note.partition(" Inner")[0]
    )


def rates_table(data: ReportData, other: Mapping[str, Any]) -> Table:
    """Every arm's mean score and interval at every learning rate, the other axes having these values."""
    settings = rate_settings_of(data, other)
    name = data.question.metric.name
    rows = [
        (data.labels[arm], *(s.unit(name).interval(s.scores.interval(name, arm)) for s in settings))
        for arm in data.scores.arms
    ]
    heads = (data.subject.arm.capitalize(), *(f"{float(s.setting['lr']):g}" for s in settings))
    caption = f"{metric_title(data.question.metric)} at every learning rate"
    return Table(caption, heads, tuple(rows), stacked=True)


def seeds_table(data: SettingData) -> Table:
    """Every run's final test score: arms × seeds."""
    metric, unit = data.question.metric, data.unit(data.question.metric.name)
    rows = []
    for summary in data.summaries():
        diverged = {run.seed: run.diverged for run in data.scores.of(summary.arm)}
        cells = [
            f"diverged, epoch {diverged[seed]}" if diverged.get(seed) is not None else unit.value(float(value))
            for seed, value in zip(data.scores.seeds, summary.values, strict=True)
        ]
        rows.append((summary.label, *cells))
    heads = [f"seed {seed}" for seed in data.scores.seeds]
    return table_of_arms(
        data,
        f"{metric_title(metric)}{' ' + data.subject.after_last if data.subject.epochs else ''}, by seed",
        heads,
        rows,
    )


def cost_table(data: SettingData) -> Table:
    """Score against time: what an epoch of training took, and which are shown to be beaten."""
    metric, unit = data.question.metric, data.unit(data.question.metric.name)
    rows = [
        (p.label, unit.value(p.score.mean), f"{p.time.mean:.3g} s", "yes" if p.beaten else DASH) for p in data.cost()
    ]
    heads = (
        metric_title(metric),
        f"Training per {data.subject.period.length}",
        "Another is faster, and better or the same",
    )
    return table_of_arms(data, "Score against training time, means over seeds", heads, rows)


def listed_epochs(epochs: int) -> list[int]:
    """The epochs a table lists, from 1: all, or evenly thinned with the first and last kept."""
    if epochs <= MOST_EPOCHS:
        return list(range(1, epochs + 1))
    return sorted({int(e) for e in np.linspace(1, epochs, MOST_EPOCHS).round()})


def _band_cell(band: Band, epoch: int, unit: Unit) -> str:
    """A mean with half its interval, where there is one."""
    if epoch > len(band.mean):
        return DASH
    half = float(band.high[epoch - 1] - band.mean[epoch - 1])
    mean = unit.value(float(band.mean[epoch - 1]))
    return mean + (f" ± {unit.value(half)}" if np.isfinite(half) else "")


def epochs_table(data: SettingData, name: str) -> Table:
    """One metric of all arms over the epochs, on the test split; the longer side runs down the page."""
    epochs, unit, period = listed_epochs(data.planned_epochs), data.unit(name), data.subject.period
    bands = {arm: data.band(name, arm) for arm in data.arms}
    caption = f"{metric_title(data.metric(name))} by {period.word}: mean over seeds ± half of its 95 % interval"
    if len(bands) <= 6:
        rows = tuple((f"{period.number(e):,}", *(_band_cell(b, e, unit) for b in bands.values())) for e in epochs)
        return Table(caption, (period.word.capitalize(), *data.labels.values()), rows)
    cells = ((data.labels[a], *(_band_cell(b, e, unit) for e in epochs)) for a, b in bands.items())
    return table_of_arms(data, caption, [f"{period.word} {period.number(e):,}" for e in epochs], cells)


def four_curves_table(data: SettingData, arm: str) -> Table:
    """The four curves of one arm by epoch."""
    curves, period = four_curves(data), data.subject.period
    bands = [(data.band(name, arm, split), data.unit(name)) for name, split, _ in curves]
    rows = tuple(
        (f"{period.number(epoch):,}", *(_band_cell(band, epoch, unit) for band, unit in bands))
        for epoch in listed_epochs(max(len(band.mean) for band, _ in bands))
    )
    titles = [title for _, _, title in curves]
    caption = f"Scores by {period.word}: mean over seeds ± half of its 95 % interval"
    return Table(caption, (period.word.capitalize(), *titles), rows)


def shape_table(data: SettingData, arm: str) -> Table | None:
    """The function and its slope at eleven points."""
    shape = shape_of(data, arm)
    if shape is None:
        return None
    rows = tuple(
        (number(float(x), 1), *(number(float(np.interp(x, shape[0], values)), 3) for values in shape[1:]))
        for x in np.linspace(shape[0][0], shape[0][-1], 11)
    )
    return Table("The function and its slope", ("x", "f(x)", "f′(x)"), rows)


def shapes_table(data: SettingData) -> Table:
    """f(x) of all activations at a few points."""
    points = (-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4)
    rows = []
    for arm in data.arms:
        shape = shape_of(data, arm)
        cells = [DASH if shape is None else number(float(np.interp(x, *shape[:2])), 3) for x in points]
        rows.append((data.labels[arm], *cells))
    return table_of_arms(data, "Values of the functions", [f"f({x:g})".replace("-", "−") for x in points], rows)


def network_table(records: StudyRecords) -> Table | None:
    """Layers, shapes and parameters of the network, as the first record that lists them has it."""
    layers, parameters = network_layers(records)
    if not layers:
        return None
    rows = [(e.name, e.kind, " × ".join(f"{n:,}" for n in e.shape), f"{e.parameters:,}") for e in layers]
    total = ("Total", "", "", f"{parameters:,}" if parameters is not None else DASH)
    heads = ("Layer", "Kind", "Shape of its output", "Parameters")
    return Table("", heads, (*rows, total), words=frozenset({1, 2}))
