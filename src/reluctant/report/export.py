"""Scores and verdicts as files: CSV and Parquet with every epoch, Markdown and LaTeX as a table."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from reluctant.analysis import Comparison, ReportData, VerdictRow
from reluctant.analysis.labels import setting_text
from reluctant.analysis.units import DASH
from reluctant.core.atomic_files import write_atomically
from reluctant.core.display import visible
from reluctant.core.errors import StudyError
from reluctant.report.verdict_json import verdicts_json
from reluctant.scores.scores import scores_frame

MARKS = {"best": "**", "tied": "*", "": ""}  # the best mean, and all that the data do not tell from it


def export_results(data: ReportData, path: str | Path) -> Path:
    """Write scores or verdicts in the format that the file's name asks for.

    `.csv` and `.parquet`: one row per arm, seed, setting, epoch and split, the metrics of the task as columns.
    `.md` and `.tex`: final scores with intervals and verdicts. `.json`: the question and the verdicts.

    Nothing of others can act where such a file is opened. In CSV, where a spreadsheet might take a text for
    a formula, at its start or behind a `;`, an apostrophe stands before it; numbers are left as they are. In
    Markdown and LaTeX every character that means something there is escaped.

    Raises:
        StudyError: Another ending, or Parquet without pyarrow.
    """
    path = Path(path)
    write = _FORMATS.get(path.suffix.lower())
    if write is None:
        known = ", ".join(_FORMATS)
        raise StudyError(f"{path.name}: the ending decides the format; write one ending in {known}")
    if not path.parent.is_dir():
        raise StudyError(f"there is no folder {path.parent} to write {path.name} into; create it first")
    write(data, path)
    return path


def scores_csv(data: ReportData, *, most: int | None = None) -> tuple[str, int, bool]:
    """The scores as CSV, a row per arm, seed, setting, epoch and split; its rows; whether every epoch is there.

    With more than `most` rows only the last epoch of every run is.
    """
    frame = scores_frame(data.scores, data.subject.task, arm=data.subject.arm)
    whole = most is None or len(frame) <= most
    if not whole:
        columns = list(frame.columns)
        last = frame.groupby(columns[: columns.index("epoch")], dropna=False)["epoch"].transform("max")
        frame = frame[frame["epoch"] == last]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.itertuples(index=False):
        writer.writerow([_FORMULA.sub(r"\1'\2", visible(v)) if isinstance(v, str) else v for v in row])
    return out.getvalue(), len(frame), whole


# What a spreadsheet takes for a formula: in many countries it parts the cells at `;`, and full-width characters count.
_FORMULA = re.compile(r"(^|[;\n])([\s]*[=+\-@＝＋－＠]|[\t\r])")


def _write_parquet(data: ReportData, path: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        raise StudyError("Parquet files need pyarrow: pip install 'reluctant[parquet]'") from None
    scores_frame(data.scores, data.subject.task, arm=data.subject.arm).to_parquet(path)


def _comparisons(data: ReportData) -> tuple[Comparison, ...]:
    if data.question.seed_sources:
        raise StudyError(
            "a study with a table [seed] compares nothing, so there is no table of verdicts; write a .csv or .parquet"
        )
    return data.comparisons


def _heads(comparison: Comparison) -> list[str]:
    arm, unit = comparison.subject.arm.capitalize(), comparison.unit
    difference = f"Difference from {comparison.question.baseline}{unit.word and f', {unit.word}'}"
    return [arm, "n", f"{comparison.metric.title} ± 95 %", difference, "Verdict"]


def _cells(comparison: Comparison, row: VerdictRow) -> list[str]:
    """Arm, n, score, difference and verdict; the best marked, and all that is not told from it."""
    unit, contrast, mark = comparison.unit, row.contrast, MARKS[row.standing]
    score = f"{mark}{unit.interval(row.score)}{mark}"
    if contrast is None:
        return [row.arm, str(row.score.n), score, "baseline", ""]
    difference = DASH
    if contrast.interval is not None:
        mean, low, high = map(unit.difference, (contrast.difference.mean, *contrast.interval))
        difference = f"{mean} [{low}, {high}]"
    return [row.arm, str(row.score.n), score, difference, contrast.verdict.value]


def _under(comparison: Comparison) -> str:
    """The setting, and the values that were chosen."""
    chosen = ", ".join(f"{s.arm}: {s.axis} = {s.value}" for s in comparison.selected)
    return "; ".join(filter(None, [setting_text(comparison.setting), chosen]))


def _write_markdown(data: ReportData, path: Path) -> None:
    parts = []
    for comparison in _comparisons(data):
        rows = [_cells(comparison, row) for row in comparison.rows]
        escaped = [[markdown(arm), *others] for arm, *others in rows]
        lines = [[markdown(head) for head in _heads(comparison)], ["---"] * 5, *escaped]
        head = markdown(_under(comparison))
        parts.append((f"{head}\n\n" if head else "") + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    note = "**bold**: the best; *italic*: these seeds do not show a difference from the best. 1 point = 0.01."
    write_atomically(path, "\n\n".join([*parts, note]) + "\n")


_MARKDOWN = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "{": "&#123;", "}": "&#125;", "@": "&#64;", "\n": " "} | {
    c: "\\" + c for c in "\\`*[]|$~"
}
_EDGE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # within a word it means nothing


def markdown(text: str) -> str:
    """A text in which nothing means anything to Markdown, its templates or a page that shows it."""
    plain = "".join(_MARKDOWN.get(character, character) for character in visible(text))
    return _EDGE.sub(r"\\_", plain).replace("://", "&#58;//")


def _write_latex(data: ReportData, path: Path) -> None:
    tables = []
    for comparison in _comparisons(data):
        rows = [" & ".join(map(_marked, _cells(comparison, row))) + r" \\" for row in comparison.rows]
        lines = [
            r"% needs \usepackage{booktabs}",
            *([f"% {latex(_under(comparison))}"] if _under(comparison) else []),
            r"\begin{tabular}{lrlll}",
            r"\toprule",
            " & ".join(map(latex, _heads(comparison))) + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
        ]
        tables.append("\n".join(lines))
    write_atomically(path, "\n\n".join(tables) + "\n")


def _marked(cell: str) -> str:
    for mark, command in ((MARKS["best"], "textbf"), (MARKS["tied"], "textit")):
        if cell.startswith(mark) and cell.endswith(mark) and len(cell) > 2 * len(mark):
            return f"\\{command}{{{latex(cell[len(mark) : -len(mark)])}}}"
    return latex(cell)


_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$",
          "−": "$-$", "²": "$^2$", "–": "--", "<": r"\textless{}", ">": r"\textgreater{}", "\n": " "} | {
    c: "\\" + c for c in "&%$#_{}"
}  # fmt: skip


def latex(text: str) -> str:
    """A text in which nothing is a command of LaTeX's."""
    return "".join(_LATEX.get(character, character) for character in visible(text))


_FORMATS: dict[str, Callable[[ReportData, Path], None]] = {
    ".csv": lambda data, path: write_atomically(path, scores_csv(data)[0]),
    ".parquet": _write_parquet,
    ".md": _write_markdown,
    ".tex": _write_latex,
    ".json": lambda data, path: write_atomically(path, verdicts_json(data)),
}
