"""Paired differences and the sign-flip test against SciPy and by hand."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats as reference
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reluctant.statistics import paired
from reluctant.statistics.distributions import Floats
from reluctant.statistics.paired import sign_flip_p

NAN, INF = float("nan"), float("inf")
scores = st.floats(-10, 10).map(lambda x: round(x, 3))


@st.composite
def pairs(draw: st.DrawFn, fewest: int = 2, most: int = 20) -> tuple[Floats, Floats]:
    n = draw(st.integers(fewest, most))
    return draw(arrays(float, n, elements=scores)), draw(arrays(float, n, elements=scores))


@settings(max_examples=150)
@given(pairs(), st.floats(0.5, 0.999))
def test_the_difference_is_scipys(data: tuple[Floats, Floats], confidence: float) -> None:
    first, second = data
    assume(np.std(first - second) > 1e-9)
    ours, theirs = paired(first, second, confidence=confidence), reference.ttest_rel(first, second)
    low, high = theirs.confidence_interval(confidence)
    assert ours.n == len(first)
    assert ours.mean == pytest.approx(np.mean(first - second), abs=1e-12)
    assert ours.std == pytest.approx(np.std(first - second, ddof=1))
    assert ours.low == pytest.approx(low, rel=1e-7, abs=1e-9)
    assert ours.high == pytest.approx(high, rel=1e-7, abs=1e-9)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-7)
    assert ours.corrected == ours.p
    assert ours.decides == pytest.approx((ours.low, ours.high))
    assert ours.effect == pytest.approx(np.mean(first - second) / np.std(first - second, ddof=1))
    assert ours.confidence == confidence


@given(pairs(1), st.booleans())
def test_the_probability_of_improvement_is_mann_and_whitneys(data: tuple[Floats, Floats], higher: bool) -> None:
    first, second = data if higher else data[::-1]
    wins = reference.mannwhitneyu(first, second, method="asymptotic").statistic
    assert paired(*data, higher=higher).improvement == pytest.approx(wins / len(first) ** 2)


@settings(max_examples=60)
@given(pairs(6, 10))
def test_the_sign_flip_test_is_scipys(data: tuple[Floats, Floats]) -> None:
    data = np.round(data[0] * 8) / 8, np.round(data[1] * 8) / 8  # sums are exact: scipy's count of ties is then too
    differences = data[0] - data[1]
    assume(differences.sum() != 0)
    theirs = reference.permutation_test(
        (differences,), lambda x, axis: x.sum(axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=2**10,
    )  # fmt: skip
    assert paired(*data).sign_flip == pytest.approx(theirs.pvalue)


@given(st.lists(st.integers(-3, 3), min_size=6, max_size=9))
def test_the_sign_flip_test_counts_every_choice_of_signs(data: list[int]) -> None:
    total = abs(sum(data))
    choices = itertools.product((-1, 1), repeat=len(data))
    far = sum(abs(sum(s * x for s, x in zip(signs, data, strict=True))) >= total for signs in choices)
    assert sign_flip_p(np.array(data, float)) == far / 2 ** len(data)


@pytest.mark.parametrize(("n", "p"), [(5, None), (6, 2 / 2**6), (20, 2 / 2**20), (30, 2 / 2**30), (31, None)])
def test_the_sign_flip_test_is_for_6_to_30_pairs(n: int, p: float | None) -> None:
    assert paired(np.arange(1.0, n + 1), np.zeros(n)).sign_flip == p


def test_a_pairing_by_hand() -> None:
    """The seeds' own spread, far above the differences', cancels; out of order it would not."""
    seeds = np.array([10.0, 50, 20, 90, 70])
    ours = paired([11, 52, 21, 92, 71.5], seeds)
    assert ours.mean == pytest.approx(1.5)
    assert ours.std == pytest.approx(0.5)
    assert ours.p == pytest.approx(0.00257026, rel=1e-4)  # t = 1.5 · √5 / 0.5 = 6.708 with 4 degrees


def test_pairs_with_a_missing_score_are_left_out_as_pairs() -> None:
    first = [1.0, NAN, 3.5, 4.0, INF, 6.0, 2.0]
    second = [0.5, 2.0, 3.0, NAN, 1.0, 4.0, -INF]
    assert paired(first, second) == paired([1.0, 3.5, 6.0], [0.5, 3.0, 4.0])
    assert paired(first, second).n == 3


@given(pairs())
def test_the_other_way_round_is_the_mirror_image(data: tuple[Floats, Floats]) -> None:
    one, two = paired(*data, resolution=0.1), paired(*data[::-1], resolution=0.1)
    assert (one.low, one.high) != (None, None)
    assert one.mean == -two.mean
    assert one.low == -(two.high or 0)
    assert one.p == two.p
    assert one.improvement == pytest.approx(1 - (two.improvement or 0))


@pytest.mark.parametrize("scores_of", [[], [NAN, NAN], [INF, -INF], [NAN, INF, 1e200]])
def test_no_pair_at_all(scores_of: list[float]) -> None:
    ours = paired(scores_of, np.zeros(len(scores_of)))
    assert ours.n == 0
    assert math.isnan(ours.mean)
    assert math.isnan(ours.std)
    assert [ours.low, ours.high, ours.p, ours.corrected, ours.sign_flip, ours.effect, ours.improvement] == [None] * 7


def test_one_pair_has_a_difference_and_no_spread() -> None:
    ours = paired([0.75], [0.5], resolution=0.01)
    assert (ours.n, ours.mean, ours.improvement) == (1, 0.25, 1.0)
    assert math.isnan(ours.std)
    assert [ours.low, ours.high, ours.p, ours.corrected, ours.effect] == [None] * 5


def test_two_pairs_by_hand() -> None:
    ours = paired([1.0, 3.0], [0.0, 0.0])  # mean 2, standard error 1, t = 2 with one degree of freedom
    assert ours.p == pytest.approx(1 - 2 * math.atan(2) / math.pi)
    assert ours.low == pytest.approx(2 - 12.706204736)


class TestEqualDifferences:
    @pytest.mark.parametrize("gap", [1, 2, 0])
    def test_on_whole_images_have_the_spread_of_rounding(self, gap: int) -> None:
        step = 1 / 360
        second = np.array([341, 345, 348, 350, 352]) * step
        ours = paired(second + gap * step, second, resolution=step)
        assert ours.std == pytest.approx(step / math.sqrt(6))
        assert ours.p == pytest.approx(2 * reference.t.sf(gap * math.sqrt(30), 4))
        assert ours.low is not None
        assert ours.low < ours.mean

    def test_of_nothing_are_no_difference(self) -> None:
        ours = paired([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
        assert (ours.p, ours.low, ours.high, ours.std, ours.effect) == (1.0, 0.0, 0.0, 0.0, None)
        assert ours.improvement == 0.5

    @pytest.mark.parametrize("second", [[1.0, 2, 4], [0.1, 0.3, 0.7]])
    def test_of_a_continuous_score_give_no_p(self, second: list[float]) -> None:
        """0.1 + 0.2 − 0.1 is not quite 0.3 + 0.2 − 0.3: rounding is no spread."""
        ours = paired(np.array(second) + 0.2, second)
        assert ours.mean == pytest.approx(0.2)
        assert (ours.p, ours.corrected, ours.low, ours.high, ours.effect) == (None,) * 5

    def test_nearly_equal_ones_have_more_spread_than_equal_ones(self) -> None:
        equal, nearly = (paired(d, np.zeros(10), resolution=1) for d in ([1] * 10, [1] * 9 + [2]))
        assert equal.std == pytest.approx(math.sqrt(1 / 6))
        assert nearly.std == pytest.approx(math.sqrt(0.1 + 1 / 6))


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 2.0]), ([[1.0]], [[2.0]]), (1.0, 2.0)])
def test_scores_of_another_shape_are_refused(first: list[float], second: list[float]) -> None:
    with pytest.raises(ValueError, match="paired scores"):
        paired(first, second)


def test_the_results_are_plain_numbers() -> None:
    ours = paired(np.array([1, 2, 4, 4, 5, 7], np.float32), np.zeros(6, np.float32), resolution=0.1)
    kinds = {type(getattr(ours, name)) for name in ("mean", "std", "low", "high", "p", "sign_flip", "effect")}
    assert kinds == {float}
    assert type(ours.n) is int
