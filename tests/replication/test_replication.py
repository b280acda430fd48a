"""The published measurement by hand and by scikit-learn, the steps of its ablation, the page's section."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reluctant.analysis import ReportData
from reluctant.catalogue.metrics import confusion_counts, score_from_counts
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.replication.ablation import ALONE, AS_PUBLISHED, SEQUENCE, AblationStep, available_steps, switches_of
from reluctant.replication.figures.last_batch import last_batch
from reluctant.replication.figures.score_bands import ablation_scores, published_scores
from reluctant.replication.measurement import Measure, macro_f1, possible_scores, published_f1
from reluctant.replication.reading import LastBatch, StepScores
from reluctant.report import render_page
from reluctant.study import Study
from tests.support.records import study_folder


def counted(labels: Any, largest: Any, sure: Any, classes: int = 10) -> tuple[Any, Any]:
    labels, largest, sure = np.asarray(labels), np.asarray(largest), np.asarray(sure, bool)
    return confusion_counts(labels[sure], largest[sure], classes), np.bincount(labels, minlength=classes)


def test_thirteen_of_sixteen() -> None:
    """The article's 0.84: 13 of 16 right, weighted precision 14/16."""
    labels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    sure = [1] * 13 + [0, 0, 0]
    matrix, support = counted(labels, labels, sure, 16)
    assert published_f1(matrix, support) == pytest.approx(13 / 16)  # nothing wrong: precision is accuracy
    result = published_f1([[13, 0], [0, 0]], [14, 2])
    assert result == pytest.approx(2 * (13 / 16) * (14 / 16) / (13 / 16 + 14 / 16))
    assert round(result, 3) == 0.843


@given(st.integers(2, 4), st.data())
def test_the_published_score_is_scikit_learns(classes: int, data: st.DataObject) -> None:
    from sklearn.metrics import accuracy_score, precision_score

    n = data.draw(st.integers(2, 12))
    whole = st.integers(0, classes - 1)
    labels, largest = (data.draw(arrays(np.int64, n, elements=whole)) for _ in range(2))
    sure = data.draw(arrays(np.bool_, n))
    one_hot, decided = np.eye(classes, dtype=int)[labels], np.eye(classes, dtype=int)[largest] * sure[:, None]
    accuracy = accuracy_score(one_hot, decided)
    precision = precision_score(one_hot, decided, average="weighted", zero_division=0)
    both = accuracy + precision
    expected = 2 * accuracy * precision / both if both else 0
    assert published_f1(*counted(labels, largest, sure, classes)) == pytest.approx(expected)


@given(st.data())
def test_f1_of_all_images_is_that_of_the_core(data: st.DataObject) -> None:
    whole = arrays(np.int64, 20, elements=st.integers(0, 3))
    labels, largest = np.concatenate([np.arange(4), data.draw(whole)]), np.r_[[0] * 4, data.draw(whole)]
    matrix, support = counted(labels, largest, np.ones(24), 4)
    assert macro_f1(matrix, support) == score_from_counts(matrix, "f1")


def test_unsure_images_count_as_missed() -> None:
    matrix, support = counted([0, 0, 1, 1], [0, 0, 1, 1], [1, 0, 1, 1], 2)
    assert macro_f1(matrix, support) == pytest.approx((2 / 3 + 1) / 2)


@pytest.mark.parametrize("labels", [(0, 0, 1), (0, 1, 2, 2), (1, 1, 1, 1), (0, 1, 0, 1, 2)])
def test_possible_scores_are_those_of_every_outcome(labels: tuple[int, ...]) -> None:
    outcomes = itertools.product([0, 1, 2, None], repeat=len(labels))
    expected = set()
    for outcome in outcomes:
        sure = [each is not None for each in outcome]
        expected.add(round(published_f1(*counted(labels, [each or 0 for each in outcome], sure, 3)), 12))
    result = [round(float(value), 12) for value in possible_scores(labels, 3)]
    assert sorted(expected) == result
    some = [round(float(value), 12) for value in possible_scores(labels, 3, 0.5)]
    assert some == [value for value in result if value >= 0.5]


def differences(one: AblationStep, other: AblationStep) -> int:
    measures = [getattr(one.measure, k) != getattr(other.measure, k) for k in ("images", "decision", "formula")]
    return int(sum(measures)) + len(one.switches ^ other.switches)


def test_every_step_corrects_one_difference() -> None:
    assert all(differences(*pair) == 1 for pair in itertools.pairwise(SEQUENCE))
    assert all(differences(ALONE[0], step) == 1 for step in ALONE[1:])
    assert SEQUENCE[-1].switches == ALONE[0].switches == frozenset()
    assert SEQUENCE[-1].measure == ALONE[0].measure == Measure()


def test_the_bundled_studies_train_every_step() -> None:
    assert available_steps(SEQUENCE, Study.read("replication").procedure) == SEQUENCE
    alone = Study.read("replication-alone").procedure
    assert available_steps(ALONE, alone) == ALONE[:-1]  # pooling by one pixel takes fifteen times the work
    published = Study.read("article-as-published").procedure
    assert [switches_of(procedure) for procedure in published] == [AS_PUBLISHED.switches]
    assert {step.procedure for step in SEQUENCE} <= set(Study.read("replication").procedure)


