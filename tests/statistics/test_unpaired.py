"""Arms without shared seeds: Welch's interval against SciPy, and the interval that decides against its level."""

import math

import numpy as np
import pytest
import scipy.stats as reference
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reluctant.statistics import Difference, Verdict, decide, paired, unpaired
from reluctant.statistics.distributions import Floats
from reluctant.statistics.sequential import LAST, critical_values

NAN, INF = float("nan"), float("inf")
scores = st.floats(-10, 10).map(lambda x: round(x, 3))
runs = arrays(float, st.integers(3, 20), elements=scores).filter(lambda values: bool(np.std(values) > 1e-2))
FIELDS = ("n", "mean", "std", "low", "high", "p", "corrected", "decides", "effect", "improvement")


def numbers(difference: Difference, *names: str) -> list[float]:
    """The numbers of these fields in one list."""
    return [float(number) for name in names for number in np.atleast_1d(getattr(difference, name))]


@settings(max_examples=150)
@given(runs, runs, st.floats(0.5, 0.999))
def test_one_look_at_one_comparison_is_scipys_welch_test(first: Floats, second: Floats, confidence: float) -> None:
    ours = unpaired(first, second, confidence=confidence)
    theirs = reference.ttest_ind(first, second, equal_var=False)
    low, high = theirs.confidence_interval(confidence)
    assert (ours.low, ours.high) == pytest.approx((low, high), rel=1e-6, abs=1e-8)
    assert ours.decides == (ours.low, ours.high)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-6)
    assert (ours.corrected, ours.sign_flip, ours.confidence) == (ours.p, None, confidence)
    assert ours.n == min(len(first), len(second))
    assert ours.mean == pytest.approx(first.mean() - second.mean(), abs=1e-12)
    assert ours.std / math.sqrt(ours.n) == pytest.approx(
        math.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    )
    assert ours.effect == pytest.approx(ours.mean / math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))


@given(runs, runs, st.booleans())
def test_the_probability_of_improvement_is_mann_and_whitneys(first: Floats, second: Floats, higher: bool) -> None:
    one, two = (first, second) if higher else (second, first)
    wins = reference.mannwhitneyu(one, two, method="asymptotic").statistic
    assert unpaired(first, second, higher=higher).improvement == pytest.approx(wins / (len(first) * len(second)))


@given(runs, runs, st.booleans(), st.integers(1, 4))
def test_arms_that_change_sides_change_signs(first: Floats, second: Floats, sequential: bool, comparisons: int) -> None:
    one = unpaired(first, second, sequential=sequential, comparisons=comparisons, resolution=0.1)
    two = unpaired(second, first, sequential=sequential, comparisons=comparisons, resolution=0.1)
    assert numbers(one, "n", "std", "p", "corrected") == pytest.approx(numbers(two, "n", "std", "p", "corrected"))
    assert numbers(one, "mean", "low", "high", "effect") == pytest.approx(
        [-number for number in numbers(two, "mean", "high", "low", "effect")], abs=1e-9
    )
    assert numbers(one, "decides") == pytest.approx([-end for end in numbers(two, "decides")[::-1]], abs=1e-9)
    assert one.improvement == pytest.approx(1 - (two.improvement or 0))


@given(runs, runs, st.integers(-50, 50), st.floats(0.01, 100), st.booleans())
def test_the_unit_and_the_origin_of_the_score_do_not_matter(
    first: Floats, second: Floats, shift: int, scale: float, sequential: bool
) -> None:
    plain = unpaired(first, second, sequential=sequential, comparisons=2)
    moved = unpaired(first + shift, second + shift, sequential=sequential, comparisons=2)
    scaled = unpaired(scale * first, scale * second, sequential=sequential, comparisons=2)
    unitless, in_units = ("n", "p", "corrected", "effect"), ("mean", "std", "low", "high", "decides")
    assert numbers(moved, *unitless, *in_units) == pytest.approx(numbers(plain, *unitless, *in_units), abs=1e-9)
    assert numbers(scaled, *unitless) == pytest.approx(numbers(plain, *unitless), abs=1e-9)
    assert numbers(scaled, *in_units) == pytest.approx([scale * x for x in numbers(plain, *in_units)], abs=1e-9)


