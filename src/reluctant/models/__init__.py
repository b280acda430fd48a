"""Networks: built from a name, their weights drawn from a seed, their layers listed."""

from reluctant.models.build import build
from reluctant.models.convnet import ConvNet, kernels_used
from reluctant.models.dropout import Dropout
from reluctant.models.initialise import initialise
from reluctant.models.layers import layers
from reluctant.models.sites import sites

__all__ = ["ConvNet", "Dropout", "build", "initialise", "kernels_used", "layers", "sites"]
