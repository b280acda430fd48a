"""Inputs of a split as tensors that are read when they are needed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from reluctant.data.streamed import StreamedInputs
from reluctant.tasks import to_numpy

Rows = Tensor | slice


@dataclass(frozen=True, eq=False)
class StreamedTensors:
    """Streamed inputs as float32: indexed like a tensor, and read then; a loop asks for its `batches` beforehand.

    Attributes:
        source: The inputs in their own values.
        changes: What is done to every batch, one after the other; each treats every item alike.
    """

    source: StreamedInputs
    changes: tuple[Callable[[Tensor], Tensor], ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, …), as of a tensor."""
        return self.source.shape

    def __getitem__(self, rows: Rows) -> Tensor:
        return next(self._read([rows], workers=0))

    def batches(self, batches: Sequence[Rows]) -> Iterator[Tensor]:
        """The inputs of some batches, in this order, read ahead by worker processes."""
        return self._read(batches, workers=self.source.workers)

    def _read(self, batches: Sequence[Rows], workers: int) -> Iterator[Tensor]:
        rows = [batch if isinstance(batch, slice) else to_numpy(batch) for batch in batches]
        for values in self.source.batches(rows, workers):
            batch = torch.from_numpy(values).to(torch.float32)
            for change in self.changes:
                batch = change(batch)
            yield batch

    def of_epoch(self, seed: int, epoch: int) -> "StreamedTensors":
        """The inputs in one epoch: other values where they are random."""
        return replace(self, source=self.source.of_epoch(seed, epoch))

    def changed(self, change: Callable[[Tensor], Tensor]) -> "StreamedTensors":
        """The same inputs with a change after all others."""
        return replace(self, changes=(*self.changes, change))


def read_batches(inputs: Tensor | StreamedTensors, batches: Sequence[Rows]) -> Iterator[Tensor]:
    """The inputs of some batches, each the positions of its items, in this order."""
    return inputs.batches(batches) if isinstance(inputs, StreamedTensors) else (inputs[rows] for rows in batches)