@given(runs, runs, st.integers(1, 9), st.floats(0.8, 0.99))
def test_more_looks_and_more_comparisons_widen_the_interval(
    first: Floats, second: Floats, comparisons: int, confidence: float
) -> None:
    plain, together, growing = (
        unpaired(first, second, confidence=confidence, comparisons=k, sequential=s)
        for k, s in ((1, False), (comparisons, False), (comparisons, True))
    )
    assert (together.low, together.high) == (growing.low, growing.high) == (plain.low, plain.high)
    ends = np.array([each.decides for each in (plain, together, growing)], float)
    assert (np.diff(ends[:, 0]) <= 1e-12).all()
    assert (np.diff(ends[:, 1]) >= -1e-12).all()


@settings(max_examples=60)
@given(runs, runs, st.integers(1, 9), st.booleans(), st.floats(-5, 5))
def test_p_and_interval_agree(first: Floats, second: Floats, comparisons: int, sequential: bool, shift: float) -> None:
    ours = unpaired(first + shift, second, comparisons=comparisons, sequential=sequential)
    assert ours.decides is not None
    assert ours.corrected is not None
    assert ours.corrected == min(1.0, comparisons * (ours.p or 0))
    assume(abs(ours.corrected - 0.05) > 1e-3)
    assert (ours.corrected <= 0.05) == (ours.decides[0] > 0 or ours.decides[1] < 0)


@pytest.mark.parametrize("sequential", [False, True])
def test_the_order_of_the_runs_does_not_matter(sequential: bool) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.2, 1, LAST), rng.normal(0, 1, 40)
    one, two = (
        unpaired(*arms, sequential=sequential) for arms in ((first, second), (rng.permutation(first), second[::-1]))
    )
    assert numbers(one, *FIELDS) == pytest.approx(numbers(two, *FIELDS))


@pytest.mark.parametrize("sequential", [False, True])
def test_scores_that_are_not_finite_are_left_out(sequential: bool) -> None:
    first, second = [1.0, NAN, 3.5, INF, 6.0, 5.5], [1e200, 0.5, -INF, 3.0, 4.0]
    ours = unpaired(first, second, sequential=sequential)
    assert ours == unpaired([1.0, 3.5, 6.0, 5.5], [0.5, 3.0, 4.0], sequential=sequential)
    assert ours.n == 3


def test_by_hand() -> None:
    """Variances 1 and 10, three and five runs: the squared error is 1/3 + 2."""
    first, second = np.array([9.0, 10, 11]), np.array([1.0, 3, 5, 7, 9]) - 5
    ours = unpaired(first, second, comparisons=2)
    error = math.sqrt(1 / 3 + 2)
    assert (ours.n, ours.mean, ours.improvement) == (3, 10, 1)
    assert ours.std == pytest.approx(math.sqrt(3) * error)
    half = reference.t.ppf(1 - 0.05 / 4, 2) * error  # two degrees of freedom: the shorter arm has three runs
    assert ours.decides == pytest.approx((10 - half, 10 + half))
    assert ours.p == pytest.approx(2 * reference.t.sf(10 / error, 2))
    growing = unpaired(first, second, sequential=True, comparisons=2)
    half = critical_values(1 - 0.05 / 2)[0] * error
    assert growing.decides == pytest.approx((10 - half, 10 + half))


def test_runs_after_the_last_look_move_no_verdict() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.1, 1, 150), rng.normal(0, 1, 130)
    long, last = (unpaired(first[:n], second[:n], sequential=True) for n in (150, LAST))
    assert (long.p, long.decides) == (last.p, last.decides)
    assert long.n == 130
    assert long.mean == pytest.approx(first.mean() - second.mean())
    one = unpaired(first, second[:40], sequential=True)
    assert one.decides == unpaired(first[:LAST], second[:40], sequential=True).decides


