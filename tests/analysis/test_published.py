"""Published numbers beside ours: where each agrees, and what keeps one undecided."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reluctant.analysis.published import Agreement, PublishedCheck, check_published
from tests.support.scored import setting_data

A, H, L, U = Agreement.AGREES, Agreement.HIGHER, Agreement.LOWER, Agreement.UNDECIDED
NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])
ONE = {"activation": "relu", "value": 0.9, "source": "Someone 2020, table 1"}


def level(value: float, noise: Any = NOISE) -> list[float]:
    scores: list[float] = (value + noise).tolist()
    return scores


def checked(published: dict[str, Any], scores: dict[str, Any], **options: Any) -> PublishedCheck:
    """One published number beside runs with these scores."""
    data = setting_data(scores, published=[{**ONE, **published}], **options)
    (check,) = check_published(data.scores, data.question)
    return check


def limits(check: PublishedCheck) -> tuple[float, float]:
    assert check.low is not None
    assert check.high is not None
    return check.low, check.high


@pytest.mark.parametrize(("value", "agreement"), [(0.95, A), (0.954, A), (0.956, H), (0.946, A), (0.944, L)])
def test_a_single_run_agrees_where_another_of_ours_would_lie(value: float, agreement: Agreement) -> None:
    check = checked({"value": value}, {"relu": level(0.95)})
    reach = 2.7764451 * NOISE.std(ddof=1) * (1 + 1 / 5) ** 0.5  # t at .975 with 4 degrees of freedom
    assert limits(check) == pytest.approx((0.95 - reach, 0.95 + reach))
    assert (check.n, check.agreement, check.reason) == (5, agreement, "")
    assert check.mean == pytest.approx(0.95)


@pytest.mark.parametrize(("deviation", "runs"), [(0.003, 3), (0.0005, 20), (0.0, 2)])
def test_a_mean_of_several_runs_is_compared_by_welch_s_interval(deviation: float, runs: int) -> None:
    low, high = limits(checked({"deviation": deviation, "runs": runs}, {"relu": level(0.95)}))
    ours = (0.95, NOISE.std(ddof=1), 5)
    for end in (low, high):
        test = stats.ttest_ind_from_stats(*ours, end, deviation, runs, equal_var=False)
        assert test.pvalue == pytest.approx(0.05, abs=1e-6)
    for value, agreement in ((low - 1e-4, L), (low + 1e-4, A), (high - 1e-4, A), (high + 1e-4, H)):
        several = {"value": value, "deviation": deviation, "runs": runs}
        assert checked(several, {"relu": level(0.95)}).agreement == agreement


def test_the_split_the_metric_and_the_epoch_are_those_named() -> None:
    rising = {"relu": [[0.5, 0.7, 0.9 + 0.001 * s] for s in range(5)]}
    losses = {"relu": [[2.0, 1.0 + 0.1 * s, 0.5] for s in range(5)]}
    assert checked({"epoch": 1, "value": 0.5}, rising).mean == pytest.approx(0.5)
    assert checked({}, rising).mean == checked({"epoch": 3}, rising).mean == pytest.approx(0.902)
    assert checked({"epoch": 2, "metric": "loss"}, rising, losses=losses).mean == pytest.approx(1.2)
    assert checked({"split": "valid"}, rising).mean == pytest.approx(0.902)


@pytest.mark.parametrize(
    ("published", "scores", "options", "reason"),
    [
        ({}, {"relu": [0.95]}, {}, "one run has no spread"),
        ({"activation": "gelu"}, {"relu": level(0.95)}, {}, "no run of ours"),
        ({}, {"relu": level(0.95)}, {"diverged": [("relu", 3)]}, "1 of 5 diverged"),
        ({"epoch": 20}, {"relu": level(0.95)}, {}, "our runs end after epoch 1"),
        ({}, {"relu": [0.95] * 3}, {}, "our runs do not differ"),
    ],
)
def test_what_keeps_a_number_undecided(
    published: dict[str, Any], scores: dict[str, Any], options: dict[str, Any], reason: str
) -> None:
    check = checked(published, scores, **options)
    assert (check.agreement, check.reason) == (U, reason)


def test_a_number_equal_to_runs_that_do_not_differ_agrees() -> None:
    assert checked({"value": 0.95}, {"relu": [0.95] * 3}).agreement == A


@given(value=st.floats(0, 1), runs=st.integers(2, 9), deviation=st.none() | st.floats(0, 0.1))
def test_the_agreement_follows_from_where_the_number_lies(value: float, runs: int, deviation: float | None) -> None:
    several = {} if deviation is None else {"deviation": deviation, "runs": runs}
    check = checked({"value": value, **several}, {"relu": level(0.5)})
    low, high = limits(check)
    assert low < check.mean < high
    assert check.agreement == (L if value < low - 1e-9 else H if value > high + 1e-9 else A)


def test_every_number_is_checked_in_the_study_s_order() -> None:
    published = [{**ONE, "value": 0.95}, {**ONE, "activation": "elu"}, {**ONE, "metric": "f1"}]
    data = setting_data({"relu": level(0.95), "elu": level(0.9)}, published=published)
    assert [check.published.activation for check in data.published] == ["relu", "elu", "relu"]
    assert [check.agreement for check in data.published] == [A, A, L]


def test_signs_differ_in_form() -> None:
    assert len({agreement.sign for agreement in Agreement}) == len(Agreement)
