"""Activations of a network: where they are called, and how others are put in their place."""

from reluctant.models.swap.factory import give_or_swap, takes_activation
from reluctant.models.swap.learned import learned
from reluctant.models.swap.sites import place_name, sites
from reluctant.models.swap.swap import Swap, swap_activations

__all__ = [
    "Swap",
    "give_or_swap",
    "learned",
    "place_name",
    "sites",
    "swap_activations",
    "takes_activation",
]
