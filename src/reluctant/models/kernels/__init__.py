"""Compiled kernels of a training step on the processor: fewer passes over memory than one operator at a time.

Maps are arrays (height, width, images, channels) of float32 or float64: neighbours in memory are what the
same weights meet, so that loops are long.
"""

from reluctant.models.kernels.dropout import dropout
from reluctant.models.kernels.first import first_backward, first_pool, fits_first
from reluctant.models.kernels.pooling import normalise, pool, pool_backward, track
from reluctant.models.kernels.winograd import convolve, convolve_backward

__all__ = [
    "convolve",
    "convolve_backward",
    "dropout",
    "first_backward",
    "first_pool",
    "fits_first",
    "normalise",
    "pool",
    "pool_backward",
    "track",
]
