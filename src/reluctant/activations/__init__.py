"""Activation functions as fresh modules: from the catalogue's names, or from user-defined code."""

from reluctant.activations.build import MARK, check_activation, factory, make, output_mismatch, raw_factory
from reluctant.activations.feature_axis import needs_feature_axis, set_feature_axis, undecided_axes
from reluctant.activations.gain import gain, gaussian_moments
from reluctant.activations.numerics import sample_curve
from reluctant.activations.stochastic import RReLU, Stochastic

__all__ = [
    "MARK", "RReLU", "Stochastic", "check_activation", "factory", "gain", "gaussian_moments", "make",
    "needs_feature_axis", "output_mismatch", "raw_factory", "sample_curve", "set_feature_axis", "undecided_axes",
]  # fmt: skip
