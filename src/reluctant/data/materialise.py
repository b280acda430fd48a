"""A PyTorch data set read once into two arrays, item by item, within a limit of memory.

PyTorch is never imported here: a program that hands over its objects has imported it already.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from reluctant.core.errors import DataError
from reluctant.data.labels import flatten_column
from reluctant.data.random_items import RandomItems, differs_when_read_twice, preserved_random_states
from reluctant.data.torch_items import item_as_array, read_item

RANDOM = (
    "the Dataset is not the same when it is read twice, so every training item is drawn afresh every epoch, from the "
    "seed and the epoch, in the same way for every activation; what is validated and tested on is read once, from a "
    "fixed seed"
)
UNSEEDED = (
    "the Dataset is not the same when it is read twice, and does not follow the seeds of Python, NumPy and torch: it "
    "is read once, and these values are used in every epoch; with their global random numbers, and labels that are not "
    "random, it is drawn afresh every epoch"
)
LIMIT = 2 * 1024**3  # bytes of inputs


@dataclass(frozen=True)
class LabelledArrays:
    """Inputs and labels, remarks about the way they were read, and what draws them afresh where they are random."""

    inputs: Any
    labels: Any
    remarks: tuple[str, ...] = ()
    random: RandomItems | None = None


def is_torch_data(value: object) -> bool:
    """Whether this is a data set or a loader of PyTorch's."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.utils.data.Dataset | torch.utils.data.DataLoader)


def materialise(name: str, source: Any, limit: int = LIMIT) -> LabelledArrays:
    """Every (input, label) of a map-style data set, in order: inputs (n, …) and labels (n,) or (n, outputs).

    Of a loader, its data set is read. Images of Pillow become channels first. `limit`, the most bytes of inputs, is
    checked before more than the first item is read. Raises `DataError`: a data set without an order, one with a wrong
    length, items that differ in shape or type, or more bytes than `limit`.
    """
    data = sys.modules["torch"].utils.data
    remarks: tuple[str, ...] = ()
    if isinstance(source, data.DataLoader):
        source = source.dataset
        remarks = ("of the DataLoader its data set is read, without its order and batches",)
    kind = type(source).__name__
    if isinstance(source, data.IterableDataset):
        raise DataError(
            f"{name}: {kind} can only be iterated; collect its items first, such as "
            f"list(dataset), and give them as arrays or as a map-style Dataset"
        )
    if type(source) is data.TensorDataset and len(source.tensors) == 2:
        x, y = (tensor.detach().cpu() for tensor in source.tensors)
        _check_limit(f"{name}: {kind}", len(source), x.numel() * x.element_size(), limit)
        return LabelledArrays(item_as_array(x), flatten_column(item_as_array(y)), remarks)
    return _read_items(f"{name}: {kind}", name, source, limit, remarks)


def _read_items(where: str, name: str, source: Any, limit: int, remarks: tuple[str, ...]) -> LabelledArrays:
    try:
        n = len(source)
    except Exception as fault:  # whatever the user's code raises
        raise DataError(
            f"{where} has no length ({type(fault).__name__}: {fault}); give it a "
            f"__len__ that returns how many items there are"
        ) from None
    if n == 0:
        raise DataError(f"{where} is empty; at least one item is needed")
    with preserved_random_states():
        first, first_label = read_item(name, source, 0, n)
    _check_limit(where, n, n * first.nbytes, limit)
    if differs := differs_when_read_twice(name, source, n):
        if differs == "seeded":
            random = RandomItems(name, source, np.arange(n))
            inputs, labels = random.read_first()
            return LabelledArrays(inputs, flatten_column(np.asarray(labels)), (*remarks, RANDOM), random)
        remarks = (*remarks, UNSEEDED)
    inputs, labels = np.empty((n, *first.shape), first.dtype), []
    for i in range(n):
        item, label = read_item(name, source, i, n) if i else (first, first_label)
        for what, value, first_value in (("input", item, first), ("label", label, first_label)):
            if (shape := np.shape(value)) != (first_shape := np.shape(first_value)):
                raise DataError(
                    f"{name}: the {what} of item {i} of {type(source).__name__} has the shape {shape}, that "
                    f"of item 0 {first_shape}; make them equal (a transform such as Resize, or padding)"
                )
        if item.dtype != first.dtype:
            raise DataError(
                f"{name}: item {i} of {type(source).__name__} is {item.dtype}, item 0 {first.dtype}; make them equal"
            )
        inputs[i] = item
        labels.append(label)
    return LabelledArrays(inputs, flatten_column(np.asarray(labels)), remarks)


def _check_limit(where: str, n: int, size: int, limit: int) -> None:
    if size > limit:
        fits = max(1, limit * n // size)
        raise DataError(
            f"{where} takes {_readable(size)} once read ({n:,} items of {_readable(size // n)}), and the limit is "
            f"{_readable(limit)}; give torch.utils.data.Subset(dataset, range({fits})), or a higher limit={size}"
        )


def _readable(size: int) -> str:
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
