"""Intervals, Welch's test and the two sources of error against SciPy, statsmodels and by hand."""

import math

import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats as reference
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from reluctant.statistics import (
    Interval,
    combined_interval,
    jackknife_variance,
    mean_interval,
    paired,
    prediction_interval,
    t_quantile,
    welch,
)
from reluctant.statistics.interval import std_ratio
from tests.support.strategies import samples


@settings(max_examples=80)
@given(samples, st.floats(0.01, 0.999))
def test_an_interval_is_scipys(data: list[float], confidence: float) -> None:
    interval = mean_interval(data, confidence)
    error = reference.sem(data)
    assert interval.n == len(data)
    assert interval.mean == pytest.approx(float(np.mean(data)))
    assert interval.low is not None
    assert interval.high is not None
    if error > 0:
        low, high = reference.t.interval(confidence, len(data) - 1, loc=np.mean(data), scale=error)
        assert interval.low == pytest.approx(low, rel=1e-9, abs=1e-9)
        assert interval.high == pytest.approx(high, rel=1e-9, abs=1e-9)
    else:
        assert interval.low == interval.high == interval.mean


@given(st.floats(0.001, 0.999), st.floats(1, 1e4))
def test_a_quantile_is_scipys(p: float, df: float) -> None:
    assert t_quantile(p, df) == pytest.approx(reference.t.ppf(p, df), rel=1e-9, abs=1e-9)


def test_two_values_by_hand() -> None:
    interval = mean_interval([0.0, 2.0])  # mean 1, standard error 1, t(0.975; 1) = 12.706
    assert (interval.n, interval.mean) == (2, 1)
    assert interval.half == pytest.approx(12.706204736)
    assert interval.low == pytest.approx(-11.706204736)
    assert interval.high == pytest.approx(13.706204736)


def test_five_values_by_hand() -> None:
    interval = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])  # standard error √0.5, t(0.975; 4) = 2.7764
    assert interval.half == pytest.approx(2.7764451052 * math.sqrt(0.5))


def test_one_value_has_no_interval() -> None:
    assert mean_interval([0.5]) == Interval(1, 0.5, None, None)
    assert mean_interval([0.5]).half is None


def test_no_values_have_no_mean() -> None:
    interval = mean_interval([])
    assert (interval.n, interval.low, interval.high, interval.half) == (0, None, None, None)
    assert math.isnan(interval.mean)


@pytest.mark.parametrize("data", [[0.1, 0.1], [7.0] * 5])
def test_equal_values_have_an_interval_of_no_width(data: list[float]) -> None:
    assert mean_interval(data).half == 0


@given(samples, st.floats(0.1, 0.9), st.floats(0.01, 0.09))
def test_more_confidence_is_never_narrower(data: list[float], confidence: float, more: float) -> None:
    narrow, wide = mean_interval(data, confidence).half, mean_interval(data, confidence + more).half
    assert narrow is not None
    assert wide is not None
    assert narrow <= wide


def test_the_results_are_plain_numbers() -> None:
    interval = mean_interval(np.array([0.25, 0.5, 0.75], np.float32))
    assert [type(part) for part in (interval.n, interval.mean, interval.low, interval.high)] == [int] + [float] * 3


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_not_averaged_away(bad: float) -> None:
    interval = mean_interval([0.5, bad, 0.7])
    assert math.isnan(interval.mean)
    assert (interval.n, interval.low, interval.high) == (3, None, None)


@given(samples, st.floats(0.5, 0.99))
def test_one_further_run_lies_wider_than_the_mean(data: list[float], confidence: float) -> None:
    mean, run = mean_interval(data, confidence).half, prediction_interval(data, confidence).half
    assert mean is not None
    assert run == pytest.approx(mean * math.sqrt(len(data) + 1), rel=1e-6, abs=1e-9)


def test_a_prediction_holds_for_19_runs_in_20() -> None:
    draws = np.random.default_rng(0).normal(size=(4000, 6))
    intervals = [prediction_interval(row[:5]) for row in draws]
    inside = [(i.low or 0) <= row[5] <= (i.high or 0) for i, row in zip(intervals, draws, strict=True)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.014)


