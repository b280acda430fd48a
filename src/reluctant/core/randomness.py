"""Random numbers: one seed sequence per seed, purpose and path. The activation is never part of them.

Nothing here depends on the order of runs, on workers or on interruptions. So the same seed gives every
activation the same initial weights, the same batches and the same dropout masks.
"""

import hashlib
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

RANDOM_STATES = threading.RLock()  # one thread at a time seeds and restores global random states

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
    "trial": 9,
    "windows": 10,
}


def seed_sequence(seed: int, purpose: str, *path: int | str) -> np.random.SeedSequence:
    """Return the seed sequence of a purpose (a key of PURPOSES) and a path (an epoch, a parameter's name, …).

    A text in the path counts as the first four 32-bit words of its SHA-256.
    """
    spawn_key = [PURPOSES[purpose]]
    for step in path:
        if isinstance(step, str):
            spawn_key += np.frombuffer(hashlib.sha256(step.encode()).digest(), "<u4")[:4].tolist()
        else:
            spawn_key.append(step)
    return np.random.SeedSequence(entropy=seed, spawn_key=tuple(spawn_key))


def torch_seed(seed: int, purpose: str, *path: int | str) -> int:
    """Return a 63-bit seed for a PyTorch generator."""
    low, high = seed_sequence(seed, purpose, *path).generate_state(2, np.uint32)
    return (int(high) << 32 | int(low)) >> 1


def generator(seed: int, purpose: str, *path: int | str) -> np.random.Generator:
    """Return a NumPy generator (PCG64)."""
    return np.random.default_rng(seed_sequence(seed, purpose, *path))


@contextmanager
def preserve_random_states() -> Iterator[None]:
    """Restore the global random states afterwards: Python's, NumPy's, and PyTorch's on the CPU if it is imported.

    Other threads wait: the states belong to all of them. Whoever restores them without the lock takes the numbers from
    a thread that has seeded meanwhile, and two equal comparisons differ.
    """
    torch = sys.modules.get("torch")
    with RANDOM_STATES:
        python_state, numpy_state = random.getstate(), np.random.get_state()
        torch_state = torch.default_generator.get_state() if torch is not None else None
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)
            if torch is not None:
                torch.default_generator.set_state(torch_state)
