"""The tables of verdicts: every comparison with its numbers, all pairs, claims, published numbers, variance."""

from collections.abc import Callable, Sequence

import numpy as np

from reluctant.analysis import Comparison, Contrast, SettingData, VerdictRow
from reluctant.analysis.claim_tests import Evidence
from reluctant.analysis.claims import JudgedClaim
from reluctant.analysis.labels import metric_title, metric_words
from reluctant.analysis.published import CONFIDENCE, Agreement, PublishedCheck
from reluctant.analysis.units import DASH, OF_TARGET, number, p_value
from reluctant.analysis.variance import SOURCE_WORDS
from reluctant.figures.margins import below_that, same_from
from reluctant.figures.published import SPLIT_WORDS, published_label, score_words
from reluctant.figures.scores import best_first
from reluctant.report.tables import Table, table_of_arms
from reluctant.statistics import Verdict
from reluctant.statistics.verdict import FEW_SEEDS

VARIANCE_METHOD = (
    "Every combination of the seeds was trained. The variance of the scores is divided by an analysis of "
    "variance in which all effects are random; what no source accounts for by itself are interactions. "
    "Intervals: 95 % (Williams 1962). Few numbers per source make wide intervals, and a share of 0 says only "
    "that no effect was measured."
)


def verdicts_table(comparison: Comparison, *, explained: bool) -> Table:
    """The family that decides, the baseline first."""
    label, unit = comparison.baseline_label, difference_unit(comparison)
    rows = {row.arm: row for row in comparison.rows}
    baseline = rows[comparison.question.baseline]
    seeds = len(comparison.scores.seeds)
    looks = ", and after every seed" if comparison.question.sequential else ""
    note = (
        f"Difference: {comparison.subject.arm} minus {label}, mean over the n shared seeds, and the interval that "
        f"decides: it holds for all {comparison.subject.arms} together{looks}, as does p"
        f"{'; 1 point = 0.01' * (unit == 'points')}. "
        f"More seeds: how many would decide. Rank: its best and worst possible place, by all pairs and "
        "by which may be the best."
    )
    return Table(
        f"Verdicts against {label}",
        (comparison.subject.arm.capitalize(), "Verdict", f"Difference, {unit}", "p", "More seeds", "Rank", "n"),
        (
            (label, "the baseline", *(DASH,) * 3, _range_text(baseline.rank), DASH),
            *(_verdict_cells(comparison, rows[c.arm], c, seeds) for c in best_first(comparison)),
        ),
        note=note if explained else "",
        words=frozenset({1}),
        stacked=True,
    )


def _verdict_cells(comparison: Comparison, row: VerdictRow, contrast: Contrast, seeds: int) -> tuple[str, ...]:
    n, unit = contrast.difference.n, comparison.unit
    reason = contrast.decision.reason
    if contrast.verdict == Verdict.UNDECIDED:
        reason = reason.partition(";")[0]  # without what the column of more seeds says
    elif reason.startswith("p "):
        reason = ""  # which has a column
    difference = unit.difference(contrast.difference.mean)
    if contrast.interval is not None:
        difference += f"\n{interval_text(comparison, contrast.interval)}"
    return (
        row.label,
        f"{contrast.verdict.sign} {contrast.verdict}" + (f":\n{reason}" if reason else ""),
        difference,
        p_value(contrast.difference.corrected),
        more_seeds_text(contrast),
        _range_text(row.rank),
        f"{n}" if n == seeds else f"{n}\nof {seeds}",
    )


def interval_text(comparison: Comparison, ends: tuple[float, float] | None) -> str:
    """`−0.12 to +0.21`."""
    if ends is None or not np.isfinite(ends).all():
        return DASH
    return " to ".join(comparison.unit.difference(end) for end in ends)


def difference_unit(comparison: Comparison) -> str:
    """What differences are in: points, nats, the target's units; R² has no unit but itself."""
    unit = comparison.unit
    return unit.word or (unit.axis if unit.axis == OF_TARGET else metric_title(comparison.metric))


def more_seeds_text(contrast: Contrast) -> str:
    """`8–22`, or that it is not worth it, or not known; a dash where decided."""
    if contrast.verdict != Verdict.UNDECIDED:
        return DASH
    more = contrast.decision.more_seeds
    if more is None:
        return "too few to say" if contrast.difference.n < FEW_SEEDS else "not worth it"
    return _range_text(more)


def _range_text(ends: tuple[int, int] | None) -> str:
    """`1`, `1–4`; a dash where there is none."""
    return DASH if ends is None else f"{ends[0]}" if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"


