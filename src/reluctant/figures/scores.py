"""Figures of final scores with a row per arm: scores, paired differences from the baseline, variance by source."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.comparison import Comparison
from reluctant.analysis.contrasts import Contrast
from reluctant.analysis.labels import count_range, metric_title, within_sentence
from reluctant.analysis.summary import ArmSummary
from reluctant.analysis.variance import SOURCE_WORDS
from reluctant.figures.interval_plot import Ends, Row, draw_rows, interval_plot, row_panel
from reluctant.figures.notes import few_seeds_note, metric_axis
from reluctant.figures.sheet import ROW, empty_sheet, inches, legend_rows
from reluctant.figures.style import FEW, GHOST, INK, MUTED, PAPER, WIDE, Mark, limits, marks, possible, styled, widened
from reluctant.figures.text_width import width_of
from reluctant.statistics import REST
from reluctant.statistics.sequential import FIRST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {source: each.colour for source, each in marks(SOURCE_WORDS).items()} | {REST: GHOST}


@styled
def final_scores(data: SettingData, metric: str = "", *, width: float = WIDE) -> "Figure":
    """Final test scores: seeds as dots, mean and 95 % interval, in the study's order (sorted beyond 12)."""
    chosen = data.metric(metric)
    summaries, unit, of = list(data.summaries(chosen.name)), data.unit(chosen.name), marks(data.labels)
    if len(summaries) > FEW:
        sign = -1 if chosen.higher else 1
        summaries.sort(key=lambda s: (not s.interval.n, sign * s.interval.mean if s.interval.n else 0.0))

    def text(summary: ArmSummary) -> str:
        lost = f"{summary.diverged} of {summary.runs} diverged" if summary.diverged else ""
        if not summary.interval.n:
            return lost or "no finished run"
        return unit.interval(summary.interval) + (f", {lost}" if lost else "")

    worse: Literal["low", "high"] = "low" if chosen.higher else "high"
    rows = []
    for s in summaries:
        mean = s.interval.mean if s.interval.n else float("nan")
        ends = None if s.interval.low is None or s.interval.high is None else (s.interval.low, s.interval.high)
        dots = tuple(map(float, s.finite))
        rows.append(
            Row(of[s.arm], mean, ends, dots=dots, text=text(s), diverged=worse if s.diverged else "", dashed=True)
        )
    low, high = limits([v for row in rows for v in row.dots], reach=14, pad=0.1)
    bounds = possible(*widened(low, high, [end for row in rows for end in row.inner or ()]), unit.axis)
    numbers = [s.interval.n for s in summaries]
    most = max(numbers, default=0)
    seeds = f"dots: {count_range(numbers, 'seed')}" if most > 1 else "one seed: no interval"
    title, axis = (
        metric_title(chosen) + (f" {data.subject.after_last}" if data.subject.epochs else ""),
        metric_axis(data, chosen),
    )
    notes = [data.subject.data, data.subject.test_part, seeds if most else "no finished run yet",
             "line: mean and its 95 % interval" if most > 1 else "", few_seeds_note(numbers),
             "sorted by the mean" if len(rows) > FEW else ""]  # fmt: skip
    drawing, _ = interval_plot(rows, bounds, title=title, notes=notes, axis=axis, width=width)
    return drawing.finish(" ".join(f"{row.mark.label}: {row.text}." for row in rows))


