"""Compiled CPU kernels of a training step: fewer passes over memory than one operator at a time.

Maps are arrays (height, width, images, channels) of float32 or float64: values that meet the same weights are
neighbours in memory, so that loops are long.
"""

from reluctant.models.kernels.dropout import hash_dropout
from reluctant.models.kernels.pooling import max_pool, max_pool_backward, normalise_pooled, update_running_statistics
from reluctant.models.kernels.single_channel import fits_single_channel, single_channel_backward, single_channel_pool
from reluctant.models.kernels.winograd import winograd_backward, winograd_convolve

__all__ = [
    "fits_single_channel", "hash_dropout", "max_pool", "max_pool_backward", "normalise_pooled",
    "single_channel_backward", "single_channel_pool", "update_running_statistics", "winograd_backward",
    "winograd_convolve",
]  # fmt: skip
