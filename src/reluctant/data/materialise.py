"""A PyTorch data set read once into two arrays, item by item, as far as memory is allowed.

PyTorch is never imported here: who hands over its objects has done so.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError

LIMIT = 2 * 1024**3  # bytes of inputs
_PAIR = 2


@dataclass(frozen=True)
class Materialised:
    """Inputs and labels, and what should be known of the way they were read."""

    inputs: Any
    labels: Any
    notes: tuple[str, ...] = ()


def is_torch_data(given: object) -> bool:
    """Whether this is a data set or a loader of PyTorch's."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(given, torch.utils.data.Dataset | torch.utils.data.DataLoader)


def materialised(name: str, source: Any, limit: int = LIMIT) -> Materialised:
    """Every (input, label) of a map-style data set, in order: inputs (n, …) and labels (n,) or (n, outputs).

    Of a loader, its data set is read. Pictures of Pillow become channels first. Raises `DataError` for a
    data set without an order, one whose length is not what it says, items that differ in shape or type, and
    more bytes than `limit`, the last before it reads on.
    """
    data = sys.modules["torch"].utils.data
    notes: tuple[str, ...] = ()
    if isinstance(source, data.DataLoader):
        source, notes = (
            source.dataset,
            ("of the DataLoader its data set is read, without its order and batches",),
        )
    if isinstance(source, data.IterableDataset):
        raise DataError(
            f"{name}: {_called(source)} can only be run through; collect its items first, such as "
            f"list(dataset), and give them as arrays or as a map-style Dataset"
        )
    if type(source) is data.TensorDataset and len(source.tensors) == _PAIR:
        x, y = (tensor.detach().cpu() for tensor in source.tensors)
        _check_size(name, source, len(source), x.numel() * x.element_size(), limit)
        return Materialised(_array(x), _flat(_array(y)), notes)
    return Materialised(*_item_by_item(name, source, limit), notes)


def _item_by_item(name: str, source: Any, limit: int) -> tuple[NDArray[Any], NDArray[Any]]:
    n = _length(name, source)
    first, label = _item(name, source, 0, n)
    _check_size(name, source, n, n * first.nbytes, limit)
    inputs = np.empty((n, *first.shape), first.dtype)
    inputs[0] = first
    labels = [label]
    for i in range(1, n):
        item, label = _item(name, source, i, n)
        for what, here, there in (
            ("input", item, first), ("label", np.asarray(label), np.asarray(labels[0]))
        ):  # fmt: skip
            if here.shape != there.shape:
                raise DataError(
                    f"{name}: the {what} of item {i} of {_called(source)} has the shape {here.shape}, that "
                    f"of item 0 {there.shape}; make them alike (a transform such as Resize, or padding)"
                )
        if item.dtype != first.dtype:
            raise DataError(
                f"{name}: item {i} of {_called(source)} is {item.dtype}, item 0 {first.dtype}; "
                f"make them alike"
            )
        inputs[i] = item
        labels.append(label)
    return inputs, _flat(np.asarray(labels))


def _called(source: Any) -> str:
    return type(source).__name__


def _length(name: str, source: Any) -> int:
    try:
        n = len(source)
    except Exception as fault:  # whatever the user's own code raises
        raise DataError(
            f"{name}: {_called(source)} cannot tell its length ({type(fault).__name__}: {fault}); give it a "
            f"__len__ that returns how many items there are"
        ) from None
    if n == 0:
        raise DataError(f"{name}: {_called(source)} is empty; at least one item is needed")
    return n


def _item(name: str, source: Any, i: int, n: int) -> tuple[NDArray[Any], Any]:
    """Input and label of item i, as NumPy knows them."""
    try:
        item = source[i]
    except (IndexError, StopIteration):
        raise DataError(
            f"{name}: {_called(source)} says that it has {n:,} items, and it ends after {i:,}; mend its "
            f"__len__ so that it returns {i:,}"
        ) from None
    except Exception as fault:
        raise DataError(
            f"{name}: item {i} of {_called(source)} fails: {type(fault).__name__}: {fault}"
        ) from fault
    if not isinstance(item, tuple | list) or len(item) != _PAIR:
        got = f"{type(item).__name__} of {len(item)}" if hasattr(item, "__len__") else type(item).__name__
        raise DataError(
            f"{name}: item {i} of {_called(source)} is {got}; wanted is (input, label), so wrap it in a "
            f"Dataset whose __getitem__ returns these two"
        )
    return _array(item[0]), _value(item[1])


def _array(value: Any) -> NDArray[Any]:
    """A tensor, a picture, a number or an array as an array, colours first."""
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return np.asarray((value.float() if value.dtype == torch.bfloat16 else value).numpy())
    image = sys.modules.get("PIL.Image")
    if image is not None and isinstance(value, image.Image):
        grey = value.mode in ("1", "L", "LA")
        pixels = np.asarray(value.convert("L" if grey else "RGB"))
        return pixels[np.newaxis] if grey else pixels.transpose(2, 0, 1)
    return np.asarray(value)


def _value(label: Any) -> Any:
    """A label as a number, a text, or an array of numbers."""
    if isinstance(label, str | bytes):
        return label
    array = _array(label)
    return array.item() if array.size == 1 else array


def _flat(labels: NDArray[Any]) -> NDArray[Any]:
    """(n, 1) labels as (n,)."""
    return labels[:, 0] if labels.ndim == _PAIR and labels.shape[1] == 1 else labels


def _check_size(name: str, source: Any, n: int, size: int, limit: int) -> None:
    if size > limit:
        fits = max(1, limit * n // size)
        raise DataError(
            f"{name}: {_called(source)} takes {_bytes(size)} once read ({n:,} items of {_bytes(size // n)}), "
            f"and the limit is {_bytes(limit)}; give torch.utils.data.Subset(dataset, range({fits})), or a "
            f"higher limit={size}"
        )


def _bytes(size: int) -> str:
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
