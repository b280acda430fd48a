"""One answer over several settings."""

import numpy as np
import pytest
from scipy import stats as reference

from reluctant.statistics import over_settings

RNG = np.random.default_rng(0)


def test_the_mean_is_a_t_interval_over_settings() -> None:
    means = [0.1, 0.3, 0.2, 0.6]
    ours = over_settings(means, [0.01] * 4, level=0.025)
    low, high = reference.ttest_1samp(means, 0).confidence_interval(0.95)
    assert ours.mean == pytest.approx(0.3)
    assert ours.settings == 4
    assert (ours.low, ours.high) == pytest.approx((low, high))
    assert ours.between == pytest.approx(np.sqrt(np.var(means, ddof=1) - 0.01))
    reach = reference.t.ppf(0.975, 3) * np.std(means, ddof=1) * np.sqrt(1.25)
    assert ours.predicted == pytest.approx((0.3 - reach, 0.3 + reach))


def test_settings_that_differ_by_no_more_than_noise_have_no_spread() -> None:
    assert over_settings([0.1, 0.11, 0.09], [0.04] * 3, level=0.025).between == 0


@pytest.mark.parametrize("between", [0.0, 1.0])
def test_interval_and_prediction_cover(between: float) -> None:
    studies, settings, seeds = 3000, 12, 5
    true = 0.5 + between * RNG.standard_normal((studies, settings + 1))
    means = true + RNG.standard_normal(true.shape) / np.sqrt(seeds)
    answers = [over_settings(row[:-1], [1 / seeds] * settings, level=0.025) for row in means]
    held = np.mean([a.low <= 0.5 <= a.high for a in answers])
    foreseen = np.mean([a.predicted[0] <= row[-1] <= a.predicted[1] for a, row in zip(answers, means, strict=True)])
    assert held == pytest.approx(0.95, abs=0.015)
    assert foreseen == pytest.approx(0.95, abs=0.015)