@styled
def differences(comparison: Comparison, *, width: float = WIDE) -> "Figure":
    """Each arm minus the baseline: mean, its intervals and the one that decides, margin, noise floor, verdict.

    In the study's order, sorted from best to worst beyond 12 arms. Scores in points (hundredths).
    """
    metric, unit, subject = comparison.metric, comparison.unit, comparison.subject
    when = f" {subject.when(comparison.question.at)}" if subject.epochs else ""
    title = f"{metric_title(metric)}{when}: difference from {comparison.baseline_label}"
    if not comparison.family:
        return empty_sheet(width, title, [subject.data], "There is nothing to compare.")
    rows = [*difference_rows(comparison), *(floor := _floor(comparison))]
    margin = unit.scaled(comparison.question.margin)
    bounds = difference_bounds(rows, margin)
    numbers = [c.difference.n for c in comparison.family]
    most, items = max(numbers), any(c.with_items is not None for c in comparison.family)
    looks = " and after every seed" if comparison.question.sequential else ""
    beyond = any(row.reach[0] < bounds[0] or row.reach[1] > bounds[1] for row in rows)
    notes = [
        subject.data,
        f"dot: mean of {count_range(numbers, 'shared seed' if comparison.question.paired else 'run')}"
        if most
        else "no seed is shared",
        "thick line: its 95 % interval" if most > 1 else "",
        f"thin line: the interval that decides, for all {subject.arms} together{looks}" if most >= FIRST else "",
        "rings: provisional, runs are missing" if comparison.question.provisional else "",
        f"end marks: the same for other test {subject.items} too" if items else "",
        f"shaded: the margin, {unit.margin(comparison.question.margin)}" if margin else "",
        "arrow: the value lies outside the axis" if beyond else "",
        "last row: the baseline against itself under other seeds" if floor else "",
        few_seeds_note(numbers),
        "sorted" if len(comparison.family) > FEW else "",
    ]
    axis = f"difference in {within_sentence(metric_title(metric))}"
    axis += "" if unit.difference_axis == metric.title else f" ({unit.difference_axis})"
    drawing, axes = interval_plot(rows, bounds, title=title, notes=notes, axis=axis, width=width, above=0.22)
    draw_margin(axes, margin, metric.higher)
    return drawing.finish(" ".join(f"{row.mark.label}: {row.text}." for row in rows))


def best_first(comparison: Comparison) -> Sequence[Contrast]:
    """The deciding family in the study's order, beyond 12 from best to worst."""
    if len(comparison.family) <= FEW:
        return comparison.family
    sign = -1 if comparison.metric.higher else 1
    means = {c.arm: sign * c.difference.mean for c in comparison.family}
    return sorted(comparison.family, key=lambda c: m if np.isfinite(m := means[c.arm]) else np.inf)


def difference_rows(comparison: Comparison) -> list[Row]:
    """A row for every arm of the deciding family, as the figure of differences and the card have them."""
    of = marks(comparison.labels)
    rows = []
    for contrast in best_first(comparison):
        d, mark = contrast.difference, of[contrast.arm]
        mean, plain = comparison.unit.scaled(d.mean), None if d.low is None or d.high is None else (d.low, d.high)
        inner, outer = (_scaled(comparison, each) for each in (plain, contrast.interval))
        ends = _scaled(comparison, contrast.with_items) or ()
        provisional = comparison.question.provisional
        text = f"{contrast.verdict.sign} {contrast.verdict}{' so far' * provisional}"
        rows.append(
            Row(
                mark,
                mean,
                inner,
                outer,
                text=text,
                hollow=provisional,
                signs=tuple((end, "|", mark.colour) for end in ends),
            )
        )
    return rows


def _floor(comparison: Comparison) -> list[Row]:
    floor = comparison.floor
    if floor is None:
        return []
    ends = None if floor.low is None or floor.high is None else (floor.low, floor.high)
    text = "! differs from itself" if comparison.baseline_differs_from_itself else "noise floor"
    mark = Mark(MUTED, (), f"{comparison.baseline_label}, other seeds")
    centre = comparison.unit.scaled(floor.mean)
    return [Row(mark, centre, _scaled(comparison, ends), text=text, apart=True)]


def _scaled(comparison: Comparison, ends: Ends | None) -> Ends | None:
    if ends is None or not np.isfinite(ends).all():
        return None
    return comparison.unit.scaled(ends[0]), comparison.unit.scaled(ends[1])


