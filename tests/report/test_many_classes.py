"""Studies of more than twenty classes: their page, the matrix at the end, and the worst classes."""

import json
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from reluctant.records.study_results import Results
from reluctant.report.classes import by_class, confused

from reluctant import figures
from reluctant.analysis.comparison import compare
from reluctant.catalogue.metrics import stored_counts
from reluctant.records.store import Store
from reluctant.report import render
from reluctant.study import Study
from tests.support import records


def folder(path: Path, classes: int, images: int = 1200, *, whole: bool = True) -> Results:
    """A folder whose records hold rows per class in every epoch and, where `whole`, the last test matrix."""
    study = Study(name="many", activation=["relu", "elu"], seed=[0, 1], epochs=2)
    records.folder(path, study)
    (path / "data").mkdir()
    sizes = dict.fromkeys(("train", "valid", "test"), images)
    held = {"name": "birds", "sha256": "1" * 64, "images": sizes, "warnings": [], "test_labels": "",
            "classes": [f"bird {i:02}" for i in range(classes)]}  # fmt: skip
    (path / "data" / "1.json").write_text(json.dumps(held), "utf-8")
    for run in study.runs():
        record = records.record(run)
        for epoch in record["epochs"]:
            matrix = _matrix(int(run.seed), images, classes)
            epoch["confusion"] = dict.fromkeys(sizes, stored_counts(matrix).tolist())
        record["final"]["confusion"] = stored_counts(matrix).tolist()
        if whole:
            record["final"]["test_confusion"] = matrix.tolist()
        Store(path / "runs").add(run.key, record)
    return Results.read(path)


def _matrix(seed: int, images: int, classes: int) -> "np.typing.NDArray[np.int64]":
    """All right but class 3, which is taken for class 7, and a few of class 5."""
    matrix = np.diag(np.full(classes, images // classes)).astype(np.int64)
    matrix[3, 7], matrix[3, 3] = matrix[3, 3], 0
    matrix[5, 6], matrix[5, 5] = 2 + seed, matrix[5, 5] - 2 - seed
    return matrix


@pytest.fixture(scope="module")
def thirty(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return folder(tmp_path_factory.mktemp("many") / "study", 30)


def written(figure: Figure) -> list[str]:
    found = (text for text in figure.findobj(Text) if isinstance(text, Text))
    return [text.get_text() for text in found if text.get_text()]


def test_the_page_has_scores_matrix_and_the_worst_classes(thirty: Results) -> None:
    html = render(thirty)
    words = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html[html.index("<body") :])))
    assert words.count("what was taken for what") >= 2
    assert "The most frequent errors" in words
    assert words.count("The 10 worst classes and the 10 best") >= 2
    assert "bird 03 taken for bird 07 (80)" in html


def test_the_errors_come_from_the_matrix_after_the_last_epoch(thirty: Results) -> None:
    assert confused(thirty, "relu").rows == (("bird 03", "bird 07", "80"), ("bird 05", "bird 06", "5"))


def test_the_worst_and_the_best_classes(thirty: Results) -> None:
    table = by_class(thirty, "relu")
    assert table is not None
    assert len(table.rows) == 20
    assert table.rows[0] == ("bird 03", "0.0000", "0.0000", "0.0000", "80")
    assert table.rows[1][0] == "bird 07"
    assert table.rows[1][1:4] == ("0.5000", "1.0000", "0.6667")
    assert [float(row[3]) for row in table.rows] == sorted(float(row[3]) for row in table.rows)


def test_few_more_than_twenty_classes_are_named_once(tmp_path: Path) -> None:
    table = by_class(folder(tmp_path / "s", 21), "elu")
    assert table is not None
    assert len({row[0] for row in table.rows}) == len(table.rows) == 20


def test_twenty_classes_have_no_such_table(tmp_path: Path) -> None:
    assert by_class(folder(tmp_path / "s", 20), "elu") is None


@pytest.mark.parametrize(("classes", "step"), [(30, 2), (100, 5)])
@pytest.mark.parametrize("width", [4.9, 3.4])
def test_names_are_thinned_and_cells_not_written(
    tmp_path: Path, classes: int, step: int, width: float
) -> None:
    figure = figures.confusion(folder(tmp_path / "s", classes), "relu", width=width)
    told = written(figure)
    named = [text for text in told if text.startswith("bird")]
    assert sorted(named) == sorted(2 * [f"bird {i:02}" for i in range(0, classes, step)])
    assert not any(text.isdecimal() for text in told)
    assert any(text.startswith("errors, light to dark: ") for text in told)
    rows = [text for text in figure.axes[0].texts if text.get_text().startswith("bird")][::2]
    canvas = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    boxes = [text.get_window_extent(canvas) for text in rows]
    assert not any(one.overlaps(other) for one, other in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0


def test_without_a_whole_matrix_nothing_breaks(tmp_path: Path) -> None:
    found = folder(tmp_path / "s", 30, whole=False)
    figure = figures.confusion(found, "relu")
    assert "No matrix was kept." in written(figure)
    assert confused(found, "relu").rows == ()
    assert by_class(found, "relu") is not None
    assert compare(found)
