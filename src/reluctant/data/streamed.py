"""Inputs of a PyTorch data set that are read batch by batch, by worker processes, and are never all in memory.

PyTorch is never imported here: a program that hands over its objects has imported it already.
"""

import gc
import hashlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.code_hash import ArrayHash
from reluctant.core.errors import DataError, ReluctantError, describe_exception
from reluctant.core.parent_death import die_with_parent
from reluctant.core.randomness import preserve_random_states
from reluctant.data.inputs import Inputs, as_inputs
from reluctant.data.random_items import item_seeds, read_seeded
from reluctant.data.torch_items import ItemForm, read_item

LOADER_WORKERS = 2 if sys.platform == "linux" else 0  # elsewhere scripts would need a guard for __main__
START_METHOD = "fork" if sys.platform == "linux" else "spawn"
_BLOCK_BYTES, _BLOCK_ITEMS = 4 * 1024**2, 256  # the most of a batch where all items are read in order
Rows = NDArray[np.int64]
Request = tuple[Rows, Rows | None]  # numbers of items, and the seed of each where they are random


@dataclass(frozen=True)
class BatchReader:
    """Reads inputs by the numbers of their items; it can be sent to another process.

    Faults are returned, since PyTorch would raise them again in its own words.
    """

    name: str
    source: Any
    length: int
    form: ItemForm

    def __getitem__(self, request: Request) -> Any:
        rows, seeds = request
        kind = type(self.source).__name__
        in_worker = sys.modules["torch"].utils.data.get_worker_info() is not None
        try:
            if (length := len(self.source)) != self.length:
                raise DataError(
                    f"{self.name}: {kind} had {self.length:,} items at first and has {length:,} now; make its length "
                    f"constant"
                )
            with nullcontext() if in_worker else preserve_random_states():
                numbers = [None] * len(rows) if seeds is None else seeds.tolist()
                items, labels = zip(*map(self._read, rows.tolist(), numbers), strict=True)
            array = np.stack(items)
            if seeds is not None and array.dtype.kind == "f":
                array = array.astype(np.float32)
            return self.convert(array, list(labels), rows)
        except ReluctantError as fault:
            return fault

    def _read(self, i: int, seed: int | None) -> tuple[NDArray[Any], Any]:
        if seed is None:
            item, label = read_item(self.name, self.source, i, self.length)
        else:
            item, label = read_seeded(self.name, self.source, i, self.length, seed)
        self.form.check(self.name, self.source, i, item, label)
        return item, label

    def convert(self, items: NDArray[Any], labels: list[Any], rows: Rows) -> Any:
        """What is sent back: the inputs in their final form."""
        return as_inputs(f"{self.name}: {type(self.source).__name__}", items, numbers=rows)

    def __reduce__(self) -> tuple[Any, ...]:
        """Classes of a script or a notebook are sent as code."""
        import cloudpickle

        return _unpacked, (type(self), cloudpickle.dumps(vars(self)))


def _unpacked(kind: type[BatchReader], fields: bytes) -> BatchReader:
    import cloudpickle

    return kind(**cloudpickle.loads(fields))


def load_batches(reader: BatchReader, requests: Sequence[Request], workers: int) -> Iterator[Any]:
    """What a reader returns for every request, in order, read ahead by so many processes; 0 for this one.

    Raises `DataError`: a fault of the reader, a process that ends, or a data set that cannot be sent to one.
    """
    results = iter(map(reader.__getitem__, requests)) if workers == 0 else _start(reader, requests, workers)
    try:
        for _ in requests:
            result = next(results)
            if isinstance(result, ReluctantError):
                raise result
            yield result
    except RuntimeError as fault:
        if not workers:
            raise
        raise DataError(
            f"{reader.name}: a process that reads {type(reader.source).__name__} has ended "
            f"({describe_exception(fault)}); with loader_workers=0 the training process reads itself"
        ) from fault
    finally:
        del results  # ends the processes now, and not when the traceback of a fault is collected


