"""Networks: built from a name, their weights drawn from a seed, their layers listed."""

from reluctant.models.build import build
from reluctant.models.cnn import CNN
from reluctant.models.convnet import ConvNet, kernels_used
from reluctant.models.dropout import Dropout
from reluctant.models.initialise import initialise
from reluctant.models.layers import layers
from reluctant.models.mlp import MLP
from reluctant.models.resnet import ResNet
from reluctant.models.swap.factory import give_or_swap, takes_activation
from reluctant.models.swap.learned import learned
from reluctant.models.swap.sites import place_name, sites
from reluctant.models.swap.swap import Swap, swap_activations

__all__ = [
    "CNN",
    "MLP",
    "ConvNet",
    "Dropout",
    "ResNet",
    "Swap",
    "build",
    "give_or_swap",
    "initialise",
    "kernels_used",
    "layers",
    "learned",
    "place_name",
    "sites",
    "swap_activations",
    "takes_activation",
]
