"""Compiled kernels of a training step on the processor: fewer passes over memory than one operator at a time.

Maps are channels-last arrays (images, height, width, channels) of float32 or float64.
"""

from reluctant.kernels.dropout import dropout
from reluctant.kernels.first import first_backward, first_pool, fits_first
from reluctant.kernels.pooling import normalise, pool, pool_backward, track

__all__ = [
    "dropout",
    "first_backward",
    "first_pool",
    "fits_first",
    "normalise",
    "pool",
    "pool_backward",
    "track",
]
