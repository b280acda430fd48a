"""How Python shows a study's results: rows of the tables, plain text, a notebook's HTML."""

import re
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.analysis import Comparison, SettingData
from reluctant.analysis.headline import comparison_title, validity
from reluctant.analysis.labels import without_session
from reluctant.analysis.sentence import verdict_sentences
from reluctant.analysis.study_facts import run_text
from reluctant.core.display import visible
from reluctant.core.plain_signs import printable
from reluctant.core.user_code import SESSION_MODULE
from reluctant.records.run_result import RunResult
from reluctant.report.page import last_line
from reluctant.scores import Floats
from reluctant.scores.scores import axis_column

if TYPE_CHECKING:
    from reluctant.api.results import Results

WIDTH = 79  # columns of plain text
NARROWEST = 12  # columns of a name that is folded


def summary_row(data: SettingData, arm: str, metric: str, at: str, target: float | None) -> dict[str, float]:
    """What an activation's finished runs score, as `Results.summary` describes it."""
    chosen, runs = data.metric(metric), data.scores.of(arm)
    interval = data.scores.interval(chosen.name, arm, at=at)
    scores = np.array([run.score(chosen.name, at=at) for run in runs], float)
    scores[np.isnan(scores)] = -np.inf if chosen.higher else np.inf
    finite = scores[np.isfinite(scores)]
    results = [run for run in runs if isinstance(run, RunResult)]
    seconds = [float((r.seconds["train"] + r.seconds["evaluate"]).mean()) for r in results if r.epochs]
    row = {
        "n": interval.n,
        "mean": interval.mean,
        "low": np.nan if interval.low is None else interval.low,
        "high": np.nan if interval.high is None else interval.high,
        "median": _median(scores),
        "std": float(finite.std(ddof=1)) if len(finite) > 1 else np.nan,
        "worst": float(scores.min() if chosen.higher else scores.max()) if len(scores) else np.nan,
        "diverged": data.scores.diverged(arm) / len(runs) if runs else np.nan,
        "gap": _mean([r.generalisation_gap(chosen.name) for r in results]),
        "epoch_seconds": _mean(seconds),
    }
    if target is not None:
        reached = [np.inf if r.diverged else r.epochs_to_reach(chosen.name, target) for r in runs]
        row["epochs_to_target"] = _median(np.array(reached, float))
    return row


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _mean(values: list[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else float("nan")


def verdict_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Every activation against the baseline, as `Results.verdicts` describes it."""
    name, rows = comparison.metric.name, []
    tuned = {each.axis: "tuned" for each in comparison.selected}  # every activation has its own value
    for each in comparison.rows:
        setting = {axis_column(axis): value for axis, value in comparison.setting.items()}
        row: dict[str, Any] = {**setting, **tuned, comparison.subject.arm: without_session(each.arm)}
        row |= {"n": each.score.n, name: each.score.mean, "±": each.score.half}
        if each.contrast is None:
            row["verdict"] = "baseline"
        else:
            low, high = each.contrast.interval or (np.nan, np.nan)
            row |= {
                "difference": each.contrast.difference.mean,
                "low": low,
                "high": high,
                "p": each.contrast.difference.corrected,
                "verdict": str(each.contrast.verdict.value),
            }
        rows.append(row)
    return rows


def plain_text(results: "Results") -> str:
    """The sentences and a table of the verdicts for each of them, in 80 columns and in the terminal's encoding."""
    comparisons, others = list(results.comparisons), _sentences(results)
    lines: list[str] = []
    for comparison, sentence in zip(comparisons, others, strict=False):
        lines += [*wrap(visible(sentence), WIDTH), "", *_verdict_lines(comparison), ""]
    for sentence in others[len(comparisons) :]:
        lines += wrap(visible(sentence), WIDTH)
    return printable("\n".join(lines).rstrip("\n"))


def _verdict_lines(comparison: Comparison) -> list[str]:
    """The verdicts of one comparison as lines of a table; a long name is folded in its column."""
    unchanging = {axis_column(axis) for axis in comparison.setting} | {each.axis for each in comparison.selected}
    rows = [{k: v for k, v in row.items() if k not in unchanging} for row in verdict_rows(comparison)]
    first, *heads = dict.fromkeys(key for row in rows for key in row)
    columns = [[head, *(_cell(row.get(head)) for row in rows)] for head in heads]
    widths = [max(map(len, column)) for column in columns]
    names = [first, *(visible(str(row[first])) for row in rows)]
    longest, left = max(map(len, names)), WIDTH - sum(widths)
    gap = "  " if longest <= left - 2 * len(widths) else " "
    room = min(max(NARROWEST, left - len(gap) * len(widths)), longest)
    lines = []
    for i, name in enumerate(names):
        begin, *rest = _folded(name, room)
        cells = (f"{column[i]:>{width}}" for column, width in zip(columns, widths, strict=True))
        lines += [gap.join([f"{begin:<{room}}", *cells]).rstrip(), *rest]
    return lines


def _folded(name: str, width: int) -> list[str]:
    """A name in lines, broken after its ( = , where it is too long."""
    lines = [""]
    for part in re.findall(r"[^(=,]*[(=,]?", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return [piece for line in lines for piece in wrap(line, width)] or [""]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4f}"
    return "" if value is None else str(value)


def notebook_html(results: "Results") -> str:
    """The sentences, the table, the curves."""
    from reluctant.figures import inline_svg
    from reluctant.figures.style import PAPER

    parts = [f"<p><b>{escape(visible(text))}</b></p>" for text in _sentences(results)]
    table = results.verdicts()
    if not table.empty:
        parts.append(table.to_html(float_format="{:.4f}".format, na_rep="", border=0))
    if len(results.settings) == 1 and len(results):
        drawing = inline_svg(results.plot("curves"), paths=True, margin=0)
        parts.append(f'<div style="background:{PAPER};max-width:60em;padding:.5em">{drawing}</div>')
    folder = f" · {results.folder}" if results.folder else ""
    return "\n".join([*parts, f"<p><small>{len(results)} runs{escape(visible(folder))}</small></p>"])


def _sentences(results: "Results") -> list[str]:
    """The verdicts, what is missing, what failed."""
    titled = [": ".join(filter(None, (comparison_title(c), verdict_sentences(c)))) for c in results.comparisons]
    sentences = [text.replace(f"{SESSION_MODULE}:", "") for text in titled]
    if results.missing:
        sentences.append(f"{len(results)} of {results.data.runs_planned} runs so far. {validity(results.data)}")
    for run, cause in list(results.failures.items())[:3]:
        sentences.append(f"{without_session(run_text(run, results.study))}, failed: {last_line(cause)}")
    return [*sentences, *(f"{remark[:1].upper()}{remark[1:]}." for remark in results.data.remarks)]
