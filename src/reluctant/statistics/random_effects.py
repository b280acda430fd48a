"""One answer over several settings: the mean difference, how much it varies, and what a new setting may show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import t_quantile
from reluctant.statistics.paired import paired

FEWEST = 3  # settings; of two nothing can be said about others


@dataclass(frozen=True)
class OverSettings:
    """A difference over settings that are a sample of those that could have been chosen."""

    settings: int
    seeds: int  # that all of them share
    mean: float
    low: float | None  # the interval that decides: for the mean over all settings that could have been chosen
    high: float | None
    between: float  # standard deviation of the true differences between settings
    predicted: tuple[float, float] | None  # 95 %: what would be measured in one more setting, with as many seeds


def over_settings(
    differences: npt.ArrayLike, *, comparisons: int = 1, sequential: bool = True, resolution: float = 0.0
) -> OverSettings:
    """The answer for settings and seeds that are both a sample, from differences of shape (settings, seeds).

    The half-width over settings, t·s/√S of the settings' means, and that over seeds, the interval that decides on the
    means of the seeds over all settings, are added in quadrature. Settings share their seeds, and with them initial
    weights and batches, so that more settings do not make the seeds more; what is noise of a single run counts in
    both. The settings weigh the same: weights by variances that are estimated from few seeds make intervals too narrow
    (IntHout et al. 2014). The variance between settings is what s² exceeds the mean variance of the settings' means
    (Hedges 1983). The prediction adds t·s·√(1 + 1/S) and the 95 % interval over seeds.

    Args:
        differences: First minus second arm; NaN where a run is missing. Seeds that a setting lacks are left out.
        comparisons: How many comparisons are decided together.
        sequential: Whether the interval over seeds is to hold at every look.
        resolution: One step of the score.
    """
    values = np.asarray(differences, float)
    values = values[:, np.isfinite(values).all(axis=0)]
    settings, seeds = values.shape
    mean = float(values.mean()) if seeds else float("nan")
    if settings < FEWEST or seeds < 2:
        return OverSettings(settings, seeds, mean, None, None, float("nan"), None)
    spread = float(values.mean(axis=1).var(ddof=1))
    noise = float(values.var(axis=1, ddof=1).mean()) / seeds
    by_seed = paired(
        values.mean(axis=0), np.zeros(seeds), sequential=sequential, comparisons=comparisons,
        resolution=resolution / np.sqrt(settings),
    )  # fmt: skip
    between = float(np.sqrt(max(0.0, spread - noise)))
    if by_seed.decides is None or by_seed.low is None:
        return OverSettings(settings, seeds, mean, None, None, between, None)
    over = t_quantile(1 - 0.025 / comparisons, settings - 1) * np.sqrt(spread / settings)
    low, high = (float(np.hypot(over, end - mean)) for end in by_seed.decides)
    reach = t_quantile(0.975, settings - 1) * np.sqrt(spread * (1 + 1 / settings))
    reach = float(np.hypot(reach, by_seed.low - mean))
    return OverSettings(settings, seeds, mean, mean - low, mean + high, between, (mean - reach, mean + reach))
