"""Waves computed by a formula: a task of signals instead of images, without a download."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.names import Name
from reluctant.core.randomness import generator
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset

LENGTH, TRAIN, TEST = 128, 2000, 1000
_GRID = 1024  # values are whole multiples of 1/1024, so that every machine gets the same bytes
_TURN = 2 * np.pi


def load_waves(name: Name, folder: Path) -> Dataset:
    """2,000 training and 1,000 test signals, (n, 1, 128) float32, of eight kinds in equal number.

    Frequency, phase and strength of each are random; `noise` is the standard deviation of what is added to
    every point. `folder` is not used. Source: computed here, see `signals`.
    """
    noise = DATASETS.arguments(name)["noise"]
    train, test = signals(TRAIN, noise, "train"), signals(TEST, noise, "test")
    row = DATASETS[name.head]
    return checked(str(name), train, test, title=row.title, classes=row.classes, note=row.note)


def signals(n: int, noise: float, part: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """`n` signals (n, 1, 128) and their kinds, the same for the same arguments.

    With the phase p(t) = f·t + p₀ over one second, f of 2 to 5: sin 2πp, its sign, the triangle and the saw
    of that period; f rising threefold or falling to a third on the way; the sine under a bell; nothing.
    """
    rng = generator(0, "split", f"waves {part}")
    kinds = np.arange(n) % 8
    rng.shuffle(kinds)
    t = np.arange(LENGTH) / LENGTH
    f, start, strength, middle = (
        rng.uniform(low, high, (n, 1)) for low, high in ((2, 5), (0, 1), (0.7, 1.3), (0.3, 0.7))
    )
    shape = _all_kinds(f, start, middle, t)[kinds, np.arange(n)]
    values = strength * shape + noise * rng.standard_normal((n, LENGTH))
    return (np.round(values * _GRID) / _GRID).astype(np.float32)[:, np.newaxis], kinds.astype(np.int64)


def _all_kinds(
    f: NDArray[np.float64], start: NDArray[np.float64], middle: NDArray[np.float64], t: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Every kind for every item: (8, n, 128)."""
    phase = f * t + start
    cycle = phase % 1
    sine = np.sin(_TURN * phase)
    rising = np.sin(_TURN * (f * (t + t**2) + start))
    falling = np.sin(_TURN * (f * (3 * t - t**2) + start))
    bell = np.exp(-0.5 * ((t - middle) / 0.08) ** 2)
    return np.stack(
        [
            sine,
            np.sign(sine),
            4 * np.abs(cycle - 0.5) - 1,
            2 * cycle - 1,
            rising,
            falling,
            np.sin(_TURN * 4 * phase) * bell,
            0 * sine,
        ]
    )
