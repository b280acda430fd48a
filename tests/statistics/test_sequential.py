"""Sequential verdicts: the boundary keeps its level over all looks, and p and interval say the same."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats as reference

from reluctant.statistics import Difference, paired
from reluctant.statistics.distributions import Floats
from reluctant.statistics.sequential import (
    FIRST,
    LAST,
    critical_values,
    look_level,
    look_weights,
    overall_p,
    sequential_bounds,
    sequential_p,
)

STUDIES = 6_000


def paths(truth: float = 0.0, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Mean, standard deviation and n at every look of normal differences with a standard deviation of 1."""
    values = np.random.default_rng(seed).normal(truth, 1, (STUDIES, LAST))
    n = np.arange(FIRST, LAST + 1)
    mean = (values.cumsum(axis=1) / np.arange(1, LAST + 1))[:, FIRST - 1 :]
    squares = (values**2).cumsum(axis=1)[:, FIRST - 1 :]
    return mean, np.sqrt((squares - n * mean**2) / (n - 1)), n.astype(float)


@pytest.mark.parametrize("level", [0.1, 0.05, 0.01])
def test_the_level_is_kept_over_all_looks(level: float) -> None:
    """Looked at after every seed from 3 to 105, an effect that does not exist is found with this probability."""
    ever = sequential_p(*paths())[:, -1] <= level
    assert ever.mean() == pytest.approx(level, abs=3.5 * np.sqrt(level * (1 - level) / STUDIES))


def test_a_third_of_the_level_is_spent_at_five_seeds() -> None:
    p = sequential_p(*paths(seed=1))
    early, all_ = (p[:, i] <= 0.05 for i in (5 - FIRST, -1))
    assert 0.25 < early.mean() / all_.mean() < 0.45


@pytest.mark.parametrize("confidence", [0.95, 1 - 0.05 / 9])
def test_every_interval_holds_the_truth_at_all_looks(confidence: float) -> None:
    low, high = sequential_bounds(*paths(0.3, seed=2), confidence)
    held = ((low <= 0.3) & (high >= 0.3)).all(axis=1).mean()
    assert held == pytest.approx(confidence, abs=3.5 * np.sqrt(confidence * (1 - confidence) / STUDIES))


def test_plain_intervals_do_not_hold_it() -> None:
    """What the boundary is for: t intervals of 95 % lose the truth at some look in a third of studies."""
    mean, std, n = paths(seed=3)
    half = reference.t.ppf(0.975, n - 1) * std / np.sqrt(n)
    assert (np.abs(mean) > half).any(axis=1).mean() > 0.3


@settings(max_examples=60)
@given(arrays(float, st.integers(3, 30), elements=st.floats(-3, 3)), st.integers(1, 9), st.floats(-1, 1))
def test_p_and_interval_say_the_same(data: Floats, comparisons: int, shift: float) -> None:
    assume(np.std(data) > 1e-3)
    ours = paired(data + shift, np.zeros_like(data), sequential=True, comparisons=comparisons)
    assert ours.decides is not None
    assert ours.corrected is not None
    low, high = ours.decides
    assume(abs(ours.corrected - 0.05) > 1e-3)
    assert (ours.corrected <= 0.05) == (low > 0 or high < 0)


@settings(max_examples=30)
@given(arrays(float, 12, elements=st.floats(-3, 3)))
def test_later_seeds_take_nothing_back(data: Floats) -> None:
    assume(np.std(data[:3]) > 1e-3)
    path = [paired(data[:n], np.zeros(n), sequential=True) for n in range(3, 13)]
    p = [each.p for each in path]
    ends = np.array([each.decides for each in path], float)
    assert p == sorted(p, key=lambda x: -(x or 0))
    assert (np.diff(ends[:, 0]) >= 0).all()
    assert (np.diff(ends[:, 1]) <= 0).all()


def test_the_table_and_its_inverse() -> None:
    s = np.geomspace(1e-9, 0.3, 200)
    p = overall_p(s)
    assert (np.diff(p) > 0).all()
    assert (p >= s).all()
    assert [look_level(float(each)) for each in p[10:-10]] == pytest.approx(s[10:-10].tolist(), rel=0.02)
    assert overall_p([0.34, np.nan])[0] == 1
    assert np.isnan(overall_p([np.nan])[0])


def test_the_weights() -> None:
    n = np.arange(1, 110)
    expected = [np.nan if not 3 <= i <= 105 else 3.0 if i == 5 else np.sqrt(i / 105) for i in n]
    np.testing.assert_array_equal(look_weights(n), expected)
    by_hand = reference.t.ppf(1 - look_level(0.025) * 3, 4)
    assert critical_values(0.95)[5 - FIRST] == pytest.approx(by_hand)


def test_two_seeds_are_no_look_and_the_106th_none_either() -> None:
    two = paired([1.0, 1.1], [0.0, 0.0], sequential=True)
    assert (two.p, two.decides) == (1.0, None)
    values = np.random.default_rng(0).normal(0.1, 1, 140)
    long, last = (paired(values[:n], np.zeros(n), sequential=True) for n in (140, 105))
    assert (long.p, long.decides) == (last.p, last.decides)
    assert long.mean != last.mean


def test_equal_differences_at_early_looks_are_no_certainty() -> None:
    """Three equal losses in a row have no spread; they must not make an interval of width zero for ever."""
    values = np.array([0.1, 0.1, 0.1, 0.5, -0.3, 0.2])
    ours: Difference = paired(values, np.zeros(6), sequential=True)
    assert ours.decides is not None
    assert ours.decides[1] - ours.decides[0] > 0.2
    still = paired(values[:3], np.zeros(3), sequential=True)
    assert (still.p, still.decides) == (None, None)
