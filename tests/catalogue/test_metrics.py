"""Scores of confusion matrices against scikit-learn, and by hand where scikit-learn is silent."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reluctant.catalogue.metrics import (
    CLASSIFICATION,
    METRICS,
    MOST,
    REGRESSION,
    TOKENS,
    Counts,
    Metric,
    confusion_counts,
    metric,
    per_class,
    regression_sums,
    score_from_counts,
    scores_from_counts,
    stored_counts,
    total_items,
)
from reluctant.core.display import normalised
from reluctant.core.errors import StudyError
from tests.support.strategies import matrices

FROM_MATRIX = [each for each in METRICS if each.compute is not None and CLASSIFICATION in each.tasks]
OF_NUMBERS = {"r2": reference.r2_score, "rmse": reference.root_mean_squared_error, "mae": reference.mean_absolute_error}
UNITS = {
    "loss": "nats per image",
    "r2": "share of variance explained",
    "rmse": "units of the target",
    "mae": "units of the target",
    "perplexity": "choices per token",
    "bits_per_byte": "bits per byte",
    "bits_per_character": "bits per character",
}


def averaged(score_of: Callable[..., Any], average: str) -> Callable[..., float]:
    def compute(true: Any, predicted: Any, weights: Any, classes: int) -> float:
        true, predicted, weights = true[weights > 0], predicted[weights > 0], weights[weights > 0]
        if not len(true):
            return 0.0
        return float(score_of(true, predicted, sample_weight=weights, average=average, zero_division=0))

    return compute


def plainly(score_of: Callable[..., Any]) -> Callable[..., float]:
    def compute(true: Any, predicted: Any, weights: Any, classes: int) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # classes that never occur are part of the test
            return float(score_of(true, predicted, sample_weight=weights))

    return compute


ORACLES: dict[str, Callable[..., float]] = {
    "accuracy": plainly(reference.accuracy_score),
    "balanced_accuracy": plainly(reference.balanced_accuracy_score),
    "mcc": plainly(reference.matthews_corrcoef),
    **{
        f"{name}{suffix}": averaged(score_of, average)
        for name, score_of in (
            ("precision", reference.precision_score),
            ("recall", reference.recall_score),
            ("f1", reference.f1_score),
        )
        for suffix, average in (("", "macro"), ("_weighted", "weighted"), ("_micro", "micro"))
    },
}


def test_every_metric_of_a_matrix_has_an_oracle() -> None:
    assert {each.name for each in FROM_MATRIX} == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=60)
@given(matrix=matrices())
def test_a_score_is_scikit_learns(name: str, matrix: Counts) -> None:
    classes = len(matrix)
    true, predicted = (cells.ravel() for cells in np.indices(matrix.shape))
    expected = ORACLES[name](true, predicted, matrix.ravel(), classes)
    assert score_from_counts(matrix, name) == pytest.approx(expected, rel=0, abs=1e-12)


@settings(max_examples=60)
@given(matrices())
def test_the_scores_of_each_class_are_scikit_learns(matrix: Counts) -> None:
    true, predicted = (cells.ravel() for cells in np.indices(matrix.shape))
    expected = reference.precision_recall_fscore_support(
        true, predicted, sample_weight=matrix.ravel(), labels=range(len(matrix)), zero_division=0
    )
    for ours, theirs in zip(per_class(matrix), expected[:3], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@settings(max_examples=60)
@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_counts_equal_those_of_scikit_learn(case: tuple[int, list[tuple[int, int]]]) -> None:
    classes, pairs = case
    true, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    stored_counts = confusion_counts(true, predicted, classes)
    assert stored_counts.shape == (classes, classes)
    assert stored_counts.sum() == len(pairs)
    if pairs and classes > 1:  # scikit-learn warns of a single class
        expected = reference.confusion_matrix(true, predicted, labels=range(classes))
        assert stored_counts.tolist() == expected.tolist()


@pytest.mark.parametrize(("true", "predicted"), [([0, 2], [0, 0]), ([0, 0], [2, 0]), ([-1, 0], [1, 0]), ([1], [-1])])
def test_a_label_of_no_class_is_not_counted_elsewhere(true: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fit 2 classes"):
        confusion_counts(true, predicted, 2)


@pytest.mark.parametrize("each", FROM_MATRIX, ids=lambda each: each.name)
@settings(max_examples=30)
@given(matrix=matrices(), data=st.data())
def test_scores_do_not_depend_on_the_order_of_classes(each: Metric, matrix: Counts, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(matrix))))
    assert score_from_counts(matrix[np.ix_(order, order)], each.name) == pytest.approx(
        score_from_counts(matrix, each.name), abs=1e-12
    )


@pytest.mark.parametrize("each", FROM_MATRIX, ids=lambda each: each.name)
@settings(max_examples=30)
@given(matrix=matrices())
def test_a_score_is_a_share(each: Metric, matrix: Counts) -> None:
    assert (-1 if each.name == "mcc" else 0) <= score_from_counts(matrix, each.name) <= 1 + 1e-12


@pytest.mark.parametrize("each", FROM_MATRIX, ids=lambda each: each.name)
def test_all_right_scores_1_and_all_wrong_0(each: Metric) -> None:
    assert score_from_counts(np.diag([3, 1, 70_000]), each.name) == pytest.approx(1)
    assert score_from_counts(np.zeros((3, 3), np.int64), each.name) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 2 / 4),
        ("precision", (2 / 3 + 0 + 0) / 3),
        ("recall", (2 / 2 + 0 + 0) / 3),
        ("f1", (4 / 5) / 3),
        ("f1_weighted", (4 / 5) * 2 / 4),
        ("balanced_accuracy", (1 + 0) / 2),
        ("mcc", (2 * 4 - 2 * 3) / np.sqrt((16 - 10) * (16 - 8))),
    ],
)
def test_classes_never_true_or_never_predicted_by_hand(name: str, value: float) -> None:
    matrix = np.array([[2, 0, 0], [1, 0, 1], [0, 0, 0]])
    assert score_from_counts(matrix, name) == pytest.approx(value, abs=1e-15)


def test_one_class_alone_has_no_correlation() -> None:
    assert score_from_counts(np.array([[5, 0], [0, 0]]), "mcc") == 0
    assert score_from_counts(np.array([[0, 5], [0, 5]]), "mcc") == 0


@pytest.mark.parametrize("each", FROM_MATRIX, ids=lambda each: each.name)
@settings(max_examples=20)
@given(stack=arrays(np.int64, (2, 3, 4, 4), elements=st.integers(0, 3)))
def test_many_matrices_are_scored_as_each_alone(each: Metric, stack: Counts) -> None:
    stack[0, 0] = 0
    alone = [[score_from_counts(matrix, each.name) for matrix in row] for row in stack]
    np.testing.assert_allclose(scores_from_counts(stack, each.name), alone, rtol=0, atol=1e-15)


def test_a_matrix_may_be_lists() -> None:
    assert score_from_counts([[3, 1], [0, 4]], "accuracy") == 7 / 8  # type: ignore[arg-type]


def test_every_name_and_alias_means_one_metric() -> None:
    known = [normalised(name) for each in METRICS for name in (each.name, *each.aliases)]
    assert sorted(known) == sorted(set(known))
    for each in METRICS:
        for name in (each.name, *each.aliases):
            assert metric(name.upper().replace("_", "-")) is each


@pytest.mark.parametrize("each", METRICS, ids=lambda each: each.name)
def test_a_metric_is_described(each: Metric) -> None:
    assert each.title
    assert len(each.meaning.split()) >= 4
    assert 0 <= each.margin < 0.1
    assert (each.margin == 0) == (each.unit == "units of the target")
    lower = {"loss", "rmse", "mae", "perplexity", "bits_per_byte", "bits_per_character"}
    assert each.higher == (each.name not in lower)
    assert each.unit == UNITS.get(each.name, "share of 1")
    assert set(each.tasks) <= {CLASSIFICATION, REGRESSION, TOKENS}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acuracy", "there is no metric 'acuracy'; did you mean 'accuracy'"),
        ("zzz", "there is no metric 'zzz'; there are accuracy, precision, "),
        ("", "there is no metric ''; there are accuracy, precision, "),
    ],
)
def test_an_unknown_metric_is_refused_with_a_suggestion(name: str, words: str) -> None:
    with pytest.raises(StudyError, match=re.escape(words)):
        metric(name)


def test_the_loss_cannot_be_computed_from_counts() -> None:
    with pytest.raises(StudyError, match="loss cannot be computed from counts"):
        score_from_counts(np.eye(2, dtype=np.int64), "loss")


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=30)
@given(matrix=matrices())
def test_three_rows_give_every_score_of_their_matrix(name: str, matrix: Counts) -> None:
    padded = np.zeros((MOST + 1, MOST + 1), np.int64)
    padded[: len(matrix), : len(matrix)] = matrix[: MOST + 1, : MOST + 1]
    rows = stored_counts(padded)
    assert rows.shape == (3, MOST + 1)
    assert score_from_counts(rows, name) == score_from_counts(padded, name)
    assert total_items(rows) == total_items(padded) == padded.sum()


def test_up_to_twenty_classes_the_matrix_is_stored() -> None:
    assert stored_counts(np.ones((MOST, MOST), np.int64)).shape == (MOST, MOST)


numbers = arrays(float, (12, 2), elements=st.floats(-100, 100).map(lambda x: round(x, 3)))


def test_every_metric_of_numbers_has_an_oracle() -> None:
    assert {each.name for each in METRICS if each.tasks == (REGRESSION,)} == set(OF_NUMBERS)


@pytest.mark.parametrize("name", OF_NUMBERS)
@settings(max_examples=60)
@given(true=numbers, predicted=numbers)
def test_a_score_of_numbers_is_scikit_learns(name: str, true: Counts, predicted: Counts) -> None:
    true[:2] = [[0, 5], [1, -5]]  # targets that vary; scikit-learn has a rule of its own where they do not
    score = score_from_counts(regression_sums(true, predicted), name)
    assert score == pytest.approx(OF_NUMBERS[name](true, predicted), rel=1e-9, abs=1e-9)
    assert total_items(regression_sums(true, predicted)) == 12


def test_r2_of_the_mean_and_of_equal_targets() -> None:
    true = np.array([[1.0], [2.0], [6.0]])
    assert score_from_counts(regression_sums(true, np.full((3, 1), 3.0)), "r2") == pytest.approx(0)
    assert score_from_counts(regression_sums(true, true), "r2") == 1
    assert score_from_counts(regression_sums(np.ones((3, 1)), np.zeros((3, 1))), "r2") == 0
