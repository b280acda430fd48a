"""The published measurement by hand and by scikit-learn, the ladder of deviations, the page's section."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reluctant.catalogue.metrics import confusion_counts, score_from_counts
from reluctant.records.store import Store
from reluctant.records.study_results import Results
from reluctant.replication.ablation import ALONE, SEQUENCE, Rung, rungs, switches
from reluctant.replication.figures.ablation import ladder
from reluctant.replication.figures.last_batch import last_sixteen
from reluctant.replication.figures.win_counts import published_scores
from reluctant.replication.measurement import Measure, macro_f1, published_f1
from reluctant.replication.possible import possible_scores
from reluctant.replication.reading import crowned, scored, sixteen
from reluctant.report import render
from reluctant.study import Study
from tests import records

PUBLISHED = SEQUENCE[0]


def counted(labels: Any, largest: Any, sure: Any, classes: int = 10) -> tuple[Any, Any]:
    labels, largest, sure = np.asarray(labels), np.asarray(largest), np.asarray(sure, bool)
    return confusion_counts(labels[sure], largest[sure], classes), np.bincount(labels, minlength=classes)


def test_thirteen_of_sixteen() -> None:
    """The article's 0.84: 13 of 16 right, weighted precision 14/16."""
    labels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    sure = [1] * 13 + [0, 0, 0]
    matrix, support = counted(labels, labels, sure, 16)
    assert published_f1(matrix, support) == pytest.approx(13 / 16)  # nothing wrong: precision is accuracy
    found = published_f1([[13, 0], [0, 0]], [14, 2])
    assert found == pytest.approx(2 * (13 / 16) * (14 / 16) / (13 / 16 + 14 / 16))
    assert round(found, 3) == 0.843


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
    wanted = 2 * accuracy * precision / both if both else 0
    assert published_f1(*counted(labels, largest, sure, classes)) == pytest.approx(wanted)


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
    wanted = set()
    for outcome in outcomes:
        sure = [each is not None for each in outcome]
        wanted.add(round(published_f1(*counted(labels, [each or 0 for each in outcome], sure, 3)), 12))
    found = [round(float(value), 12) for value in possible_scores(labels, 3)]
    assert sorted(wanted) == found
    some = [round(float(value), 12) for value in possible_scores(labels, 3, 0.5)]
    assert some == [value for value in found if value >= 0.5]


def differences(one: Rung, other: Rung) -> int:
    measures = [
        getattr(one.measure, k) != getattr(other.measure, k) for k in ("images", "decision", "formula")
    ]
    return int(sum(measures)) + len(one.on ^ other.on)


def test_every_rung_takes_one_thing_back() -> None:
    assert all(differences(*pair) == 1 for pair in itertools.pairwise(SEQUENCE))
    assert all(differences(ALONE[0], rung) == 1 for rung in ALONE[1:])
    assert SEQUENCE[-1].on == ALONE[0].on == frozenset()
    assert SEQUENCE[-1].measure == ALONE[0].measure == Measure()


def test_the_bundled_studies_hold_every_rung() -> None:
    assert rungs(SEQUENCE, Study.read("replication").procedure) == SEQUENCE
    alone = Study.read("replication-alone")
    assert rungs(ALONE, alone.procedure) == ALONE[:-1]  # pooling by one pixel takes fifteen times the work
    assert [switches(p) for p in Study.read("article-as-published").procedure] == [PUBLISHED.on]
    assert {rung.procedure for rung in SEQUENCE} <= set(Study.read("replication").procedure)


