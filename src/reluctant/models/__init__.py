"""Networks: built by name, initialised from a seed, with any activation at their sites."""

from reluctant.models.build import build
from reluctant.models.convnet import CNN, ConvNet, kernels_used
from reluctant.models.factories import build_with_activation
from reluctant.models.fused import Dropout
from reluctant.models.gpt import GPT
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
from reluctant.models.swap_norms import NormReport, swap_norms
from reluctant.models.text_classifier import TextClassifier
from reluctant.models.tokens import example_inputs, mask_padding, unpack_logits

__all__ = [
    "CNN", "GPT", "MLP", "ConvNet", "Dropout", "GatesReport", "NormReport", "ResNet", "SwapReport", "TextClassifier",
    "activation_keyword", "activation_modules", "activation_parameters", "build", "build_with_activation",
    "example_inputs", "initialise", "kernels_used", "layer_table", "mask_padding", "site_name", "swap_activations",
    "swap_norms", "swap_report", "unpack_logits",
]  # fmt: skip