def epoch(labels: list[int], largest: list[int], sure: list[int], matrix: Any) -> dict[str, Any]:
    return {"last": {"labels": labels, "largest": largest, "sure": sure}, "sure": matrix}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three seeds, two procedures: ELU is alone first in one seed, ReLU in another, the third is a tie."""
    procedures = [AS_PUBLISHED.procedure, SEQUENCE[-1].procedure]
    study = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=2, procedure=procedures)
    path = study_folder(tmp_path / "a", study)
    labels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6]
    missed = {("relu", 0): 3, ("elu", 0): 0, ("relu", 1): 0, ("elu", 1): 2, ("relu", 2): 1, ("elu", 2): 1}
    store = Store(path / "runs")
    for run in study.runs():
        record = store.content(run.key)
        n = missed[run.activation, int(run.seed)]
        sure = [0] * n + [1] * (16 - n)
        for each in record["epochs"]:
            matrix = np.diag(np.diagonal(each["confusion"]["test"])).tolist()
            each["published"] = epoch(labels, labels, sure, matrix)
        store.add(run.key, record)
    return path


def test_winners_and_ties(folder: Path) -> None:
    published = StepScores.of(StudyRecords.read(folder), AS_PUBLISHED)
    assert published.seeds == (0, 1, 2)
    assert published.win_counts() == {"relu": 1, "elu": 1, "": 1}
    assert published.scores["elu"][0] == 1.0
    # Three of sixteen are unsure; every class is predicted, and never wrongly.
    assert published.scores["relu"][0] == pytest.approx(2 * 13 / 16 / (13 / 16 + 1))


def test_proper_scores_are_those_of_the_core(folder: Path) -> None:
    study = StudyRecords.read(folder)
    scores = ReportData.of(study).scores.at({"procedure": SEQUENCE[-1].procedure})
    ours = StepScores.of(study, SEQUENCE[-1]).scores["relu"]
    assert ours.tolist() == scores.values("f1", "relu").tolist()


def test_what_the_last_batch_was_predicted_as(folder: Path) -> None:
    batch = LastBatch.of(StudyRecords.read(folder))
    assert batch is not None
    assert batch.seeds == 3
    assert batch.right["relu"] == (1, 2, 2, *[3] * 13)
    assert batch.mistaken_for["relu"] == (None,) * 16
    assert [batch.misses("relu", image) for image in (0, 1, 15)] == ["2", "1", "–"]


def test_the_class_that_an_image_is_mistaken_for(folder: Path) -> None:
    """Image 5 counts as 9 in two seeds and as 7 in one; an unsure image counts as no class."""
    store = Store(folder / "runs")
    for run in Study.read(folder / "study.toml").runs():
        if run.procedure == AS_PUBLISHED.procedure and run.activation == "relu":
            record = store.content(run.key)
            last = record["epochs"][-1]["published"]["last"]
            last["largest"][5] = 7 if run.seed == 0 else 9
            last["largest"][0] = 3
            store.add(run.key, record)
    batch = LastBatch.of(StudyRecords.read(folder))
    assert batch is not None
    assert (batch.right["relu"][5], batch.mistaken_for["relu"][5]) == (0, 9)
    assert batch.misses("relu", 5) == "3→9"
    assert batch.misses("relu", 0) == "3→3"  # sure in one seed
    assert batch.mistaken_for["elu"] == (None,) * 16


def test_the_page_has_the_section_and_others_have_none(folder: Path, tmp_path: Path) -> None:
    page = render_page(ReportData.of(StudyRecords.read(folder)))
    assert "Published and corrected numbers" in page
    assert "the published procedure: ReLU in 1, ELU in 1; 1 end in a tie" in page
    plain = study_folder(tmp_path / "b", Study(activation="relu", seed=[0], epochs=1))
    assert "Published and corrected" not in render_page(ReportData.of(StudyRecords.read(plain)))


def test_seeds_that_one_activation_lacks_count_for_none(folder: Path) -> None:
    runs = Study.read(folder / "study.toml").runs()
    lost = next(run for run in runs if run.activation == "elu" and run.seed == 2)
    (folder / "runs" / f"{lost.key}.json").unlink()
    fewer = StudyRecords.read(folder)
    batch = LastBatch.of(fewer)
    assert batch is not None
    assert (batch.seeds, StepScores.of(fewer, AS_PUBLISHED).seeds) == (2, (0, 1))
    assert batch.right["relu"] == (1, 1, 1, *[2] * 13)


def test_equal_scores_are_equal_numbers() -> None:
    """A pair whose exact scores are equal, 213/286, and that plain floats told apart."""
    rng = np.random.default_rng(0)
    values: dict[float, set[float]] = {}
    labels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6]
    for _ in range(3000):
        largest, sure = rng.integers(0, 10, 16), rng.random(16) < 0.9
        largest = np.where(rng.random(16) < 0.8, labels, largest)
        value = published_f1(*counted(labels, largest, sure))
        values.setdefault(round(value, 9), set()).add(value)
    assert max(map(len, values.values())) == 1


def test_a_study_that_varies_more_gets_a_sentence(tmp_path: Path) -> None:
    study = Study(activation="relu", seed=[0], epochs=1, procedure=AS_PUBLISHED.procedure, lr=[0.1, 0.2])
    page = render_page(ReportData.of(StudyRecords.read(study_folder(tmp_path / "a", study))))
    assert "this section is drawn for one setting at a time" in page


@pytest.mark.parametrize("width", [7.3, 3.4])
def test_content_of_the_figures(folder: Path, width: float) -> None:
    study = StudyRecords.read(folder)
    data = ReportData.of(study)
    steps = [StepScores.of(study, s) for s in available_steps(SEQUENCE, study.study.procedure)]
    figure = ablation_scores(data, steps, "a title", width=width)
    titles = {each.step.title for each in steps}
    assert {text.get_text() for axes in figure.axes for text in axes.texts} >= titles
    images, batch = np.zeros((16, 28, 28), np.uint8), LastBatch.of(study)
    assert batch is not None
    assert len(last_batch(data, batch, images, width=width).axes) == 16
    assert not last_batch(data, batch, None, width=width).axes
    label = published_scores(data, steps[0], width=width).get_label()
    assert "1 of 3 seeds end in a tie" in str(label)
