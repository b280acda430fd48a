"""Items of one group stay in one part: codes of groups, and which groups are the first part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data.inputs import as_array

Indices = NDArray[np.int64]


def as_groups(name: str, groups: object, n: int) -> Indices:
    """The group of each of `n` items as a code from 0; `DataError` where there are too few, or one is missing."""
    if isinstance(groups, str):
        raise DataError(f"{name}: groups is {groups!r}; give the group of every item, such as frame[{groups!r}]")
    array = as_array(name, "groups", groups)
    if array.shape == (n, 1):
        array = array[:, 0]
    if array.shape != (n,):
        raise DataError(f"{name}: groups have the shape {array.shape}; expected ({n},), the group of every item")
    values = array.tolist()
    # NaN is not equal to itself, and of pandas.NA it is not known
    missing = [i for i, each in enumerate(values) if each is None or str(each == each) != "True"]  # noqa: PLR0124
    if missing:
        raise DataError(
            f"{name}: {len(missing):,} items have no group, the first is item {missing[0]:,}, counted from 0; give "
            f"each a group (one of its own if need be)"
        )
    if array.dtype.kind == "O":
        array = as_array(name, "groups", list(map(str, values)))
    return np.unique(array, return_inverse=True)[1].reshape(-1).astype(np.int64)


def cut_groups(groups: Indices, size: int, rng: np.random.Generator | None) -> tuple[Indices, Indices]:
    """The items of the first groups, about `size` of them, and those of the others, both ascending.

    Groups are in random order, or without `rng` in that of their first items. The number of items is as near to `size`
    as whole groups allow, and each part has at least one group. Raises `DataError`: a single group.
    """
    values, first, codes, counts = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    if len(values) < 2:
        raise DataError("all items that are to be split are of one group; at least 2 groups are needed")
    order = np.argsort(first) if rng is None else rng.permutation(len(values))
    distance: NDArray[Any] = np.abs(np.cumsum(counts[order])[:-1] - size)
    chosen = np.zeros(len(values), bool)
    chosen[order[: int(np.argmin(distance)) + 1]] = True
    in_first = chosen[codes.reshape(-1)]
    return np.flatnonzero(in_first).astype(np.int64), np.flatnonzero(~in_first).astype(np.int64)


def groups_in_both(train: Indices, test: Indices) -> str:
    """A sentence about groups that both parts have; '' where there are none."""
    both = np.intersect1d(train, test)
    if not len(both):
        return ""
    items = int(np.isin(test, both).sum())
    return (
        f"{len(both):,} of {len(np.unique(test)):,} groups of the test part are in the training data too, with "
        f"{items:,} of {len(test):,} test items; scores on them say nothing about new groups"
    )
