"""Networks: built by name, initialised from a seed, with any activation at their sites."""

from reluctant.models.build import build
from reluctant.models.convnet import CNN, ConvNet, kernels_used
from reluctant.models.factories import build_with_activation
from reluctant.models.fused import Dropout
from reluctant.models.keywords import activation_keyword
from reluctant.models.layers import initialise, layer_table
from reluctant.models.mlp import MLP
from reluctant.models.resnet import ResNet
from reluctant.models.swap import (
    GatesReport,
    SwapReport,
    activation_modules,
    activation_parameters,
    site_name,
    swap_activations,
    swap_report,
)

__all__ = [
    "CNN", "MLP", "ConvNet", "Dropout", "GatesReport", "ResNet", "SwapReport", "activation_keyword",
    "activation_modules", "activation_parameters", "build", "build_with_activation", "initialise", "kernels_used",
    "layer_table", "site_name", "swap_activations", "swap_report",
]  # fmt: skip
