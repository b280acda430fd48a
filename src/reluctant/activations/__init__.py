"""Activation functions as fresh modules: from the catalogue's names, or from code of one's own."""

from reluctant.activations.build import factory, make
from reluctant.activations.probe import check, shape
from reluctant.activations.stochastic import RReLU, Stochastic

__all__ = ["RReLU", "Stochastic", "check", "factory", "make", "shape"]
