"""The handwritten digits bundled with scikit-learn, brought to MNIST's size: data without a download."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.splits import stratified

SIDE = 28
TEST = 360
_BRIGHTEST = 16  # the scans hold 0 … 16


def load(name: Name, folder: Path) -> Dataset:
    """1,437 training and 360 test images, (n, 1, 28, 28) uint8. `folder` is not used: nothing is read there.

    Source: Alpaydin & Kaynak 1998 (UCI), the copy in `sklearn.datasets.load_digits`.
    """
    from sklearn.datasets import load_digits

    row = DATASETS[name.head]
    bunch = load_digits()
    scans = enlarged(np.asarray(bunch.images).astype(np.int64))
    labels = np.asarray(bunch.target).astype(np.int64)
    test = stratified(labels, TEST)
    train = np.setdiff1d(np.arange(len(labels)), test)
    return checked(
        str(name),
        (scans[train], labels[train]),
        (scans[test], labels[test]),
        title=row.title,
        classes=row.classes,
        note=row.note,
    )


def enlarged(scans: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Square scans (n, side, side) of 0 … 16 as (n, 28, 28) of 0 … 255, bilinear, rounded half up.

    Whole numbers throughout, so that every machine gets the same bytes.
    """
    weights, whole = _weights(scans.shape[-1], SIDE)
    sums = np.einsum("ip,npq,jq->nij", weights, scans, weights, optimize=True)
    unit = whole * whole * _BRIGHTEST
    rounded: NDArray[np.int64] = (2 * 255 * sums + unit) // (2 * unit)
    return rounded.astype(np.uint8)


def _weights(small: int, large: int) -> tuple[NDArray[np.int64], int]:
    """Bilinear weights (large, small) as whole numbers, and what each row adds up to.

    Pixels are areas, so centres are matched: large pixel i lies at (i + 1/2)·small/large - 1/2 among the
    small ones; beyond the outermost centres the outermost value holds.
    """
    whole = 2 * large
    at = np.clip((2 * np.arange(large) + 1) * small - large, 0, (small - 1) * whole)
    left, share = np.divmod(at, whole)
    weights = np.zeros((large, small), np.int64)
    rows = np.arange(large)
    weights[rows, left] = whole - share
    weights[rows, np.minimum(left + 1, small - 1)] += share
    return weights, whole
