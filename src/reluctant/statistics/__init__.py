"""What a handful of seeds can tell: intervals, paired tests, corrections, verdicts, seeds still to train.

The seed is the unit. How each part was chosen, what it assumes and how it behaves in simulation stands in
docs/statistics.md.
"""

from reluctant.statistics.components import REST, Component, components
from reluctant.statistics.correction import holm
from reluctant.statistics.distributions import t_quantile
from reluctant.statistics.growth import further_seeds
from reluctant.statistics.images import combined_interval, jackknife_variance
from reluctant.statistics.interval import Interval, mean_interval, prediction_interval
from reluctant.statistics.paired import Difference, paired
from reluctant.statistics.power import difference_power, equivalence_power, seeds_for_equivalence
from reluctant.statistics.unpaired import Unpaired, welch
from reluctant.statistics.verdict import Decision, Verdict, decide

__all__ = [
    "REST",
    "Component",
    "Decision",
    "Difference",
    "Interval",
    "Unpaired",
    "Verdict",
    "combined_interval",
    "components",
    "decide",
    "difference_power",
    "equivalence_power",
    "further_seeds",
    "holm",
    "jackknife_variance",
    "mean_interval",
    "paired",
    "prediction_interval",
    "seeds_for_equivalence",
    "t_quantile",
    "welch",
]
