"""Activation functions as fresh modules: from the catalogue's names, or from code of one's own."""

from reluctant.activations.build import MARK, builder, factory, make
from reluctant.activations.gain import gain, moments
from reluctant.activations.probe import check, shape
from reluctant.activations.stochastic import RReLU, Stochastic

__all__ = ["MARK", "RReLU", "Stochastic", "builder", "check", "factory", "gain", "make", "moments", "shape"]
