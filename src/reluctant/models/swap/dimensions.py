"""Which dimension of a function's output is which of its input, for functions that move dimensions."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor


def function_name(function: Any) -> str:
    """`matmul` for `torch.matmul`, `Tensor.__matmul__` and `Tensor.matmul`; `mT` for that property."""
    name = str(getattr(function, "__name__", ""))
    if name == "__get__":
        name = str(getattr(getattr(function, "__self__", None), "__name__", ""))
    return name.strip("_")


def tensors_in(values: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among values and in tuples and lists among them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from tensors_in(value)


def reshaped_dimensions(before: torch.Size, after: torch.Size) -> list[int | None]:
    """The dimensions that a reshape leaves: of one size, with as many values after them."""
    positions = {(size, math.prod(before[i + 1 :])): i for i, size in enumerate(before) if size > 1}
    return [positions.get((size, math.prod(after[i + 1 :]))) for i, size in enumerate(after)]


def view_dimensions(x: Tensor, view: Tensor) -> list[int | None]:
    """For every dimension of a view that of the contiguous tensor with the same stride, or None."""
    sources: list[int | None] = []
    for size, stride in zip(view.shape, view.stride(), strict=True):
        same = [i for i, other in enumerate(x.stride()) if other == stride and i not in sources]
        best = [i for i in same if x.shape[i] == size] or [i for i in same if x.shape[i] > 1 and size > 1]
        sources.append(best[0] if best else None)
    return sources


def reduced_dimensions(x: Tensor, y: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[int | None]:
    """The dimensions that a mean, a sum or a maximum over `dim` leaves."""
    dims = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
    listed = [dims] if isinstance(dims, int) else list(dims) if isinstance(dims, tuple | list) else []
    gone = {d % x.dim() for d in listed if isinstance(d, int)}
    if x.dim() == y.dim():
        return [None if d in gone else d for d in range(x.dim())]
    left: list[int | None] = [d for d in range(x.dim()) if d not in gone]
    return left if len(left) == y.dim() else [None] * y.dim()
