"""Intervals, paired tests, corrections, verdicts and planning for few seeds. NumPy and SciPy only.

The seed is the unit. docs/statistics.md says how each part was chosen, what it assumes and how it behaves
in simulation.
"""

from reluctant.statistics.collapse import collapsed_runs, largest_rate
from reluctant.statistics.components import REST, Component, components
from reluctant.statistics.distributions import t_quantile
from reluctant.statistics.interval import Interval, Unpaired, mean_interval, prediction_interval, welch
from reluctant.statistics.paired import Difference, combined_interval, jackknife_variance, paired
from reluctant.statistics.power import difference_power, equivalence_power, more_seeds, seeds_for_equivalence
from reluctant.statistics.random_effects import OverSettings, over_settings
from reluctant.statistics.unpaired import unpaired
from reluctant.statistics.verdict import Decision, Verdict, decide

__all__ = [
    "REST", "Component", "Decision", "Difference", "Interval", "OverSettings", "Unpaired", "Verdict", "collapsed_runs",
    "combined_interval", "components", "decide", "difference_power", "equivalence_power", "jackknife_variance",
    "largest_rate", "mean_interval", "more_seeds", "over_settings", "paired", "prediction_interval",
    "seeds_for_equivalence", "t_quantile", "unpaired", "welch",
]  # fmt: skip
