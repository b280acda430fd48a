"""Which items are kept aside: for validation, and for testing where there is no test part."""

import math

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.core.randomness import generator

Indices = NDArray[np.int64]


def split_indices(n: int, train_fraction: float, seed: int = 0) -> tuple[Indices, Indices]:
    """The indices to train on and those to validate on, both ascending, together 0 … n-1.

    round(n * train_fraction) are trained on. The choice depends on `n`, the fraction and the seed alone:
    unless a study varies that, every activation and every seed is judged on the same images. Raises
    `DataError` where a part would be empty.
    """
    fits = math.isfinite(train_fraction) and 0 < train_fraction < 1
    kept = round(n * train_fraction) if fits else 0
    if not 0 < kept < n:
        raise DataError(_would_do(n, train_fraction))
    order = generator(seed, "split").permutation(n).astype(np.int64)
    return np.sort(order[:kept]), np.sort(order[kept:])


def _would_do(n: int, train_fraction: float) -> str:
    if n < 2:
        return f"{n} training images cannot be split; at least 2 are needed"
    digits = len(str(n)) + 1  # enough that the bounds shown really do
    low = math.ceil(10**digits / n) / 10**digits
    high = math.floor(10**digits * (n - 1) / n) / 10**digits
    return (
        f"train_fraction = {train_fraction} leaves no images to train on, or none to validate on, of {n}; "
        f"write a number from {low:.{digits}f} to {high:.{digits}f}"
    )


def stratified(labels: Indices, n: int) -> Indices:
    """`n` indices, ascending, drawn once and for all with every class in its proportion (to within one).

    The shuffled items are lined up by class; every (size/n)-th is taken.
    """
    order = generator(0, "split", "digits").permutation(len(labels))  # named for the first that was so cut
    by_class = order[np.argsort(labels[order], kind="stable")]
    places = (2 * np.arange(n) + 1) * len(labels) // (2 * n)
    return np.sort(by_class[places]).astype(np.int64)