def epoch(labels: list[int], largest: list[int], sure: list[int], matrix: Any) -> dict[str, Any]:
    return {"last": {"labels": labels, "largest": largest, "sure": sure}, "sure": matrix}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three seeds, two procedures: ELU is alone first in one seed, ReLU in another, the third is a tie."""
    procedures = [PUBLISHED.procedure, SEQUENCE[-1].procedure]
    study = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=2, procedure=procedures)
    place = records.folder(tmp_path / "a", study)
    labels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6]
    missed = {("relu", 0): 3, ("elu", 0): 0, ("relu", 1): 0, ("elu", 1): 2, ("relu", 2): 1, ("elu", 2): 1}
    store = Store(place / "runs")
    for run in study.runs():
        record = dict(store[run.key])
        n = missed[run.activation, int(run.seed)]
        sure = [0] * n + [1] * (16 - n)
        for each in record["epochs"]:
            matrix = np.diag(np.diagonal(each["confusion"]["test"])).tolist()
            each["published"] = epoch(labels, labels, sure, matrix)
        record.pop("sha256", None)
        (place / "runs" / f"{run.key}.json").unlink()
        store.add(run.key, record)
    return place


def test_winners_and_ties(folder: Path) -> None:
    results = Results.read(folder)
    found = scored(results, PUBLISHED)
    assert found.seeds == (0, 1, 2)
    assert crowned(found) == {"relu": 1, "elu": 1, "": 1}
    assert found.scores["elu"][0] == 1.0
    # Three of sixteen are unsure; every class is predicted, and never wrongly.
    assert found.scores["relu"][0] == pytest.approx(2 * 13 / 16 / (13 / 16 + 1))


def test_proper_scores_are_those_of_the_core(folder: Path) -> None:
    results = Results.read(folder)
    part = results.at({"procedure": SEQUENCE[-1].procedure})
    assert scored(results, SEQUENCE[-1]).scores["relu"].tolist() == part.values("f1", "relu").tolist()


def test_what_became_of_the_sixteen(folder: Path) -> None:
    found = sixteen(Results.read(folder))
    assert found is not None
    assert found.seeds == 3
    assert found.right["relu"] == (1, 2, 2, *[3] * 13)
    assert found.taken["relu"] == (None,) * 16


def test_the_page_has_the_section_and_others_have_none(folder: Path, tmp_path: Path) -> None:
    page = render(Results.read(folder))
    assert "From the published numbers to proper ones" in page
    assert "crowns ReLU in 1, ELU in 1; 1 end in a tie" in page
    plain = records.folder(tmp_path / "b", Study(activation="relu", seed=[0], epochs=1))
    assert "From the published numbers" not in render(Results.read(plain))


def test_seeds_that_one_activation_lacks_count_for_none(folder: Path) -> None:
    results = Results.read(folder)
    lost = next(run for run in results.study.runs() if run.activation == "elu" and run.seed == 2)
    (folder / "runs" / f"{lost.key}.json").unlink()
    fewer = Results.read(folder)
    found = sixteen(fewer)
    assert found is not None
    assert (found.seeds, scored(fewer, PUBLISHED).seeds) == (2, (0, 1))
    assert found.right["relu"] == (1, 1, 1, *[2] * 13)


def test_equal_scores_are_equal_numbers() -> None:
    """A pair whose exact scores are equal, 213/286, and that plain floats told apart."""
    rng = np.random.default_rng(0)
    found: dict[float, set[float]] = {}
    labels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6]
    for _ in range(3000):
        largest, sure = rng.integers(0, 10, 16), rng.random(16) < 0.9
        largest = np.where(rng.random(16) < 0.8, labels, largest)
        value = published_f1(*counted(labels, largest, sure))
        found.setdefault(round(value, 9), set()).add(value)
    assert max(map(len, found.values())) == 1


def test_a_study_that_varies_more_is_told_to_choose(tmp_path: Path) -> None:
    study = Study(activation="relu", seed=[0], epochs=1, procedure=PUBLISHED.procedure, lr=[0.1, 0.2])
    page = render(Results.read(records.folder(tmp_path / "a", study)))
    assert "this section is drawn for one setting at a time" in page


@pytest.mark.parametrize("width", [7.3, 3.4])
def test_figures_hold_what_they_should(folder: Path, width: float) -> None:
    results = Results.read(folder)
    made = ladder(results, width=width)
    rows = [rung.title for rung in rungs(SEQUENCE, results.study.procedure)]
    assert {text.get_text() for axes in made.axes for text in axes.texts} >= set(rows)
    images = np.zeros((16, 28, 28), np.uint8)
    assert len(last_sixteen(results, images, width=width).axes) == 16
    assert not last_sixteen(results, None, width=width).axes
    assert "1 of 3 seeds end in a tie" in str(published_scores(results, width=width).get_label())
