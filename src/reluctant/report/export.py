"""A study's scores and verdicts as files: CSV and Parquet with every epoch, Markdown and LaTeX as a table."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from reluctant.analysis.comparison import Comparison, Contrast, compare
from reluctant.catalogue.metrics import METRICS
from reluctant.core.atomic_files import write_atomically
from reluctant.core.display import visible
from reluctant.core.errors import StudyError
from reluctant.records.study_results import Results
from reluctant.statistics import Verdict

BEST, TIED = "**", "*"  # the best, and all that the data do not tell from it


def export(results: Results, path: str | Path) -> Path:
    """Write the results in the form that the file's name asks for.

    `.csv` and `.parquet`: one row per activation, seed, setting, epoch and split, the metrics of the study's
    task as columns. `.md` and `.tex`: final scores with intervals and verdicts. Raises `StudyError` for
    another ending.

    Nothing of others' can act where such a file is opened. In CSV, where a spreadsheet might take a text for
    a formula, at its start or behind a `;`, an apostrophe stands before it; numbers are left as they are. In
    Markdown and LaTeX every sign that means something there is escaped.
    """
    path = Path(path)
    write = _FORMS.get(path.suffix.lower())
    if write is None:
        raise StudyError(f"{path.name}: the name decides the form; write one ending in {', '.join(_FORMS)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    write(results, path)
    return path


def _csv(results: Results, path: Path) -> None:
    frame = results.frame(_metrics(results))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([_inert(value) for value in row] for row in frame.itertuples(index=False))
    write_atomically(path, out.getvalue())


def _metrics(results: Results) -> list[str]:
    """The metrics of the study's task."""
    return [m.name for m in METRICS if results.study.task in m.tasks]


def _inert(value: object) -> object:
    """A text that a spreadsheet would take for a formula, quoted as spreadsheets do; numbers as they are.

    In many countries a spreadsheet parts the cells at `;`, and full-width signs count as well.
    """
    return _FORMULA.sub(r"\1'\2", visible(value)) if isinstance(value, str) else value


_FORMULA = re.compile(r"(^|[;\n])([\s]*[=+\-@＝＋－＠]|[\t\r])")


def _parquet(results: Results, path: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        raise StudyError("Parquet files need pyarrow: pip install 'reluctant[parquet]'") from None
    results.frame(_metrics(results)).to_parquet(path)


def _rows(comparison: Comparison) -> list[list[str]]:
    """Activation, n, score, difference and verdict; the best marked, and all that is not told from it."""
    metric, results = comparison.metric, comparison.results
    marks = leaders(comparison)
    found = {c.activation: c for c in comparison.family}
    rows = []
    for name in results.activations:
        interval = results.interval(metric.name, name, at=comparison.at)
        score = "–" if not interval.n else comparison.unit.value(interval.mean)
        if interval.half is not None:
            score += f" ± {comparison.unit.value(interval.half)}"
        rows.append(
            [
                name,
                str(interval.n),
                marks.get(name, "") + score + marks.get(name, ""),
                *_told(comparison, found.get(name)),
            ]
        )
    return rows


def _told(comparison: Comparison, contrast: Contrast | None) -> list[str]:
    if contrast is None:
        return ["baseline", ""]
    d = contrast.difference
    if d.low is None or d.high is None:
        return ["–", contrast.verdict.value]
    mean, low, high = (f"{value:+.{comparison.unit.score}f}" for value in (d.mean, d.low, d.high))
    return [f"{mean} [{low}, {high}]", contrast.verdict.value]


def leaders(comparison: Comparison) -> dict[str, str]:
    """`**` for the best mean, `*` for all that no verdict of the pairs tells from it."""
    metric = comparison.metric
    means = {
        a: comparison.results.interval(metric.name, a, at=comparison.at).mean
        for a in comparison.results.activations
        if comparison.results.interval(metric.name, a).n and not comparison.results.diverged(a)
    }
    if not means:
        return {}
    best = max(means, key=lambda a: means[a] if metric.higher else -means[a])
    beaten = {
        c.against if c.activation == best else c.activation
        for c in comparison.pairs
        if best in (c.activation, c.against) and c.verdict in (Verdict.BETTER, Verdict.WORSE)
    }
    return {a: BEST if a == best else TIED for a in means if a not in beaten}


def _heads(comparison: Comparison) -> list[str]:
    title = comparison.metric.title
    return ["Activation", "n", f"{title} ± 95 %", f"Difference to {comparison.baseline}", "Verdict"]


def _under(comparison: Comparison) -> str:
    where = ", ".join(f"{key} = {value}" for key, value in comparison.setting.items())
    chosen = ", ".join(f"{p.activation}: {p.axis} = {p.value}" for p in comparison.picks)
    return "; ".join(filter(None, [where, chosen]))


def _compared(results: Results) -> tuple[Comparison, ...]:
    if results.study.sources:
        raise StudyError("a study with a table [seed] compares nothing, so there is no table of verdicts; "
                         "write a .csv or .parquet")  # fmt: skip
    return compare(results)


def _markdown(results: Results, path: Path) -> None:
    parts = []
    for comparison in _compared(results):
        rows = [[_md(name), *ours] for name, *ours in _rows(comparison)]
        lines = [[_md(head) for head in _heads(comparison)], ["---"] * 5, *rows]
        head = _md(_under(comparison))
        parts.append((f"{head}\n\n" if head else "") + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    note = "**bold**: the best; *italic*: what the data do not tell from it."
    write_atomically(path, "\n\n".join([*parts, note]) + "\n")


_MD = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "{": "&#123;", "}": "&#125;", "@": "&#64;", "\n": " "} | {
    c: "\\" + c for c in "\\`*[]|$~"
}  # fmt: skip
_EDGE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # within a word it means nothing


def _md(text: str) -> str:
    """A text in which nothing means anything to Markdown, its templates or a page that shows it."""
    plain = "".join(_MD.get(sign, sign) for sign in visible(text))
    return _EDGE.sub(r"\\_", plain).replace("://", "&#58;//")


def _latex(results: Results, path: Path) -> None:
    write_atomically(path, "\n\n".join(map(_tabular, _compared(results))) + "\n")


def _tabular(comparison: Comparison) -> str:
    head = " & ".join(map(tex, _heads(comparison)))
    rows = [" & ".join(map(_marked, row)) + r" \\" for row in _rows(comparison)]
    lines = [
        r"\begin{tabular}{lrlll}",
        r"\toprule",
        head + r" \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    about = [f"% {tex(_under(comparison))}"] if _under(comparison) else []
    return "\n".join([r"% needs \usepackage{booktabs}", *about, *lines])


def _marked(cell: str) -> str:
    for mark, command in ((BEST, "textbf"), (TIED, "textit")):
        if cell.startswith(mark) and cell.endswith(mark) and len(cell) > 2 * len(mark):
            return f"\\{command}{{{tex(cell[len(mark) : -len(mark)])}}}"
    return tex(cell)


_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$",
        "−": "$-$", "²": "$^2$", "–": "--", "<": r"\textless{}", ">": r"\textgreater{}", "\n": " "} | {
    c: "\\" + c for c in "&%$#_{}"
}  # fmt: skip


def tex(text: str) -> str:
    """A text in which nothing is a command of LaTeX's."""
    return "".join(_TEX.get(character, character) for character in visible(text))


_FORMS: dict[str, Callable[[Results, Path], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".md": _markdown,
    ".tex": _latex,
}