def difference_bounds(rows: Sequence[Row], margin: float) -> Ends:
    """Limits by the means and the margin, with 95 % intervals up to nine times that, and wider ones up to three times.

    A mean becomes an arrow where it lies far beyond what the means and their intervals spread over.
    """
    inner = [end for row in rows for end in row.inner or ()]
    widest = limits([0.0, margin, -margin, *(row.centre for row in rows), *inner], reach=30)
    means = [row.centre for row in rows if widest[0] <= row.centre <= widest[1]]
    low, high = limits([0.0, *means], reach=np.inf, pad=0.1)
    low, high = min(low, -1.15 * margin), max(high, 1.15 * margin)
    outer = [end for row in rows for end in row.outer or ()]
    return widened(*widened(low, high, inner, reach=4), outer)


def draw_margin(axes: "Axes", margin: float, higher: bool, *, words: bool = True) -> None:
    """The band of the margin, the line of no difference, and in `words` which way is better."""
    if margin:
        axes.axvspan(-margin, margin, facecolor=GHOST, alpha=0.28, linewidth=0, zorder=0)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    low, high = axes.get_xlim()
    wide, tall = inches(axes)
    for sign in (-1, 1) if words else ():
        word = "better" if (sign > 0) == higher else "worse"
        room = wide * (high if sign > 0 else -low) / (high - low)
        text = f"{word} →" if sign > 0 else f"← {word}"
        if width_of(text, 8) + 0.08 <= room:
            axes.text(0.08 * sign * (high - low) / wide, 1 + 0.05 / tall, text, color=MUTED, fontsize=8,
                      transform=axes.get_xaxis_transform(), ha="left" if sign > 0 else "right",
                      va="bottom")  # fmt: skip


@styled
def variance_shares(data: SettingData, *, width: float = WIDE) -> "Figure":
    """Each source's share of the variance between runs, one bar per arm."""
    metric, variances, of = data.question.metric, data.variances, marks(data.labels)
    present = [s for s in SOURCE_WORDS if any(p.source == s for each in variances for p in each.parts)]
    unit = data.unit(metric.name)
    texts = [unit.value(v.std) if v.parts else f"{v.missing} missing or diverged" for v in variances]
    rows = [Row(of[each.arm], float("nan"), text=text) for each, text in zip(variances, texts, strict=True)]
    title = f"Where the variance of {within_sentence(metric_title(metric))} comes from"
    notes = [data.subject.data, f"{variances[0].runs:,} runs per {data.subject.arm}",
             "number: standard deviation of a single run"]  # fmt: skip
    top = ROW * legend_rows([SOURCE_WORDS[s] for s in present], width) + 0.1
    drawing, axes, layout = row_panel(rows, width, title, notes, top, 0.5, grid="")
    drawing.legend([(COLOURS[source], 1.0, SOURCE_WORDS[source]) for source in present], width)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the variance (%)", loc="right", labelpad=3)
    draw_rows(axes, rows, layout)
    wide, _ = inches(axes)
    for at, each in enumerate(variances):
        start = 0.0
        for part in each.parts:
            share = 100 * part.share
            if not share > 0:
                continue
            axes.barh(at, share, 0.5, left=start, color=COLOURS[part.source], edgecolor=PAPER, linewidth=0.8, zorder=2)
            if share / 100 * wide > 0.3:
                axes.text(start + share / 2, at, f"{share:.0f}", ha="center", va="center_baseline",
                          fontsize=8, color=INK if part.source == REST else PAPER, zorder=3)  # fmt: skip
            start += share
    shares = [", ".join(f"{SOURCE_WORDS[p.source]} {100 * p.share:.0f} %" for p in each.parts) for each in variances]
    texts = [f"{data.labels[v.arm]}: {text or 'not known'}" for v, text in zip(variances, shares, strict=True)]
    return drawing.finish(f"{'. '.join(texts)}.")