def test_all_looks_together_respect_the_level() -> None:
    """An arm of five runs, and one with four times its deviation that grows: Welch's df would be false in a tenth."""
    rng = np.random.default_rng(2)
    studies = [
        [unpaired(rival[:n], baseline, sequential=True).p or 0 for n in range(5, 51, 3)]
        for rival, baseline in zip(rng.normal(0, 4, (500, 50)), rng.normal(0, 1, (500, 5)), strict=True)
    ]
    false = np.mean([min(p) <= 0.05 for p in studies])
    assert false <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 500)


@pytest.mark.parametrize(("sequential", "comparisons"), [(False, 1), (False, 3), (True, 1), (True, 3)])
def test_an_interval_that_decides_holds_the_truth(sequential: bool, comparisons: int) -> None:
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(1000):
        baseline = rng.normal(0, 1, 9)
        ends = [
            unpaired(rng.normal(2, 3, 4), baseline, sequential=sequential, comparisons=comparisons).decides
            for _ in range(comparisons)
        ]
        missed += any(not low <= 2 <= high for low, high in np.array(ends, float))
    assert missed / 1000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


class TestFewRunsAndNoSpread:
    @pytest.mark.parametrize(("first", "second"), [([], [1.0]), ([NAN], [1.0, 2.0]), ([], [])])
    def test_an_arm_without_runs(self, first: list[float], second: list[float]) -> None:
        ours = unpaired(first, second)
        assert ours.n == 0
        assert math.isnan(ours.mean)
        assert math.isnan(ours.std)
        assert [ours.low, ours.p, ours.corrected, ours.decides, ours.effect, ours.improvement] == [None] * 6
        assert decide(ours, margin=0.1, higher=True, comparisons=1).verdict is Verdict.NONE

    def test_an_arm_of_one_run(self) -> None:
        ours = unpaired([2.0], [0.0, 1.0, 3.0], sequential=True)
        assert (ours.n, ours.p, ours.decides) == (1, None, None)
        assert ours.mean == pytest.approx(2 / 3)
        assert ours.improvement == pytest.approx(2 / 3)

    def test_two_runs_are_no_look(self) -> None:
        ours = unpaired([1.0, 1.1], [0.0, 0.2, 0.1, 0.3], sequential=True)
        assert (ours.n, ours.p, ours.corrected, ours.decides) == (2, 1.0, 1.0, None)
        assert ours.low is not None

    @pytest.mark.parametrize("sequential", [False, True])
    @pytest.mark.parametrize("gap", [0.0, 0.2])
    def test_no_spread_is_judged_as_that_of_pairs(self, gap: float, sequential: bool) -> None:
        first, second = np.full(3, 0.1), np.full(3, 0.1 + gap)
        one, two = (test(first, second, sequential=sequential) for test in (unpaired, paired))
        assert one == two
        longer = unpaired(first, np.full(7, 0.1 + gap), sequential=sequential)
        assert (longer.p, longer.decides) == (one.p, one.decides)

    def test_equal_scores_on_whole_images_have_the_spread_of_rounding(self) -> None:
        ours = unpaired(np.full(5, 0.9), np.full(5, 0.8), resolution=0.01, sequential=True)
        assert ours.std == pytest.approx(0.01 / math.sqrt(6))
        assert ours.effect == pytest.approx(0.1 / (0.01 / math.sqrt(12)))
        assert decide(ours, margin=0.01, higher=True, comparisons=1).verdict is Verdict.BETTER

    def test_one_arm_without_a_spread(self) -> None:
        ours = unpaired([1.0, 1.0, 1.0], [0.0, 1.0, 2.0, 5.0])
        low, high = reference.t.interval(0.95, 3, -1.0, math.sqrt(14 / 3 / 4))
        assert (ours.low, ours.high) == pytest.approx((low, high))

    @pytest.mark.parametrize("first", [1.0, [[1.0]]])
    def test_scores_of_another_shape_are_refused(self, first: float | list[list[float]]) -> None:
        with pytest.raises(ValueError, match="unpaired scores"):
            unpaired(first, [1.0])