def _interval_words(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    """`0.91 to 0.93`; a dash where there is none."""
    return DASH if low is None or high is None else f"{write(low)} to {write(high)}"


def differences_table(comparison: Comparison) -> Table:
    """The numbers behind the verdicts."""
    rows = []
    for contrast in best_first(comparison):
        d = contrast.difference
        rows.append((
            comparison.labels[contrast.arm],
            str(d.n),
            comparison.unit.difference(d.mean),
            interval_text(comparison, None if d.low is None or d.high is None else (d.low, d.high)),
            interval_text(comparison, contrast.interval),
            interval_text(comparison, contrast.with_items),
            number(comparison.unit.scaled(d.std), 3),
            p_value(d.p),
            p_value(d.corrected),
            p_value(d.sign_flip),
            DASH if d.effect is None else number(d.effect, 2),
            DASH if d.improvement is None else number(d.improvement, 2),
        ))  # fmt: skip
    paired, arm = comparison.question.paired, comparison.subject.arm
    heads = (
        arm.capitalize(), "Shared seeds" if paired else "Runs", f"Mean, {difference_unit(comparison)}", "95 % interval",
        "Interval that decides", f"… for other test {comparison.subject.items}", "Standard deviation", "p, alone",
        "p, all together", "Sign-flip p", "Effect size", "Probability of improvement",
    )  # fmt: skip
    note = (
        f"The 95 % interval is that of one difference at this number of {comparison.question.pairs}s. "
        f"p: {'paired' if paired else 'Welch’s'} t test. The exact sign-flip p (6 to 30 seeds) decides nothing. Effect "
        f"size: mean over standard deviation{' of the differences' if paired else ''}. Probability of improvement: "
        f"that a run of the {arm} beats one of the baseline."
    )
    caption = f"{'Paired differences' if paired else 'Differences'} from {comparison.baseline_label}"
    return Table(caption, heads, tuple(rows), note=note)


def margins_table(comparison: Comparison) -> Table:
    """From which margin on each arm is the same as the baseline, and what it is below that."""
    rows = []
    for contrast in best_first(comparison):
        label = comparison.labels[contrast.arm]
        if contrast.interval is None or contrast.verdict == Verdict.NONE:
            rows.append((label, DASH, DASH))
        else:
            same, below = same_from(contrast), below_that(comparison, contrast)
            rows.append((label, f"±{comparison.unit.amount(same)}", f"{below.sign} {below}"))
    return Table(
        "Which margin decides what",
        (comparison.subject.arm.capitalize(), "The same from this margin on", "Below it"),
        tuple(rows),
        words=frozenset({2}),
    )


def pairs_table(comparison: Comparison) -> Table:
    """Every pair: the row's verdict against the column."""
    cells, verdicts = {}, set()
    for pair in comparison.pairs:
        mean, reverse = pair.difference.mean, pair.verdict.reversed
        verdicts |= {pair.verdict, reverse}
        cells[pair.arm, pair.other] = f"{pair.verdict.sign}\n{comparison.unit.difference(mean)}"
        cells[pair.other, pair.arm] = f"{reverse.sign}\n{comparison.unit.difference(-mean)}"
    labels = comparison.labels
    return Table(
        "",
        ("Row against column", *labels.values()),
        tuple((label, *(cells.get((a, b), "") for b in labels)) for a, label in labels.items()),
        note=f"Below each sign the mean of row minus column, in {difference_unit(comparison)}. "
        + " · ".join(f"{verdict.sign}\u00a0{verdict}" for verdict in Verdict if verdict in verdicts),
        stacked=True,
    )


def claim_table(data: SettingData, judged: JudgedClaim) -> Table:
    """The numbers behind a claim's outcome."""
    claim, unit = judged.claim, data.unit(judged.claim.metric)
    differences = any(len(each.arms) > 1 for each in judged.evidence)
    write, axis = (unit.difference, unit.difference_axis) if differences else (unit.value, unit.axis)
    period = data.subject.period
    if judged.in_epochs:
        factor = period.number(1)
        write, axis = (lambda value: number(value * factor, decimals=0 if period.steps else 2)), f"{period.word}s"

    def cells(evidence: Evidence) -> tuple[str, ...]:
        p = (p_value(evidence.p),) if differences else ()
        labels = " − ".join(data.labels[arm] for arm in evidence.arms)
        interval = _interval_words(evidence.low, evidence.high, write)
        return (labels, write(evidence.mean), interval, str(evidence.n), *p, str(evidence.direction))

    tested = ("p",) if differences else ()
    title, split = metric_words(data.metric(claim.metric)), SPLIT_WORDS[claim.split]
    where = f"{title} on the {split} split"
    caption = (
        f"{period.word.capitalize()}s until {where} converges" if judged.in_epochs else where[0].upper() + where[1:]
    )
    return Table(
        caption,
        ("About", f"Mean{' difference' if differences else ''}, {axis}",
         "Interval that decides", "n", *tested, "Evidence"),
        tuple(map(cells, judged.evidence)),
        words=frozenset({4 + len(tested)}),
    )  # fmt: skip


def published_table(data: SettingData) -> Table:
    """Every published number beside ours; what all have in common stands in the caption."""
    checks, rows = data.published, []
    for check in checks:
        p, value = check.published, data.unit(check.published.metric).value
        rows.append({
            data.subject.arm.capitalize(): published_label(data, check),
            "Score": score_words(data, p),
            "Epoch": f"{p.epoch:,}" if p.epoch else "last",
            "Published": value(p.value) + ("" if p.deviation is None else f"\n± {value(p.deviation)}, {p.runs:,} runs"),
            "Our mean": value(check.mean),
            _interval_head(checks): _interval_words(check.low, check.high, value),
            "n": str(check.n),
            "Verdict": f"{check.agreement.sign} {check.agreement}" + (f"\n{check.reason}" if check.reason else ""),
            "Source": p.source,
        })  # fmt: skip
    scores, sources = {row["Score"] for row in rows}, {row["Source"] for row in rows}
    common = {head for head, values in (("Score", scores), ("Source", sources)) if len(values) == 1}
    heads = [head for head in rows[0] if head not in common]
    return Table(
        f"Published numbers beside ours{f': {scores.pop()}' if len(scores) == 1 else ''}",
        tuple(heads),
        tuple(tuple(row[head] for head in heads) for row in rows),
        note=_published_note(checks, sources),
        words=frozenset(heads.index(head) for head in ("Score", "Verdict", "Source") if head in heads),
        stacked=True,
    )


def _interval_head(checks: Sequence[PublishedCheck]) -> str:
    """The head of the column of intervals: a single run has a prediction interval, a mean of several Welch's."""
    kinds = {"prediction interval" if each.published.deviation is None else "interval" for each in checks}
    return f"{100 * CONFIDENCE:g} % {kinds.pop() if len(kinds) == 1 else '(prediction) interval'}"


def _published_note(checks: Sequence[PublishedCheck], sources: set[str]) -> str:
    """How the verdicts come about, and how many would fall outside by chance alone."""
    percent = f"{100 * CONFIDENCE:g} %"
    kinds = {each.published.deviation is None for each in checks}
    single = f"a single run agrees where one further run of ours would lie in {percent} of cases"
    several = f"a mean of several runs agrees where Welch's {percent} interval of the difference of means holds 0"
    rule = f"{single}; {several}" if len(kinds) > 1 else single if True in kinds else several
    judged = sum(each.agreement != Agreement.UNDECIDED for each in checks)
    chance = ""
    if judged > 1:
        chance = f" Of {judged:,} judged, about {(1 - CONFIDENCE) * judged:.1g} would fall outside by chance."
    few = " Under five runs: wide and uncertain." if any(1 < each.n < 5 for each in checks) else ""
    source = f" Source: {next(iter(sources))}." if len(sources) == 1 else ""
    return f"{rule[0].upper()}{rule[1:]}.{chance}{few}{source}"


def variance_table(data: SettingData) -> Table:
    """The components of variance of every arm."""
    metric, unit = data.question.metric, data.unit(data.question.metric.name)
    rows = []
    for each in data.variances:
        if not each.parts:
            lost = f"{each.missing} of {each.runs} runs missing or diverged"
            rows.append((data.labels[each.arm], lost, DASH, DASH, DASH, DASH))
        for part in each.parts:
            interval = _interval_words(part.low, part.high, lambda variance: unit.value(variance**0.5))
            share = f"{100 * part.share:.0f} %" if np.isfinite(part.share) else DASH
            levels = str(part.levels) if part.low is not None else DASH
            std = unit.value(part.variance**0.5)
            rows.append((data.labels[each.arm], SOURCE_WORDS[part.source], levels, share, std, interval))
    heads = ("Source", "Numbers", "Share", "Standard deviation", "95 % interval")
    caption = f"Standard deviation of {metric_title(metric)} by source, on {data.subject.test_part}"
    return table_of_arms(data, caption, heads, rows, note=VARIANCE_METHOD, words=frozenset({1}))
