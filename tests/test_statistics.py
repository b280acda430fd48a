"""Intervals of means against SciPy and by hand."""

import math

import numpy as np
import pytest
import scipy.stats as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.statistics import Interval, mean_interval, t_quantile
from tests.strategies import samples


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


def test_plain_numbers_come_out() -> None:
    interval = mean_interval(np.array([0.25, 0.5, 0.75], np.float32))
    assert [type(part) for part in (interval.n, interval.mean, interval.low, interval.high)] == [int] + [
        float
    ] * 3
