"""Final scores: every seed as a dot, each arm's mean with its interval."""

from typing import TYPE_CHECKING

from reluctant.analysis import SettingData
from reluctant.analysis.labels import count_range, metric_title
from reluctant.analysis.summary import ArmSummary
from reluctant.figures.interval_plot import Row, interval_plot
from reluctant.figures.notes import few_seeds_note, metric_axis
from reluctant.figures.style import FEW, WIDE, limits, marks, possible, styled, widened

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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

    rows = [
        Row(
            of[s.arm],
            s.interval.mean if s.interval.n else float("nan"),
            None if s.interval.low is None or s.interval.high is None else (s.interval.low, s.interval.high),
            dots=tuple(map(float, s.finite)),
            text=text(s),
            diverged="" if not s.diverged else "low" if chosen.higher else "high",
            dashed=True,
        )
        for s in summaries
    ]
    low, high = limits([v for row in rows for v in row.dots], reach=14, pad=0.1)
    bounds = possible(*widened(low, high, [end for row in rows for end in row.inner or ()]), unit.axis)
    numbers = [s.interval.n for s in summaries]
    most = max(numbers, default=0)
    seeds = f"dots: {count_range(numbers, 'seed')}" if most > 1 else "one seed: no interval"
    drawing, _ = interval_plot(
        rows,
        bounds,
        title=f"{metric_title(chosen)} after the last epoch",
        notes=[
            data.subject.data,
            data.subject.test_part,
            seeds if most else "no finished run yet",
            "line: mean and its 95 % interval" if most > 1 else "",
            few_seeds_note(numbers),
            "sorted by the mean" if len(rows) > FEW else "",
        ],
        axis=metric_axis(data, chosen),
        width=width,
    )
    return drawing.finish(" ".join(f"{row.mark.label}: {row.text}." for row in rows))
