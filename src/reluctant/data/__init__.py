"""Data sets as arrays, wherever they come from: bundled, downloaded, files, code or objects of one's own."""

import importlib
from pathlib import Path

from reluctant.catalogue.datasets import DATASETS
from reluctant.data.arrays import from_data
from reluctant.data.dataset import Dataset, Split
from reluctant.data.download import fetch
from reluctant.data.folder import root
from reluctant.data.own import from_factory
from reluctant.data.splits import split_indices
from reluctant.data.telling import described

__all__ = ["Dataset", "Split", "described", "fetch", "from_data", "load", "root", "split_indices"]


def load(name: str, folder: Path | None = None) -> Dataset:
    """The data set of a name (`digits`, `mnist`, `idx(root='mine')`, `my_lab.data:moons(n=500)`), checked.

    `folder` is where published files lie (see `root`). Nothing is downloaded. Raises `StudyError`
    for an unknown name, `DataError` for files that are missing or damaged and for arrays that cannot be
    trained on.
    """
    canonical = DATASETS.canonical(name)
    if canonical.is_user_defined:
        return from_factory(canonical)
    module, _, attribute = DATASETS[canonical.head].code.partition(":")
    loader = getattr(importlib.import_module(module), attribute)
    dataset: Dataset = loader(canonical, root(folder))
    return dataset
