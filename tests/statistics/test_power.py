"""Power and the number of seeds: against statsmodels, by simulation, and the table of the issue."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import TTestPower

from reluctant.statistics import difference_power, equivalence_power, more_seeds, seeds_for_equivalence
from reluctant.statistics.distributions import mean_and_std
from reluctant.statistics.interval import half_width
from reluctant.statistics.power import MOST, PLANNED, decision_probability, planned
from reluctant.statistics.sequential import critical_values
from reluctant.statistics.verdict import same_or_different

ROOT2 = math.sqrt(2)  # two arms that vary alike and independently


@settings(max_examples=100)
@given(st.integers(3, 60), st.floats(0.05, 3), st.sampled_from([0.05, 0.025, 0.01]))
def test_the_power_to_find_a_difference_is_statsmodels(n: int, effect: float, level: float) -> None:
    theirs = TTestPower().power(effect, n, level, alternative="two-sided")
    assume(math.isfinite(theirs))  # where it is nearly 1, SciPy's noncentral t gives up
    assert difference_power(n, 2.0, 2 * effect, level=level) == pytest.approx(theirs, abs=1e-4)


def test_a_family_needs_more() -> None:
    alone, of_three = difference_power(10, 1, 1), difference_power(10, 1, 1, comparisons=3)
    assert of_three == pytest.approx(difference_power(10, 1, 1, level=0.05 / 3))
    assert of_three < alone


def test_power_for_nothing_is_the_level() -> None:
    np.testing.assert_allclose(difference_power([2, 3, 5, 50], 1, 0), 0.05, atol=1e-4)


@pytest.mark.parametrize(
    ("n", "truth", "confidence"), [(5, 0.0, 0.95), (8, 0.5, 0.9), (3, 0.0, 0.975), (30, 1.0, 0.95)]
)
def test_the_power_to_find_equality_is_that_of_many_studies(n: int, truth: float, confidence: float) -> None:
    studies = 40_000
    draws = np.random.default_rng(n).normal(truth, 0.8, (studies, n))
    means, stds = mean_and_std(draws, np.zeros_like(draws))
    inside = np.abs(means) + half_width(stds, n, confidence) < 1
    expected = float(equivalence_power(n, 0.8, 1.0, truth, confidence))
    assert inside.mean() == pytest.approx(expected, abs=4 * math.sqrt(0.25 / studies))


@pytest.mark.parametrize(
    ("spread", "margin", "seeds"),
    [(0.0005, 0.001, 6), (0.00075, 0.001, 12), (0.001, 0.001, 19), (0.0013, 0.001, 31), (0.0013, 0.002, 9)],
)
def test_the_table_of_the_issue(spread: float, margin: float, seeds: int) -> None:
    """Deviations of single arms, and the 90 % interval of the usual test at 5 %."""
    assert seeds_for_equivalence(spread * ROOT2, margin, confidence=0.9) == seeds
    assert equivalence_power(seeds, spread * ROOT2, margin, confidence=0.9) >= 0.8
    assert equivalence_power(seeds - 1, spread * ROOT2, margin, confidence=0.9) < 0.8


@pytest.mark.parametrize(("margin", "seeds"), [(1.0, 24), (2.0, 8), (100.0, 2), (0.001, None), (0.0, None)])
def test_seeds_for_equality_at_the_interval_shown(margin: float, seeds: int | None) -> None:
    assert seeds_for_equivalence(ROOT2, margin) == seeds


class TestMoreSeeds:
    def test_is_a_range_from_as_few_to_as_many(self) -> None:
        assert more_seeds(0.0013, 5, 0.002, 3, mean=0.001) == (21, 41)

    def test_the_smaller_number_uses_the_std_as_it_is(self) -> None:
        low, high = more_seeds(1.0, 5, 2.0, mean=0.5) or (0, 0)
        assert low == int(planned(0.5, 1.0, 5, 2.0))
        assert low < high <= MOST

    @pytest.mark.parametrize(
        ("std", "n", "margin"), [(10.0, 5, 1.0), (1.0, 105, 1.0), (1.0, 5, 0.0), (0.0, 5, 1.0), (float("nan"), 1, 1.0)]
    )
    def test_says_nothing_where_nothing_can_be_promised(self, std: float, n: int, margin: float) -> None:
        assert more_seeds(std, n, margin, mean=0.1) is None

    @settings(max_examples=40)
    @given(st.floats(-4, 4), st.floats(0.3, 1.2), st.integers(5, 20), st.integers(1, 9))
    def test_is_the_smallest_number_that_is_enough(self, mean: float, std: float, n: int, family: int) -> None:
        extra = int(planned(mean, std, n, 1.0, family))
        assert 1 <= extra <= MOST + 1
        if extra <= MOST:
            assert decision_probability(extra, mean, std, n, 1.0, family) >= PLANNED
        if extra > 1:
            assert decision_probability(extra - 1, mean, std, n, 1.0, family) < PLANNED

    def test_one_by_one_or_many_at_once(self) -> None:
        means = np.linspace(-4, 4, 17)  # from 1 extra seed to 14
        assert planned(means, 0.8, 5, 1.0, 3).tolist() == [int(planned(m, 0.8, 5, 1.0, 3)) for m in means]

    @pytest.mark.parametrize(("mean", "extra"), [(0.3, 8), (1.4, 20), (-2.5, 4)])
    def test_the_probability_of_a_verdict_is_that_of_many_studies(self, mean: float, extra: int) -> None:
        """Given five differences: draw a truth that may have led to them, then the extra ones."""
        studies, n, family = 40_000, 5, 3
        rng = np.random.default_rng(extra)
        truth = rng.normal(mean, 0.9 / math.sqrt(n), (studies, 1))
        observed = rng.normal(0, 0.9, (studies, n))
        observed += mean - observed.mean(axis=1, keepdims=True)
        draws = np.concatenate([observed, rng.normal(truth, 0.9, (studies, extra))], axis=1)
        means, stds = mean_and_std(draws, np.zeros_like(draws))
        half = critical_values(1 - 0.05 / family)[n + extra - 3] * stds / math.sqrt(n + extra)
        same, different = same_or_different(means - half, means + half, 1.0)
        expected = float(decision_probability(extra, mean, 0.9, n, 1.0, family))
        assert (same | different).mean() == pytest.approx(expected, abs=0.012)
