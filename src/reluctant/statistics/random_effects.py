"""One answer over several settings: the mean difference, how much it varies, and what a new setting may show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import t_quantile

FEWEST = 3  # settings; of two nothing can be said about others


@dataclass(frozen=True)
class OverSettings:
    """A difference over settings that are a sample of those that could have been chosen."""

    settings: int
    mean: float
    low: float  # the interval that decides: for the mean over all settings that could have been chosen
    high: float
    between: float  # standard deviation of the true differences between settings
    predicted: tuple[float, float]  # 95 %: what would be measured in one more setting, with as many seeds


def over_settings(differences: npt.ArrayLike, variances: npt.ArrayLike, *, level: float) -> OverSettings:
    """The random-effects answer from the mean difference at every setting, shape (settings,).

    The settings weigh the same and are the unit: mean ± t·s/√S of their differences, whatever the variance of each
    (weights by variances that are estimated from few seeds make intervals too narrow: IntHout et al. 2014). The
    variance between settings is what s² exceeds the mean variance of the differences (Hedges 1983). The prediction is
    mean ± t·s·√(1 + 1/S), for a difference of as many seeds: with the variance between settings alone it would be
    too narrow for few settings (87 % in place of 95 in simulated studies of twelve).

    Args:
        differences: First minus second arm, the mean over seeds, of each setting.
        variances: Of each of these means.
        level: One-sided level of the interval that decides.
    """
    values, noise = np.asarray(differences, float), np.asarray(variances, float)
    n = len(values)
    mean, spread = float(values.mean()), float(values.var(ddof=1))
    error = np.sqrt(spread / n)
    half = t_quantile(1 - level, n - 1) * error
    between = max(0.0, spread - float(noise.mean()))
    reach = t_quantile(0.975, n - 1) * np.sqrt(spread * (1 + 1 / n))
    return OverSettings(
        n, mean, float(mean - half), float(mean + half), float(np.sqrt(between)),
        (float(mean - reach), float(mean + reach)),
    )  # fmt: skip
