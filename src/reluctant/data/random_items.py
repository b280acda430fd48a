"""A PyTorch data set with random transforms: read from a seed, and drawn afresh for every epoch.

PyTorch is never imported here: a program that hands over its objects has imported it already.
"""

import random
import sys
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.core.randomness import generator, preserve_random_states
from reluctant.data.torch_items import read_item

_PROBED = 16  # items read twice: one that is mirrored at random may be equal by chance


@dataclass(frozen=True, eq=False)
class RandomItems:
    """Items of a map-style data set whose inputs follow from the global random numbers at the time of reading.

    Every item is read with a seed of its own, so that its values depend on no other item.
    """

    name: str
    source: Any
    rows: NDArray[np.int64]  # which items of the source, in this order

    def of_rows(self, rows: NDArray[np.int64]) -> "RandomItems":
        """Some of these items."""
        return replace(self, rows=self.rows[rows])

    def read_first(self) -> tuple[NDArray[Any], list[Any]]:
        """The inputs and labels of a fixed seed, the same in every process."""
        return self._read(item_seeds(0, 0, len(self.source)))

    def draw(self, seed: int, epoch: int) -> NDArray[Any]:
        """The inputs of one epoch (from 1), in the form that the data set returns them."""
        return self._read(item_seeds(seed, epoch, len(self.source)))[0]

    def _read(self, seeds: NDArray[np.int64]) -> tuple[NDArray[Any], list[Any]]:
        n = len(seeds)
        inputs: list[NDArray[Any]] = []
        labels: list[Any] = []
        with preserve_random_states():
            for i in map(int, self.rows):
                item, label = read_seeded(self.name, self.source, i, n, int(seeds[i]))
                for what, value, first in (("input", item, inputs[:1]), ("label", label, labels[:1])):
                    if first and np.shape(value) != np.shape(first[0]):
                        raise DataError(
                            f"{self.name}: the {what} of item {i} of {type(self.source).__name__} has the shape "
                            f"{np.shape(value)}, that of item {self.rows[0]} {np.shape(first[0])}; make them equal (a "
                            f"transform such as Resize, or padding)"
                        )
                inputs.append(item)
                labels.append(label)
        array = np.stack(inputs)
        return array.astype(np.float32) if array.dtype.kind == "f" else array, labels


def differs_when_read_twice(name: str, source: Any, n: int) -> Literal["", "seeded", "unseeded"]:
    """Whether the first items differ when they are read twice, and then whether they follow the global seeds.

    Items whose labels are random too count as unseeded, since a label belongs to one item. Random states are preserved.
    """
    with preserve_random_states():
        for i in range(min(n, _PROBED)):
            seeds = 2 * i + 1, 2 * i + 2  # others for every item: a coin may fall alike under two seeds
            one, other = (read_seeded(name, source, i, n, seed) for seed in seeds)
            if not _equal(one, other):
                again = read_seeded(name, source, i, n, seeds[0])
                return "seeded" if _equal(one, again) and np.array_equal(one[1], other[1]) else "unseeded"
    return ""


def item_seeds(seed: int, epoch: int, n: int) -> NDArray[np.int64]:
    """The seeds of all items in one epoch (from 1): one's values do not depend on which others are read.

    Those of seed 0 and epoch 0 are for the values that stay.
    """
    return generator(seed, "augment", epoch, "dataset").integers(0, 2**63, n)


def read_seeded(name: str, source: Any, i: int, n: int, seed: int) -> tuple[NDArray[Any], Any]:
    """Item i under a seed of its own, see `read_item`; it changes the global random states."""
    sys.modules["torch"].default_generator.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
    return read_item(name, source, i, n)


def _equal(one: tuple[NDArray[Any], Any], other: tuple[NDArray[Any], Any]) -> bool:
    """Whether an input and its label are equal in two readings, NaN to itself."""
    return all(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f") for a, b in zip(one, other, strict=True))
