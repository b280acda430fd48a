"""A PyTorch data set read once into two arrays within a limit of memory, or its inputs later, batch by batch.

PyTorch is never imported here: a program that hands over its objects has imported it already.
"""

import sys
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.core.randomness import preserve_random_states
from reluctant.data.inputs import as_inputs
from reluctant.data.labels import flatten_column
from reluctant.data.random_items import RandomItems, differs_when_read_twice, item_seeds
from reluctant.data.streamed import LOADER_WORKERS, BatchReader, Rows, StreamedInputs
from reluctant.data.torch_items import ItemForm, item_as_array, read_item

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


def materialise(
    name: str,
    source: Any,
    limit: int = LIMIT,
    stream: bool | None = None,
    loader_workers: int | None = None,
    tokens: bool | int | None = None,
) -> LabelledArrays:
    """Every (input, label) of a map-style data set, in order: inputs (n, …) and labels (n,) or (n, outputs).

    Of a loader, its data set is read. Images of Pillow become channels first. With `stream`, without it for more than
    `limit` bytes of inputs, the inputs stay where they are (`StreamedInputs`), and one pass reads the labels. Raises
    `DataError`: a data set without an order, one with a wrong length, items that differ in shape or type, more bytes
    than `limit` although `stream` is False, or token ids that were to be streamed (`tokens` as in `find_tokens`).
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
    workers = LOADER_WORKERS if loader_workers is None else loader_workers
    if isinstance(workers, bool) or not isinstance(workers, Integral) or workers < 0:
        raise DataError(f"{name}: loader_workers is a number of processes, 0 for none, not {quoted(loader_workers)}")
    if type(source) is data.TensorDataset and len(source.tensors) == 2:
        x, y = (tensor.detach().cpu() for tensor in source.tensors)
        size = x.numel() * x.element_size()
        if not (stream or (len(source) and _exceeds(f"{name}: {kind}", len(source), size, limit, stream))):
            return LabelledArrays(item_as_array(x), flatten_column(item_as_array(y)), remarks)
    return _read_items(f"{name}: {kind}", name, source, limit, remarks, stream, int(workers), tokens)


def _read_items(
    where: str,
    name: str,
    source: Any,
    limit: int,
    remarks: tuple[str, ...],
    stream: bool | None,
    workers: int,
    tokens: bool | int | None,
) -> LabelledArrays:
    try:
        n = len(source)
    except Exception as fault:  # whatever the user's code raises
        raise DataError(
            f"{where} has no length ({type(fault).__name__}: {fault}); give it a "
            f"__len__ that returns how many items there are"
        ) from None
    if n == 0:
        raise DataError(f"{where} is empty; at least one item is needed")
    with preserve_random_states():
        first, first_label = read_item(name, source, 0, n)
    stream = stream or _exceeds(where, n, n * first.nbytes, limit, stream)
    if stream and tokens is not False and (tokens or _are_ids(first, first_label)):
        raise DataError(
            f"{where} holds token ids ({first.dtype}), and these are not streamed; read them into memory with "
            f"stream=False and limit={max(limit, n * first.nbytes)}, or, if they are numbers, write tokens=False"
        )
    differs = differs_when_read_twice(name, source, n)
    if stream:
        if differs == "unseeded":
            raise DataError(
                f"{where} is not the same when it is read twice, and does not follow the seeds of Python, NumPy and "
                f"torch, so it cannot be read again in every epoch; use their global random numbers, and labels that "
                f"are not random"
            )
        inputs, labels = _stream(name, source, n, first, first_label, seeded=bool(differs), workers=workers)
        return LabelledArrays(inputs, flatten_column(np.asarray(labels)), (*remarks, RANDOM) if differs else remarks)
    if differs == "seeded":
        random = RandomItems(name, source, np.arange(n))
        values, labels = random.read_first()
        return LabelledArrays(values, flatten_column(np.asarray(labels)), (*remarks, RANDOM), random)
    remarks = (*remarks, UNSEEDED) if differs else remarks
    form = ItemForm.of(first, first_label)
    array, labels = np.empty((n, *first.shape), first.dtype), []
    for i in range(n):
        item, label = read_item(name, source, i, n) if i else (first, first_label)
        form.check(name, source, i, item, label)
        array[i] = item
        labels.append(label)
    return LabelledArrays(array, flatten_column(np.asarray(labels)), remarks)


def _are_ids(item: NDArray[Any], label: Any) -> bool:
    """Whether `find_tokens` could take the items for token ids."""
    whole = item.ndim == 1 and item.size > 1 and item.dtype.kind in "iu"
    labels = np.asarray(label)
    return whole and (item.dtype in (np.int64, np.int32) or (labels.shape == item.shape and labels.dtype.kind in "iu"))


def _exceeds(where: str, n: int, size: int, limit: int, stream: bool | None) -> bool:
    """Whether inputs take more bytes than the limit; `DataError` where they may not be streamed then."""
    if size > limit and stream is False:
        fits = max(1, limit * n // size)
        raise DataError(
            f"{where} takes {_readable(size)} once read ({n:,} items of {_readable(size // n)}), and the limit is "
            f"{_readable(limit)}; leave out stream=False, so that it is read batch by batch, or give "
            f"torch.utils.data.Subset(dataset, range({fits})), or a higher limit={size}"
        )
    return size > limit


def _stream(
    name: str, source: Any, n: int, first: NDArray[Any], first_label: Any, *, seeded: bool, workers: int
) -> tuple[StreamedInputs, list[Any]]:
    """The inputs of a data set as they are read later, and all labels."""
    form = ItemForm.of(first, first_label)
    final = as_inputs(f"{name}: {type(source).__name__}", first[np.newaxis])
    seeds = item_seeds(0, 0, n) if seeded else None
    inputs = StreamedInputs(
        BatchReader(name, source, n, form), np.arange(n), final.shape[1:], final.dtype, seeds, workers
    )
    rounded = first.ndim == 1 and first.dtype.kind in "iuf" and first.dtype.itemsize >= 4 and first.dtype != np.float32
    reader = LabelReader(name, source, n, form, first.astype(float) if rounded else None)
    labels: list[Any] = []
    sums: list[NDArray[np.float64]] = []
    for batch, *columns in inputs.blocks(reader):
        labels += batch
        sums += columns
    if rounded:
        _check_rounding(f"{name}: {type(source).__name__}", np.stack(sums), n, first.dtype)
    return inputs, labels


@dataclass(frozen=True)
class LabelReader(BatchReader):
    """Reads labels; of rows that become float32, what `_check_rounding` needs too."""

    origin: NDArray[np.float64] | None = None  # a row near the others

    def convert(self, items: NDArray[Any], labels: list[Any], rows: Rows) -> Any:
        """The labels; the largest errors of rounding, sums and sums of squares of every column, (3, columns)."""
        if self.origin is None:
            return (labels,)
        with np.errstate(all="ignore"):  # what is not finite is refused with the inputs
            errors = np.abs(items.astype(np.float32) - items.astype(float))
            above = items.astype(float) - self.origin
            return labels, np.stack([errors.max(axis=0), above.sum(axis=0), (above**2).sum(axis=0)])


def _check_rounding(where: str, sums: NDArray[np.float64], n: int, dtype: np.dtype[Any]) -> None:
    """`DataError` where float32 is too coarse for a column; of rows in memory an offset would be subtracted."""
    with np.errstate(all="ignore"):
        mean, square = sums[:, 1:].sum(axis=0) / n
        std = np.sqrt(np.maximum(square - mean**2, 0))
        coarse = np.flatnonzero((std > 0) & np.isfinite(std) & (2 * sums[:, 0].max(axis=0) > 1e-3 * std))
    if len(coarse):
        raise DataError(
            f"{where}: column {coarse[0]} ({dtype}) has too many digits for float32, in which networks compute, such "
            f"as time stamps; subtract its smallest value in the Dataset"
        )


def _readable(size: int) -> str:
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
