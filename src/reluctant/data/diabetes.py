"""The diabetes study bundled with scikit-learn: a number is predicted from ten others, without a download."""

from pathlib import Path

import numpy as np

from reluctant.catalogue.datasets import DATASETS
from reluctant.core.names import Name
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset
from reluctant.data.splits import stratified

TEST = 89


def load(name: Name, folder: Path) -> Dataset:
    """353 training and 89 test rows, (n, 10) float32; the target is the disease's progress after a year.

    Age, sex, body mass index, blood pressure and six measurements of the blood, as they were measured.
    `folder` is not used: nothing is read there. Source: Efron, Hastie, Johnstone & Tibshirani 2004.
    """
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    rows, target = np.asarray(bunch.data, np.float32), np.asarray(bunch.target, np.float64)
    test = stratified(np.zeros(len(rows), np.int64), TEST)
    train = np.setdiff1d(np.arange(len(rows)), test)
    return checked(
        str(name),
        (rows[train], target[train]),
        (rows[test], target[test]),
        title=DATASETS[name.head].title,
        columns=bunch.feature_names,
    )
