"""What the inputs of a data set may be: any array of bytes or floats, one item after the other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data.dataset import Inputs

_FEW_CHANNELS = 4


def as_array(where: str, what: str, value: object) -> NDArray[Any]:
    """The value as an array; `DataError` where NumPy cannot convert it."""
    try:
        return np.asarray(value)
    except Exception as fault:  # ragged lists, tensors on a GPU: each type has its own way to refuse
        raise DataError(f"{where} {what} are no array: {fault}") from None


def usual_word(array: NDArray[Any]) -> str:
    """What inputs of this shape and type are usually called: images, signals, rows or examples."""
    if array.ndim == 4 or (array.ndim == 3 and array.dtype.kind != "f"):
        return "images"
    return {2: "rows", 3: "signals"}.get(array.ndim, "examples")


def singular(items: str) -> str:
    """One of them: `image` of `images`."""
    return items.removesuffix("s")


def as_inputs(where: str, value: object, items: str | None = None) -> Inputs:
    """The inputs in their final form: (n, …) with at least one number an item, uint8 or float32, contiguous.

    Bytes (n, height, width) get the one channel they have, (n,) numbers become (n, 1), true/false 1/0.

    Messages begin with `where`, the data set and its part, and call the inputs `items` (None: see `usual_word`). Raises
    `DataError`: inputs that are empty, not finite or not numbers, and images with channels last.
    """
    array = as_array(where, items or "inputs", value)
    what = f"{where} {items or usual_word(array)}"
    if array.ndim == 0:
        raise DataError(f"{what} are a single value; expected an array of shape (n, …), one entry an item")
    if array.size == 0:
        raise DataError(f"{what} are empty (shape {array.shape}); at least one item is needed")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if array.ndim == 1 or (array.ndim == 3 and array.dtype == np.uint8):
        array = array[:, np.newaxis]
    if channels_last(array):
        raise DataError(f"{what} of shape {array.shape} have their channels last; give images.transpose(0, 3, 1, 2)")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array, np.uint8)
    if array.dtype.kind != "f":
        raise DataError(f"{what} are {array.dtype}; give .astype('uint8') (0 to 255) or .astype('float32')")
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, and is refused next
        floats = np.ascontiguousarray(array, np.float32)
    finite = np.isfinite(floats)
    if bad := int(finite.size - np.count_nonzero(finite)):
        first = int(np.argmin(finite.reshape(len(floats), -1).all(axis=1)))
        raise DataError(
            f"{what} hold {bad} values that are not finite (NaN, inf), the first in item {first}, counted "
            f"from 0; remove such items or give them numbers"
        )
    return floats


def channels_last(images: NDArray[Any]) -> bool:
    """Whether images look like (n, height, width, channels): read as they are, colours would be columns."""
    if images.ndim != 4:
        return False
    _, channels, height, width = images.shape
    return min(channels, height) > _FEW_CHANNELS and width in (1, 3, 4)
