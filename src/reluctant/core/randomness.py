"""Where random numbers come from: one seed per purpose, epoch and place, the activation's name in none.

Nothing here depends on the order of runs, on workers or on interruptions, so the same seed gives every
activation the same start, the same batches and the same dropout masks.
"""

import hashlib

import numpy as np

PURPOSES = {
    "weights": 0,
    "order": 1,
    "dropout": 2,
    "activation": 3,
    "split": 4,
    "foreign": 5,
    "probe": 6,
    "robustness": 7,
    "augment": 8,
}


def derived(seed: int, purpose: str, *path: int | str) -> np.random.SeedSequence:
    """The seed sequence of one purpose (a key of PURPOSES) and path (an epoch, a parameter's name)."""
    words = [PURPOSES[purpose]]
    for step in path:
        words += _words(step) if isinstance(step, str) else [step]
    return np.random.SeedSequence(entropy=seed, spawn_key=tuple(words))


def _words(text: str) -> list[int]:
    digest = hashlib.sha256(text.encode()).digest()
    return [int.from_bytes(digest[i : i + 4], "little") for i in (0, 4, 8, 12)]


def integer(seed: int, purpose: str, *path: int | str) -> int:
    """A 63-bit seed for a generator of PyTorch's."""
    low, high = derived(seed, purpose, *path).generate_state(2, np.uint32)
    return (int(high) << 32 | int(low)) >> 1


def generator(seed: int, purpose: str, *path: int | str) -> np.random.Generator:
    """A NumPy generator (PCG64)."""
    return np.random.default_rng(derived(seed, purpose, *path))