def _start(reader: BatchReader, requests: Sequence[Request], workers: int) -> Iterator[Any]:
    torch = sys.modules["torch"]
    with warnings.catch_warnings():  # more processes than cores are no fault, nor is a fork beside our threads
        warnings.filterwarnings("ignore", message="This DataLoader will create")
        warnings.filterwarnings("ignore", message="This process .* is multi-threaded", category=DeprecationWarning)
        collecting = gc.isenabled()
        gc.disable()  # in the new processes too, until they have set aside what this one has discarded
        try:
            return iter(
                torch.utils.data.DataLoader(
                    reader,
                    batch_size=None,  # a request is a batch
                    sampler=requests,
                    num_workers=min(workers, len(requests)),
                    collate_fn=_unchanged,
                    worker_init_fn=_prepare_process,
                    multiprocessing_context=START_METHOD,
                    generator=torch.Generator(),  # the global one belongs to the training
                )
            )
        except Exception as fault:  # pickling runs code of the user's
            raise DataError(
                f"{reader.name}: {type(reader.source).__name__} cannot be sent to the processes that read it "
                f"({describe_exception(fault)}); give loader_workers=0, or define it in a module, without open files "
                f"and locks"
            ) from fault
        finally:
            if collecting:
                gc.enable()


def _unchanged(batch: Any) -> Any:
    return batch


def _prepare_process(_: int) -> None:
    die_with_parent()
    gc.freeze()  # what the parent has discarded is the parent's: finalizers of Ray's objects crash a forked process
    gc.enable()


@dataclass(frozen=True, eq=False)
class StreamedInputs:
    """The inputs of some items of a PyTorch data set, in their final form, as an array that is read when needed.

    Attributes:
        rows: (n,) numbers of items of the source.
        item_shape, dtype: Of an input in its final form (see `as_inputs`).
        seeds: Of all items of the source, where these are random: each is read under its own.
        workers: Processes that read ahead.
        findings: What was computed of all values, by name and rows; it is sent along to other processes.
    """

    reader: BatchReader
    rows: Rows
    item_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    seeds: Rows | None = None
    workers: int = LOADER_WORKERS
    findings: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, …), as of an array."""
        return len(self.rows), *self.item_shape

    @property
    def ndim(self) -> int:
        """How many axes there are, that of the items included."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes the values would take."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __getitem__(self, rows: Rows | slice) -> "StreamedInputs":
        """Some of these items, not yet read."""
        return replace(self, rows=self.rows[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All values, in memory."""
        return np.concatenate(list(self.blocks())).astype(dtype or self.dtype, copy=False)

    def blocks(self, reader: BatchReader | None = None) -> Iterator[Any]:
        """All values in order, a few items at a time; or what another reader returns for these items."""
        size = max(1, min(_BLOCK_ITEMS, _BLOCK_BYTES * len(self) // self.nbytes))
        starts = range(0, len(self), size)
        return load_batches(reader or self.reader, [self._request(slice(i, i + size)) for i in starts], self.workers)

    def batches(self, batches: Sequence[Rows | slice], workers: int | None = None) -> Iterator[NDArray[Any]]:
        """The values of some batches, each the positions of its items, in the order of the batches."""
        workers = self.workers if workers is None else workers
        return load_batches(self.reader, [self._request(batch) for batch in batches], workers)

    def _request(self, batch: Rows | slice) -> Request:
        rows = self.rows[batch]
        return rows, None if self.seeds is None else self.seeds[rows]

    def of_epoch(self, seed: int, epoch: int) -> "StreamedInputs":
        """The inputs in one epoch (from 1): other values where they are random."""
        if self.seeds is None:
            return self
        return replace(self, seeds=item_seeds(seed, epoch, self.reader.length), findings={})

    def finding(self, what: str) -> tuple[str, str]:
        """The key of what was computed of these items."""
        return what, hashlib.sha256(self.rows.tobytes()).hexdigest()

    def array_hash(self) -> ArrayHash:
        """What stands for these values in the checksum of an object."""
        key = self.finding("sha256")
        if key not in self.findings:
            digest = hashlib.sha256()
            for block in self.blocks():
                digest.update(block.data)
            self.findings[key] = digest.hexdigest()
        return ArrayHash(str(self.dtype), self.shape, self.findings[key])


def blocks_of(inputs: Inputs | StreamedInputs) -> Iterator[NDArray[Any]]:
    """All values in order: an array as it is, streamed inputs a few items at a time."""
    return inputs.blocks() if isinstance(inputs, StreamedInputs) else iter([inputs])
