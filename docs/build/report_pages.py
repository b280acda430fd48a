"""Reports of real studies, drawn again from the records in results/, and one of a table of their scores."""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from reluctant.api.results import Results

ROOT = Path(__file__).parents[2]
FOLDER = "reports"
STUDIES = {
    "article": "The study of the published article on the whole of MNIST: ReLU, leaky ReLU, ELU and GELU in its small "
    "convolutional network, with seeds until everything was decided.",
    "gpt": "Language models: the functions and gates of the literature in a small GPT.",
}
_TABLE = "table"
_TABLE_ABOUT = (
    "`reluctant judge scores.csv` on a table: the final test scores of the article's study, one row per run. Nothing "
    "but the columns `activation`, `seed`, `f1`, `accuracy` and `loss` is known here, so the page has no curves and no "
    "probes; its verdicts are those of a table that anyone may have from any program."
)


def unpacked(name: str, folder: Path) -> Path:
    """The folder of a study's records; where the repository holds an archive, it is unpacked into `folder`."""
    path = ROOT / "results" / name
    archive = path / f"{name}.tar.xz"
    if not archive.is_file():
        return path
    with tarfile.open(archive) as records:
        records.extractall(folder, filter="data")
    return folder / name


def report_pages() -> Iterator[tuple[str, str]]:
    """The path and the text of the index, of every report and of the table that one of them judges."""
    import reluctant

    yield f"{FOLDER}/index.md", _index()
    with tempfile.TemporaryDirectory() as folder:
        for name in STUDIES:
            study = reluctant.judge(str(unpacked(name, Path(folder))))
            yield f"{FOLDER}/{name}.html", _rendered(study, Path(folder) / f"{name}.html")
        table = final_scores(reluctant.judge(str(ROOT / "results/article")).frame())
        source = Path(folder) / "scores.csv"
        table.to_csv(source, index=False)
        yield f"{FOLDER}/scores.csv", source.read_text("utf-8")
        judged = reluctant.judge(str(source), score="f1", margin=0.002)
        yield f"{FOLDER}/{_TABLE}.html", _rendered(judged, Path(folder) / f"{_TABLE}.html")


def final_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """The test scores after the last epoch, as a table of runs that somebody else may have."""
    last: pd.DataFrame = frame[(frame["split"] == "test") & (frame["epoch"] == frame["epoch"].max())]
    columns = ["activation", "seed", "f1", "accuracy", "loss"]
    return last.reindex(columns=columns).reset_index(drop=True)


def _rendered(results: "Results", page: Path) -> str:
    from reluctant.report import write_report

    return write_report(results.data, page.parent, to=page).read_text("utf-8")


def _index() -> str:
    parts = [
        "# Reports of real studies",
        "Each page below is one file, drawn while this site was built, from records in the repository. "
        "[Reading the report](../report.md) explains every section.",
    ]
    for name, about in STUDIES.items():
        command = f"    reluctant report results/{name}"
        if (ROOT / "results" / name / f"{name}.tar.xz").is_file():
            command = f"    tar -xJf results/{name}/{name}.tar.xz -C out\n    reluctant report out/{name}"
        parts += [f"## [{name}]({name}.html)", about, "Drawn again in a clone of the repository by:", command]
    parts += [f"## [A table of runs]({_TABLE}.html)", _TABLE_ABOUT, "The table: [scores.csv](scores.csv)."]
    parts.append("    reluctant judge scores.csv --score f1 --margin 0.002 -o report.html")
    return "\n\n".join(parts) + "\n"
