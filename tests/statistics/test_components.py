"""Components of variance: against statsmodels' mean squares, by hand, and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.statistics import REST, components


def test_components_follow_from_the_mean_squares_of_statsmodels() -> None:
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    grid = np.random.default_rng(1).normal(size=(4, 3, 2)) + np.arange(4)[:, None, None]
    positions = np.indices(grid.shape).reshape(3, -1)
    frame = pd.DataFrame({"y": grid.ravel(), **dict(zip("abc", positions, strict=True))})
    model = ols("y ~ (C(a) + C(b) + C(c)) ** 2", frame).fit()  # what is left is the last interaction
    ms = {name.replace("C(", "").replace(")", ""): value for name, value in anova_lm(model)["mean_sq"].items()}
    variances = {part.source: part.variance for part in components(grid, "abc")}
    by_hand = {
        "a": (ms["a"] - ms["a:b"] - ms["a:c"] + ms["Residual"]) / 6,
        "b": (ms["b"] - ms["a:b"] - ms["b:c"] + ms["Residual"]) / 8,
        "c": (ms["c"] - ms["a:c"] - ms["b:c"] + ms["Residual"]) / 12,
    }
    pairs = [(ms[pair] - ms["Residual"]) / grid.shape["abc".index(left)]
             for pair, left in (("a:b", "c"), ("a:c", "b"), ("b:c", "a"))]  # fmt: skip
    assert {name: variances[name] for name in by_hand} == pytest.approx({k: max(0.0, v) for k, v in by_hand.items()})
    assert variances[REST] == pytest.approx(max(0.0, sum(pairs) + ms["Residual"]))


def test_interactions_count_for_neither_source() -> None:
    rng = np.random.default_rng(3)
    shares = np.zeros(4)
    for _ in range(300):
        grid = rng.normal(0, 1, (4, 3, 1, 1)) + np.zeros((4, 3, 3, 2))
        shares += [part.variance for part in components(grid + rng.normal(0, 0.01, grid.shape), "abcd")][:4]
    rest = np.mean([components(rng.normal(0, 1, (4, 3, 1, 1)) + np.zeros((4, 3, 3, 2)), "abcd")[-1].variance
                    for _ in range(300)])  # fmt: skip
    assert rest == pytest.approx(1, abs=0.15)
    assert shares[0] / 300 < 0.2  # clipped at 0, so a little above it
    assert shares[2] / 300 < 0.01


def test_additive_sources_leave_no_rest() -> None:
    grid = np.array([0.0, 2.0])[:, None] + np.array([0.0, 3.0, 6.0])
    first, second, rest = components(grid, ["a", "b"])
    assert (first.variance, second.variance, rest.variance) == pytest.approx((2.0, 9.0, 0.0), abs=1e-12)


def test_one_source_alone_is_a_plain_variance() -> None:
    values = np.array([[[1.0]], [[2.0]], [[4.0]]])
    (only,) = components(values, ["a", "b", "c"])
    assert (only.source, only.share) == ("a", 1.0)
    assert only.variance == pytest.approx(np.var([1, 2, 4], ddof=1))
    assert only.low is not None
    assert only.high is not None
    assert only.low < only.variance < only.high


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(1000):
        grid = rng.normal(0, 2, (6, 1)) + rng.normal(0, 1, (1, 5)) + rng.normal(0, 1, (6, 5))
        first = components(grid, ["a", "b"])[0]
        assert first.low is not None
        assert first.high is not None
        inside += first.low <= 4 <= first.high
    assert 0.93 < inside / 1000 <= 1


def test_intervals_cover_the_truth_where_sources_interact() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(1000):
        grid = rng.normal(0, 1, (4, 1, 1)) + rng.normal(0, 1, (4, 3, 1)) + rng.normal(0, 0.5, (4, 3, 3))
        first = components(grid, "abc")[0]
        assert first.low is not None
        assert first.high is not None
        inside += first.low <= 1 <= first.high
    assert 0.92 < inside / 1000 <= 1


@given(st.integers(0, 10**6))
def test_an_interval_covers_its_estimate(seed: int) -> None:
    for part in components(np.random.default_rng(seed).normal(size=(3, 2, 2)), "abc")[:3]:
        assert part.low is not None
        assert part.high is not None
        assert 0 <= part.low <= part.variance <= part.high


def test_equal_scores_have_no_shares() -> None:
    assert all(math.isnan(part.share) and part.low is None for part in components(np.ones((2, 2)), "ab"))


def test_a_hole_in_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="full grid"):
        components([[1.0, np.nan], [1.0, 2.0]], "ab")
