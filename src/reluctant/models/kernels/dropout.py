"""Dropout whose mask is a hash of a key and the position, so that nothing is stored for backward."""

import numpy as np

from reluctant.models.kernels.compiled import Array, kernel


@kernel
def hash_dropout(x: Array, key: np.uint64, rate: float) -> Array:
    """X times 1 / (1 − rate) where a hash of key and position is at least `rate`, 0 elsewhere. Contiguous.

    The hash is a 32-bit mixer of multiplications and shifts (constants: Wellons 2018, "hash prospector").
    """
    limit, scale = np.uint32(rate * 2**32), x.dtype.type(1 / (1 - rate))
    low, high, zero = np.uint32(key), np.uint32(key >> np.uint64(32)), x.dtype.type(0)
    out = np.empty_like(x)
    flat, result = x.reshape(-1), out.reshape(-1)
    for i in range(x.size):
        z = np.uint32(np.uint32(i) * np.uint32(0x9E3779B1)) ^ low
        z = np.uint32(np.uint32(z ^ (z >> np.uint32(16))) * np.uint32(0x7FEB352D)) ^ high
        z = np.uint32(np.uint32(z ^ (z >> np.uint32(15))) * np.uint32(0x846CA68B))
        z = np.uint32(z ^ (z >> np.uint32(16)))
        result[i] = flat[i] * scale if z >= limit else zero
    return out
