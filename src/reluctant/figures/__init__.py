"""Figures: one function per figure, the analysis of a setting in, a matplotlib `Figure` out. Needs no torch."""

from reluctant.figures.confusion import confusion
from reluctant.figures.cost import score_against_time
from reluctant.figures.curves import score_by_epoch, training_curves
from reluctant.figures.dead_units import dead_units
from reluctant.figures.distributions import distributions
from reluctant.figures.gradient_depth import gradient_by_depth
from reluctant.figures.inline import file_content, inline_formula, inline_svg, save
from reluctant.figures.margins import verdict_by_margin
from reluctant.figures.predicted import predicted
from reluctant.figures.published import published_numbers
from reluctant.figures.rates import score_against_rate
from reluctant.figures.scores import differences, final_scores, variance_shares
from reluctant.figures.shapes import activation_shape, activation_shapes, formula

__all__ = ["activation_shape", "activation_shapes", "confusion", "dead_units", "differences", "distributions",
           "file_content", "final_scores", "formula", "gradient_by_depth", "inline_formula", "inline_svg",
           "predicted", "published_numbers", "save", "score_against_rate", "score_against_time",
           "score_by_epoch", "training_curves", "variance_shares", "verdict_by_margin"]  # fmt: skip
