"""Is the difference real? Paired comparisons of a study's activations, with verdicts. Needs no torch."""

from reluctant.analysis.comparison.compare import Comparison, Contrast, compare
from reluctant.analysis.comparison.pick import Pick, pick
from reluctant.analysis.comparison.sentence import sentence
from reluctant.analysis.comparison.units import Unit, unit_of

__all__ = ["Comparison", "Contrast", "Pick", "Unit", "compare", "pick", "sentence", "unit_of"]