@settings(max_examples=100)
@given(samples, samples, st.floats(0.5, 0.99))
def test_welch_is_scipys_and_statsmodels(first: list[float], second: list[float], confidence: float) -> None:
    assume(np.std(first) > 1e-3)
    assume(np.std(second) > 1e-3)
    ours, theirs = (welch(first, second, confidence=confidence), reference.ttest_ind(first, second, equal_var=False))
    low, high = theirs.confidence_interval(confidence)
    both = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    assert (ours.n1, ours.n2) == (len(first), len(second))
    assert ours.df == pytest.approx(theirs.df)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-6)
    assert (ours.low, ours.high) == pytest.approx((low, high), rel=1e-6, abs=1e-8)
    assert ours.p == pytest.approx(both.ttest_ind(usevar="unequal")[1], rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "mean", "p"),
    [
        ([1.0], [2.0, 3.0], -1.5, None),
        ([1.0, 1.0], [1.0, 1.0, 1.0], 0.0, 1.0),
        ([2.0, 2.0], [1.0, 1.0], 1.0, None),
        ([1.0, math.nan], [2.0, 3.0], -1.5, None),
        ([], [1.0], math.nan, None),
    ],
)
def test_welch_without_a_spread(first: list[float], second: list[float], mean: float, p: float | None) -> None:
    ours = welch(first, second)
    assert ours.mean == pytest.approx(mean, nan_ok=True)
    assert ours.p == p
    assert (ours.low is None) == (p is None)


@given(samples)
def test_a_jackknife_that_leaves_out_one_is_the_variance_of_the_mean(data: list[float]) -> None:
    values = np.array(data)
    without = (values.sum() - values) / (len(values) - 1)
    assert jackknife_variance(without) == pytest.approx(values.var(ddof=1) / len(values), rel=1e-6, abs=1e-9)


def test_a_jackknife_of_groups_finds_the_variance_over_images() -> None:
    """Of an F1-like ratio of sums over 4000 images in 20 groups, against drawing the images anew."""
    rng = np.random.default_rng(0)

    def ratio(images: npt.NDArray[np.float64]) -> float:
        return float(images[..., 0].sum() / images[..., 1].sum())

    draws = np.add(rng.random((300, 4000, 2)), [0.5, 1])
    variances = []
    for images in draws[:100]:
        groups = np.arange(4000) % 20
        variances.append(jackknife_variance([ratio(images[groups != g]) for g in range(20)]))
    assert np.mean(variances) == pytest.approx(np.var([ratio(images) for images in draws]), rel=0.25)


@pytest.mark.parametrize("without", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_a_jackknife_needs_groups_and_scores(without: list[float]) -> None:
    assert math.isnan(jackknife_variance(without))


class TestCombined:
    difference = paired([1.0, 2.0, 3.0, 4.0, 5.0], np.zeros(5))  # variance of the mean 0.5

    def test_without_one_source_is_the_interval_of_the_other(self) -> None:
        low, high = combined_interval(self.difference, 0.0, 20)
        assert (low, high) == pytest.approx((self.difference.low, self.difference.high))
        flat = paired(np.ones(5), np.zeros(5))  # no spread, so nothing decides
        assert all(map(math.isnan, combined_interval(flat, 0.25, 20)))

    def test_by_hand(self) -> None:
        two = paired([1.0, 2.0, 3.0, 4.0, 5.0], np.zeros(5), confidence=0.9)
        low, high = combined_interval(two, 0.5, 5)  # twice 0.5, with 4 degrees of freedom each
        half = reference.t.ppf(0.95, 4)
        assert (low, high) == pytest.approx((3 - half, 3 + half))
        together = paired([1.0, 2.0, 3.0, 4.0, 5.0], np.zeros(5), confidence=0.9, comparisons=4)
        half = reference.t.ppf(1 - 0.1 / 8, 4)
        assert combined_interval(together, 0.5, 5, 4) == pytest.approx((3 - half, 3 + half))

    @pytest.mark.parametrize("variance", [0.001, 0.1, 10.0])
    def test_another_source_of_error_never_narrows_the_interval(self, variance: float) -> None:
        low, high = combined_interval(self.difference, variance, 50)
        assert self.difference.low is not None
        assert self.difference.high is not None
        assert low < self.difference.low
        assert high > self.difference.high

    @pytest.mark.parametrize("variance", [0.0, 0.1])
    def test_needs_two_of_each(self, variance: float) -> None:
        assert all(map(math.isnan, combined_interval(paired([1.0], [0.0]), variance, 20)))
        assert all(map(math.isnan, combined_interval(self.difference, variance, 1)))
        assert all(map(math.isnan, combined_interval(self.difference, math.nan, 20)))

    def test_of_nothing_at_all(self) -> None:
        same = paired([1.0, 1.0], [1.0, 1.0])
        assert combined_interval(same, 0.0, 20) == (0, 0)


def test_the_ratio_of_standard_deviations_is_tested_by_f() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 3, 8), rng.normal(0, 1, 6)
    ratio, p = std_ratio(first, second)
    assert ratio == pytest.approx(first.std(ddof=1) / second.std(ddof=1))
    assert p == pytest.approx(2 * reference.f.sf(ratio**2, 7, 5))
    assert std_ratio(second, first) == pytest.approx((1 / ratio, p))
    assert std_ratio(first[:1], second) == std_ratio(np.zeros(3), second) == (1.0, 1.0)
    assert std_ratio(np.zeros(3), second, resolution=0.1)[0] < 1
