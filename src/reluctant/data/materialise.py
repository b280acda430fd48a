"""A PyTorch data set read once into two arrays, item by item, within a limit of memory.

PyTorch is never imported here: a program that hands over its objects has imported it already.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data.labels import flatten_column
from reluctant.data.pictures import as_pixels

LIMIT = 2 * 1024**3  # bytes of inputs


@dataclass(frozen=True)
class LabelledArrays:
    """Inputs and labels, and remarks about the way they were read."""

    inputs: Any
    labels: Any
    remarks: tuple[str, ...] = ()


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
        return LabelledArrays(_item_as_array(x), flatten_column(_item_as_array(y)), remarks)
    return LabelledArrays(*_read_items(f"{name}: {kind}", name, source, limit), remarks)


def _read_items(where: str, name: str, source: Any, limit: int) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        n = len(source)
    except Exception as fault:  # whatever the user's code raises
        raise DataError(
            f"{where} has no length ({type(fault).__name__}: {fault}); give it a "
            f"__len__ that returns how many items there are"
        ) from None
    if n == 0:
        raise DataError(f"{where} is empty; at least one item is needed")
    first, first_label = _read_item(name, source, 0, n)
    _check_limit(where, n, n * first.nbytes, limit)
    inputs, labels = np.empty((n, *first.shape), first.dtype), []
    for i in range(n):
        item, label = _read_item(name, source, i, n) if i else (first, first_label)
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
    return inputs, flatten_column(np.asarray(labels))


def _read_item(name: str, source: Any, i: int, n: int) -> tuple[NDArray[Any], Any]:
    """Item i: its input as an array; its label as a number, a text, or an array of numbers."""
    kind = type(source).__name__
    try:
        item = source[i]
    except (IndexError, StopIteration):
        raise DataError(
            f"{name}: {kind} has the length {n:,} and ends after {i:,} items; correct its __len__ so that it "
            f"returns {i:,}"
        ) from None
    except Exception as fault:
        raise DataError(f"{name}: item {i} of {kind} fails: {type(fault).__name__}: {fault}") from fault
    if not isinstance(item, tuple | list) or len(item) != 2:
        size = f" of {len(item)}" if hasattr(item, "__len__") else ""
        raise DataError(
            f"{name}: item {i} of {kind} is {type(item).__name__}{size}; expected (input, label), so wrap it "
            f"in a Dataset whose __getitem__ returns these two"
        )
    if isinstance(item[0], Mapping) or (isinstance(item[0], tuple | list) and any(map(np.ndim, item[0]))):
        raise DataError(
            f"{name}: the input of item {i} of {kind} is a {type(item[0]).__name__} of several arrays; only one tensor "
            f"per item is possible, so join them (torch.cat) or return one of them"
        )
    if isinstance(item[1], str | bytes):
        return _item_as_array(item[0]), item[1]
    label = _item_as_array(item[1])
    return _item_as_array(item[0]), label.item() if label.size == 1 else label


def tensor_as_array(tensor: Any) -> NDArray[Any]:
    """The values of a tensor on any device; `DataError` where NumPy has no such array."""
    torch = sys.modules["torch"]
    if tensor.layout != torch.strided or tensor.is_nested:
        raise DataError("a sparse or nested tensor cannot be read; give x.to_dense(), or x.to_padded_tensor(0.0)")
    try:
        values = tensor.detach().cpu()
        return np.asarray((values.float() if values.dtype == torch.bfloat16 else values).resolve_conj().resolve_neg())
    except (TypeError, NotImplementedError, RuntimeError) as fault:
        raise DataError(
            f"a tensor of {tensor.dtype} on {tensor.device} cannot be read ({fault}); give x.float()"
        ) from None


def _item_as_array(value: Any) -> NDArray[Any]:
    """A tensor, an image, a number or an array as an array, colours first."""
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        return tensor_as_array(value)
    image = sys.modules.get("PIL.Image")
    if image is not None and isinstance(value, image.Image):
        pixels = as_pixels(value)
        return pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return np.asarray(value)


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
