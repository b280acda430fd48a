"""What the inputs of a data set may be: any array of bytes or floats, one item after the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError

Inputs = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.int64]
_FEW_CHANNELS = 4


def as_array(where: str, what: str, value: object) -> NDArray[Any]:
    """The value as an array; `DataError` where NumPy cannot convert it, or where values are masked."""
    if isinstance(value, np.ma.MaskedArray) and (masked := int(np.count_nonzero(np.ma.getmaskarray(value)))):
        raise DataError(
            f"{where} {what}: {masked:,} values are masked, that is missing; fill them or leave out the items"
        )
    if hasattr(value, "toarray"):  # the matrices of scipy.sparse
        raise DataError(f"{where} {what} are a sparse {type(value).__name__}; give .toarray()")
    try:
        return np.asarray(value)
    except Exception as fault:  # ragged lists, tensors on a GPU: each type has its own way to refuse
        raise DataError(f"{where} {what} are no array: {fault}") from None


def usual_word(array: Any) -> str:
    """What inputs of this shape and type are usually called: images, signals, rows or examples."""
    if array.ndim == 4 or (array.ndim == 3 and array.dtype.kind != "f"):
        return "images"
    return {2: "rows", 3: "signals"}.get(array.ndim, "examples")


def singular(items: str) -> str:
    """One of them: `image` of `images`."""
    return items.removesuffix("s")


def as_inputs(where: str, value: object, items: str | None = None, numbers: NDArray[np.int64] | None = None) -> Inputs:
    """The inputs in their final form: (n, …) with at least one number an item, uint8 or float32, contiguous.

    Bytes (n, height, width) get the one channel they have, (n,) numbers become (n, 1), true/false 1/0. Other whole
    numbers become bytes where they are images with values from 0 to 255, and floats where they are rows.

    Messages begin with `where`, the data set and its part, and call the inputs `items` (None: see `usual_word`);
    `numbers` are those of the items where they are some of many. Raises `DataError`: inputs that are empty, not finite
    or not numbers, and images with channels last.
    """
    array = as_array(where, items or "inputs", value)
    what = f"{where} {items or usual_word(array)}"
    if array.ndim == 0:
        raise DataError(f"{what} are a single value; expected an array of shape (n, …), one entry an item")
    if array.size == 0:
        raise DataError(f"{what} are empty (shape {array.shape}); at least one item is needed")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if array.dtype.kind in "iu" and array.dtype != np.uint8:
        array = _whole_numbers(what, array)
    if array.ndim == 1 or (array.ndim == 3 and array.dtype == np.uint8):
        array = array[:, np.newaxis]
    if channels_last(array):
        raise DataError(f"{what} of shape {array.shape} have their channels last; give images.transpose(0, 3, 1, 2)")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array, np.uint8)
    if array.dtype.kind != "f":
        correction = {
            "c": "give their magnitude, or real and imaginary part as two channels",
            "M": "give numbers, such as days since the first",
            "m": "give numbers, such as seconds",
        }.get(array.dtype.kind, "give .astype('uint8') (0 to 255) or .astype('float32')")
        raise DataError(f"{what} are {array.dtype}; {correction}")
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, and is refused next
        floats = np.ascontiguousarray(array, np.float32)
    finite = np.isfinite(floats)
    if bad := int(finite.size - np.count_nonzero(finite)):
        first = int(np.argmin(finite.reshape(len(floats), -1).all(axis=1)))
        first = first if numbers is None else int(numbers[first])
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


def _whole_numbers(what: str, array: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers of any width as bytes (images) or float32 (rows)."""
    if array.ndim <= 2:
        return array.astype(np.float32)
    if array.min() < 0 or array.max() > 255:
        raise DataError(
            f"{what} are {array.dtype} from {array.min()} to {array.max()}; give .astype('float32'), or "
            f"numbers from 0 to 255"
        )
    return array.astype(np.uint8)


def is_too_fine(column: NDArray[Any]) -> bool:
    """Whether float32 changes distances in a column of finite numbers by more than 0.1 % of its standard deviation."""
    above = _above_smallest(column)
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite
        rounded = column.astype(np.float32).astype(np.float64)
        errors = np.abs(rounded - rounded.min() - above)
    return bool(not (errors <= 1e-3 * above.std()).all() and above.any())


def subtract_offset(column: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """A column of a table less its smallest value where float32 changes it too much, and that value as text.

    Time stamps in milliseconds, for instance, would be rounded to two minutes. Tables are standardised column by
    column, so that nothing else changes. Any other column stays as it is, and so does one that this does not help; the
    text is then ''.
    """
    wide = column.dtype.kind in "iuf" and column.dtype.itemsize >= 4 and column.dtype != np.float32
    if not wide or not column.size or not np.isfinite(column).all() or not is_too_fine(column):
        return column, ""
    above = _above_smallest(column)
    return (column, "") if is_too_fine(above) else (above, f"{column.min().item():,}")


def _above_smallest(column: NDArray[Any]) -> NDArray[np.float64]:
    """A column less its smallest value, exact for whole numbers of any size that are less than 2⁶³ apart."""
    low, high = column.min(), column.max()
    if column.dtype.kind in "iu" and int(high) - int(low) >= 2**63:
        column, low = column.astype(np.float64), np.float64(low)
    with np.errstate(over="ignore"):
        above: NDArray[np.float64] = (column - low).astype(np.float64)
    return above


def offset_remark(column: str, low: str) -> str:
    """The sentence that says that `low` was subtracted from a column."""
    return f"{low} is subtracted from the column {column}: float32, in which networks compute, keeps only seven digits"


def subtract_offsets(train: Any, test: Any, columns: Sequence[str] = ()) -> tuple[Any, Any, tuple[str, ...]]:
    """The rows of both parts with `subtract_offset` applied to every column of both together, and remarks.

    Inputs that are no arrays of rows stay as they are. `columns` are the names of the columns.
    """
    if not all(isinstance(part, np.ndarray) and part.ndim == 2 for part in (train, test)):
        return train, test, ()
    if train.dtype == np.float32 or train.dtype.itemsize < 4 or train.shape[1] != test.shape[1]:
        return train, test, ()
    remarks: list[str] = []
    for i in range(train.shape[1]):
        column, low = subtract_offset(np.concatenate((train[:, i], test[:, i])))
        if low:
            if not remarks:
                train, test = train.astype(np.float64), test.astype(np.float64)
            train[:, i], test[:, i] = column[: len(train)], column[len(train) :]
            remarks.append(offset_remark(columns[i] if i < len(columns) else str(i), low))
    return train, test, tuple(remarks)
