"""Activation sites of any network: where they are, and how another activation gets there."""

from reluctant.models.swap.gates_report import GatesReport, swap_report
from reluctant.models.swap.modules import activation_modules, activation_parameters, site_name
from reluctant.models.swap.report import SwapReport
from reluctant.models.swap.swap import swap_activations

__all__ = [
    "GatesReport", "SwapReport", "activation_modules", "activation_parameters", "site_name", "swap_activations",
    "swap_report",
]  # fmt: skip
