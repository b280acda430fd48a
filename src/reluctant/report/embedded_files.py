"""The files within the page: the scores as CSV and the study file, each a link that downloads it."""

import base64

from reluctant.analysis import ReportData
from reluctant.report.export import scores_csv
from reluctant.report.sections import EmbeddedFile

MOST_ROWS = 20_000  # of the CSV; a longer one keeps the last epoch of every run


def embedded_files(data: ReportData) -> tuple[EmbeddedFile, ...]:
    """`scores.csv` and, of a study, `study.toml`."""
    text, rows, whole = scores_csv(data, most=MOST_ROWS)
    each = "epoch" if whole and data.subject.epochs else "run"
    files = [EmbeddedFile("scores.csv", f"{rows:,} rows: every score of every {each}", _link(text, "text/csv"))]
    if data.records is not None:
        link = _link(data.records.study.to_toml(objects=True), "application/toml")
        files.append(EmbeddedFile("study.toml", "the study file", link))
    return tuple(files)


def _link(text: str, kind: str) -> str:
    """The text as a link that holds it."""
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"
