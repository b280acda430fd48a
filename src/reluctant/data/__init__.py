"""Data sets as arrays, wherever they come from: bundled, downloaded, files, user-defined code or objects."""

from pathlib import Path

from reluctant.catalogue.datasets import DATASETS
from reluctant.catalogue.token_sums import IGNORED
from reluctant.core.extensions import load_object
from reluctant.data.arrays import from_data, from_factory
from reluctant.data.dataset import Dataset, Split, TokenInputs
from reluctant.data.description import describe_dataset
from reluctant.data.download import fetch
from reluctant.data.folder import data_folder
from reluctant.data.splits import split_indices

__all__ = [
    "IGNORED",
    "Dataset",
    "Split",
    "TokenInputs",
    "data_folder",
    "describe_dataset",
    "fetch",
    "from_data",
    "load",
    "split_indices",
]


def load(name: str, folder: Path | None = None) -> Dataset:
    """The data set of this name, checked. Nothing is downloaded.

    Names are such as `digits`, `idx(root='mine')`, `my_lab.data:moons(n=500)`; published files lie in `folder` (see
    `data_folder`). Raises `DataError`: an unknown name, missing or damaged files, or arrays that nothing can be trained
    on.
    """
    canonical = DATASETS.canonical(name)
    if canonical.is_user_defined:
        return from_factory(canonical)
    dataset: Dataset = load_object(DATASETS[canonical.head].code)(canonical, data_folder(folder))
    return dataset
