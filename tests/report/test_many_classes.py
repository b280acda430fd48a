"""Studies of more than twenty classes: their page, the matrix at the end, and the worst classes."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reluctant import figures
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.setting_data import SettingData
from reluctant.catalogue.metrics import SPLITS, stored_counts
from reluctant.records.schema import DataRecord
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.report import render_page
from reluctant.report.detail_tables import classes_table, confusion_table
from reluctant.study import Study
from tests.support.figures import page_words, texts
from tests.support.records import record, study_folder

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures


def many_classes(path: Path, classes: int, images: int = 1200, *, whole: bool = True) -> ReportData:
    """Runs with three rows per class in every epoch and, where `whole`, the last matrix of the test split."""
    study = Study(name="many", activation=["relu", "elu"], seed=[0, 1], epochs=2)
    study_folder(path, study, skip=study.size)
    (path / "data").mkdir()
    content = DataRecord(
        name="birds", sha256="1" * 64, images=dict.fromkeys(SPLITS, images), warnings=[], test_labels="",
        classes=[f"bird {i:02}" for i in range(classes)],
    )  # fmt: skip
    text = json.dumps(content.model_dump(exclude_unset=True))
    (path / "data" / "1.json").write_text(text, "utf-8")
    for run in study.runs():
        changed = record(run).to_json()
        matrix = bird_matrix(int(run.seed), images, classes)
        for epoch in changed["epochs"]:
            epoch["confusion"] = dict.fromkeys(SPLITS, stored_counts(matrix).tolist())
        changed["final"]["confusion"] = stored_counts(matrix).tolist()
        if whole:
            changed["final"]["test_confusion"] = matrix.tolist()
        Store(path / "runs").add(run.key, changed)
    return ReportData.of(StudyRecords.read(path))


def bird_matrix(seed: int, images: int, classes: int) -> npt.NDArray[np.int64]:
    """All right but class 3, which is predicted as class 7, and a few of class 5."""
    matrix = np.diag(np.full(classes, images // classes)).astype(np.int64)
    matrix[3, 7], matrix[3, 3] = matrix[3, 3], 0
    matrix[5, 6], matrix[5, 5] = 2 + seed, matrix[5, 5] - 2 - seed
    return matrix


@pytest.fixture(scope="module")
def thirty(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return many_classes(tmp_path_factory.mktemp("many") / "study", 30)


@pytest.fixture(scope="module")
def setting(thirty: ReportData) -> SettingData:
    return thirty.one_setting


@pytest.mark.drawn
def test_the_page_has_scores_matrix_and_the_worst_classes(thirty: ReportData) -> None:
    html = render_page(thirty)
    words = page_words(html)
    assert words.count("confusion matrix") >= 2
    assert "The most frequent errors" in words
    assert words.count("The 10 worst classes and the 10 best") >= 2
    assert "bird 03 predicted as bird 07 (80)" in html


def test_the_errors_come_from_the_matrix_after_the_last_epoch(setting: SettingData) -> None:
    assert confusion_table(setting, "relu").rows == (("bird 03", "bird 07", "80"), ("bird 05", "bird 06", "5"))


def test_the_worst_and_the_best_classes(setting: SettingData) -> None:
    table = classes_table(setting, "relu")
    assert table is not None
    assert len(table.rows) == 20
    assert table.rows[0] == ("bird 03", "0.0000", "0.0000", "0.0000", "80")
    assert table.rows[1][0] == "bird 07"
    assert table.rows[1][1:4] == ("0.5000", "1.0000", "0.6667")
    assert [float(row[3]) for row in table.rows] == sorted(float(row[3]) for row in table.rows)


def test_of_a_few_more_than_twenty_classes_each_is_named_once(tmp_path: Path) -> None:
    table = classes_table(many_classes(tmp_path / "s", 21).one_setting, "elu")
    assert table is not None
    assert len({row[0] for row in table.rows}) == len(table.rows) == 20


def test_twenty_classes_have_no_such_table(tmp_path: Path) -> None:
    assert classes_table(many_classes(tmp_path / "s", 20).one_setting, "elu") is None


@pytest.mark.parametrize(("classes", "step"), [(30, 2), (100, 5)])
def test_names_are_thinned_out_and_cells_have_no_numbers(tmp_path: Path, classes: int, step: int) -> None:
    setting = many_classes(tmp_path / "s", classes).one_setting
    for width in (4.9, 3.4):
        figure = figures.confusion(setting, "relu", width=width)
        written = texts(figure)
        named = [text for text in written if text.startswith("bird")]
        assert sorted(named) == sorted(2 * [f"bird {i:02}" for i in range(0, classes, step)])
        assert not any(text.isdecimal() for text in written)
        assert any(text.startswith("errors, light to dark: ") for text in written)
        rows = [text for text in figure.axes[0].texts if text.get_text().startswith("bird")][::2]
        canvas = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
        boxes = [text.get_window_extent(canvas) for text in rows]
        assert not any(one.overlaps(other) for one, other in pairwise(boxes))
        assert min(box.x0 for box in boxes) >= 0


def test_without_a_whole_matrix_nothing_breaks(tmp_path: Path) -> None:
    setting = many_classes(tmp_path / "s", 30, whole=False).one_setting
    assert "No matrix is in the records." in texts(figures.confusion(setting, "relu"))
    assert confusion_table(setting, "relu").rows == ()
    assert classes_table(setting, "relu") is not None
    assert setting.comparison.family
