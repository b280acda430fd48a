"""Two data sets bundled with scikit-learn, without a download: digits (images) and diabetes (a table)."""

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.names import Name
from reluctant.data.dataset import Dataset
from reluctant.data.splits import checked_by_strata

SIDE = 28  # pixels, as MNIST has
DIGITS_TEST = 360
DIABETES_TEST = 89
DIABETES_COLUMNS = ["age", "sex", "bmi", "bp", *(f"s{i}" for i in range(1, 7))]
_BRIGHTEST = 16  # the scans hold 0 … 16


def read_bundled_table(file: str, **options: Any) -> NDArray[np.float64]:
    """A table that is installed with scikit-learn, read without importing that.

    Its import takes about as long as PyTorch's, and every worker of a study would wait for it.
    """
    spec = find_spec("sklearn")
    assert spec is not None, "scikit-learn, which reluctant depends on, is not installed"
    assert spec.origin is not None
    with gzip.open(Path(spec.origin).parent / "datasets" / "data" / file, "rt", encoding="utf-8") as lines:
        return np.loadtxt(lines, **options)


def load_digits(name: Name, folder: Path) -> Dataset:
    """1,437 training and 360 test images, (n, 1, 28, 28) uint8. `folder` is not used: nothing is read there.

    Source: Alpaydin & Kaynak 1998 (UCI), the copy in `sklearn.datasets.load_digits`, enlarged to MNIST's
    size.
    """
    row, table = DATASETS[name.head], read_bundled_table("digits.csv.gz", delimiter=",").astype(np.int64)
    scans, labels = enlarge(table[:, :-1].reshape(-1, 8, 8)), table[:, -1]
    fields: dict[str, Any] = {"title": row.title, "classes": row.classes, "note": row.note}
    return checked_by_strata(str(name), scans, labels, labels, DIGITS_TEST, **fields)


def enlarge(scans: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Square scans (n, side, side) of 0 … 16 as (n, 28, 28) of 0 … 255, bilinear, rounded half up.

    Whole numbers throughout, so that every machine gets the same bytes.
    """
    weights, row_sum = _bilinear_weights(scans.shape[-1], SIDE)
    sums = np.einsum("ip,npq,jq->nij", weights, scans, weights, optimize=True)
    unit = row_sum * row_sum * _BRIGHTEST
    rounded: NDArray[np.int64] = (2 * 255 * sums + unit) // (2 * unit)
    return rounded.astype(np.uint8)


def _bilinear_weights(small: int, large: int) -> tuple[NDArray[np.int64], int]:
    """Bilinear weights (large, small) as whole numbers, and what each row adds up to.

    Pixels are areas, so centres are matched: large pixel i lies at (i + 1/2)·small/large - 1/2 among the
    small ones; beyond the outermost centres the outermost value holds.
    """
    row_sum = 2 * large
    position = np.clip((2 * np.arange(large) + 1) * small - large, 0, (small - 1) * row_sum)
    left, share = np.divmod(position, row_sum)
    weights = np.zeros((large, small), np.int64)
    rows = np.arange(large)
    weights[rows, left] = row_sum - share
    weights[rows, np.minimum(left + 1, small - 1)] += share
    return weights, row_sum


def load_diabetes(name: Name, folder: Path) -> Dataset:
    """353 training and 89 test rows, (n, 10) float32; the target is the disease's progress after a year.

    Age, sex, body mass index, blood pressure and six measurements of the blood, as they were measured.
    `folder` is not used: nothing is read there. Source: Efron, Hastie, Johnstone & Tibshirani 2004.
    """
    rows = read_bundled_table("diabetes_data_raw.csv.gz").astype(np.float32)
    target = read_bundled_table("diabetes_target.csv.gz")
    fields: dict[str, Any] = {"title": DATASETS[name.head].title, "columns": DIABETES_COLUMNS}
    return checked_by_strata(str(name), rows, target, np.zeros(len(rows), np.int64), DIABETES_TEST, **fields)
