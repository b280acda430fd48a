"""One answer over several settings that share their seeds."""

import numpy as np
import pytest
from scipy import stats as reference

from reluctant.statistics import over_settings, paired

RNG = np.random.default_rng(0)


def test_half_widths_over_settings_and_seeds_in_quadrature() -> None:
    values = np.random.default_rng(3).normal(0.3, 1, (4, 6))
    ours = over_settings(values, comparisons=3, sequential=False)
    by_setting = values.mean(axis=1)
    over = reference.t.ppf(1 - 0.025 / 3, 3) * by_setting.std(ddof=1) / 2
    low, high = paired(values.mean(axis=0), np.zeros(6), comparisons=3).decides or (0, 0)
    assert (ours.settings, ours.seeds) == (4, 6)
    assert ours.mean == pytest.approx(values.mean())
    assert ours.low == pytest.approx(ours.mean - np.hypot(over, ours.mean - low))
    assert ours.high == pytest.approx(ours.mean + np.hypot(over, high - ours.mean))
    noise = values.var(axis=1, ddof=1).mean() / 6
    assert ours.between == pytest.approx(np.sqrt(max(0, by_setting.var(ddof=1) - noise)))
    later = over_settings(values, comparisons=3)
    assert later.low is not None
    assert later.high is not None
    assert later.high - later.low > (ours.high or 0) - (ours.low or 0)  # to hold at every look


def test_settings_that_are_copies_of_each_other_are_no_more_evidence() -> None:
    """They share their seeds: twelve equal settings once made an interval of width zero."""
    one = RNG.normal(0.3, 1, 6)
    ours, alone = over_settings(np.tile(one, (12, 1))), paired(one, np.zeros(6), sequential=True)
    assert (ours.low, ours.high) == pytest.approx(alone.decides)
    assert ours.between == 0


def test_seeds_that_a_setting_lacks_are_left_out() -> None:
    values = RNG.normal(0, 1, (4, 6))
    lost = values.copy()
    lost[2, 1] = np.nan
    assert over_settings(lost) == over_settings(np.delete(values, 1, axis=1))
    assert over_settings(np.full((4, 6), np.nan)).low is None
    assert over_settings(values[:2]).low is None


@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_interval_and_prediction_cover(shared: float) -> None:
    studies, settings, seeds = 1500, 12, 5
    true = 0.5 + RNG.standard_normal((studies, settings + 1, 1))
    noise = np.sqrt(shared) * RNG.standard_normal((studies, 1, seeds))
    values = true + noise + np.sqrt(1 - shared) * RNG.standard_normal((studies, settings + 1, seeds))
    answers = [over_settings(study[:-1], sequential=False) for study in values]
    held = np.mean([(a.low or 0) <= 0.5 <= (a.high or 0) for a in answers])
    new = values[:, -1].mean(axis=1)
    foreseen = np.mean([
        a.predicted is not None and a.predicted[0] <= x <= a.predicted[1] for a, x in zip(answers, new, strict=True)
    ])  # fmt: skip
    assert held > 0.94
    assert foreseen > 0.94
