"""One item of a PyTorch data set: its input as an array, its label.

PyTorch is never imported here: a program that hands over its objects has imported it already.
"""

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data.pictures import as_pixels


class ItemForm(NamedTuple):
    """What all items of a data set have in common: shape and type of the input, shape of the label."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    label: tuple[int, ...]

    @classmethod
    def of(cls, item: NDArray[Any], label: Any) -> "ItemForm":
        """The form of an item that `read_item` returned."""
        return cls(item.shape, item.dtype, np.shape(label))

    def check(self, name: str, source: Any, i: int, item: NDArray[Any], label: Any) -> None:
        """`DataError` where item i of a data set has another form than this one, that of item 0."""
        kind = type(source).__name__
        for what, shape, first in (("input", item.shape, self.shape), ("label", np.shape(label), self.label)):
            if shape != first:
                raise DataError(
                    f"{name}: the {what} of item {i} of {kind} has the shape {shape}, that of item 0 {first}; make "
                    f"them equal (a transform such as Resize, or padding)"
                )
        if item.dtype != self.dtype:
            raise DataError(f"{name}: item {i} of {kind} is {item.dtype}, item 0 {self.dtype}; make them equal")


def read_item(name: str, source: Any, i: int, n: int) -> tuple[NDArray[Any], Any]:
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
        return item_as_array(item[0]), item[1]
    label = item_as_array(item[1])
    return item_as_array(item[0]), label.item() if label.size == 1 else label


def is_whole_tensor(value: Any) -> bool:
    """Whether this is a tensor of int64 or int32, which in PyTorch can only be looked up or indexed with."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor) and value.dtype in (torch.int64, torch.int32)


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


def item_as_array(value: Any) -> NDArray[Any]:
    """A tensor, an image, a number or an array as an array, colours first."""
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        return tensor_as_array(value)
    image = sys.modules.get("PIL.Image")
    if image is not None and isinstance(value, image.Image):
        pixels = as_pixels(value)
        return pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return np.asarray(value)
