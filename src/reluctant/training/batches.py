"""The batches of one epoch, in order: every input once, or those of the steps between two evaluations."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor

from reluctant.core.randomness import generator
from reluctant.study import Run
from reluctant.training.augmentation import Augmentation
from reluctant.training.objective import Group
from reluctant.training.streamed_tensors import read_batches
from reluctant.training.tensors import TensorData


@dataclass(frozen=True)
class Batch:
    """One batch: `rows` is where its predictions stand in those of the epoch, `step` its number in the epoch from 0."""

    inputs: Tensor
    targets: Tensor
    rows: Tensor | slice
    step: int
    group: Group
    units: int  # losses that the batch's mean is over


class Part(NamedTuple):
    """A pass over the training data, or a part of one: its number from 1, and the order of the items that it has."""

    number: int
    inputs: Any  # as in `TensorSplit`
    targets: Tensor
    order: Tensor


def steps_per_epoch(run: Run, items: int) -> int:
    """How many batches an epoch has."""
    return run.steps // run.epochs * run.accumulate if run.steps else -(-items // run.batch_size)


class EpochPlan:
    """Iterates over the batches of an epoch (from 1) of a run.

    With `steps`, the data are read over and over in batches of one size, each time in another order, and an epoch is
    what lies between two evaluations. The order follows from the seed and the number of the pass over the data.
    """

    def __init__(self, run: Run, data: TensorData, number: int) -> None:
        self.run, self.data, self.number = run, data, number
        self.steps = steps_per_epoch(run, len(data.train))
        if run.steps:
            self.size = min(run.batch_size, len(data.train))
            shape = (self.steps * self.size, *data.train.targets.shape[1:])
            self.targets = data.train.targets.new_empty(shape)  # filled batch by batch
        else:
            self.inputs, self.targets = data.train.of_epoch(run.seed_for("noise"), number)

    def __iter__(self) -> Iterator[Batch]:
        return _with_shares(self._steps(), self.run.accumulate) if self.run.steps else self._pass()

    def _pass(self) -> Iterator[Batch]:
        """Every input once; the last batch, and the last group of batches, may be smaller."""
        run, task, n = self.run, self.data.task, len(self.targets)
        ((_, _, _, order),) = self.parts()
        augment = Augmentation(run, self.data, self.number)
        whole = run.batch_size * run.accumulate
        batches = torch.split(order, run.batch_size)
        for step, (rows, inputs) in enumerate(zip(batches, read_batches(self.inputs, batches), strict=True)):
            start = step * run.batch_size
            begin = start - start % whole
            targets = self.targets[rows]
            units = task.units(targets)
            in_group = units if run.accumulate == 1 else task.units(self.targets[order[begin : begin + whole]])
            group = Group(units / max(1, in_group), start == begin, start + len(rows) == min(begin + whole, n))
            yield Batch(augment(inputs, rows), targets, rows, step, group, units)

    def _steps(self) -> Iterator[Batch]:
        """The batches of this epoch's steps; inputs that do not fill a batch at the end of a pass are left out."""
        run, task, size, step = self.run, self.data.task, self.size, 0
        for part in self.parts():
            augment = Augmentation(run, self.data, part.number)
            batches = torch.split(part.order, size)
            for taken, values in zip(batches, read_batches(part.inputs, batches), strict=True):
                rows = slice(step * size, (step + 1) * size)
                self.targets[rows] = expected = part.targets[taken]
                group = Group(1, step % run.accumulate == 0, (step + 1) % run.accumulate == 0)
                yield Batch(augment(values, taken), expected, rows, step, group, task.units(expected))
                step += 1

    def parts(self) -> Iterator[Part]:
        """The passes over the data that the epoch consists of, or what it has of them."""
        run, n = self.run, len(self.data.train)
        if not run.steps:
            yield Part(self.number, self.inputs, self.targets, _order(run, self.number, n))
            return
        per_pass, step = n // self.size, 0
        while step < self.steps:
            passes, position = divmod((self.number - 1) * self.steps + step, per_pass)
            inputs, targets = self.data.train.of_epoch(run.seed_for("noise"), passes + 1)
            end = min(per_pass, position + self.steps - step)  # of the pass, or of this epoch within it
            order = _order(run, passes + 1, n)[position * self.size : end * self.size]
            yield Part(passes + 1, inputs, targets, order)
            step += end - position


def _with_shares(batches: Iterator[Batch], accumulate: int) -> Iterator[Batch]:
    """The batches with their shares of the groups that make one step, by the losses that each has."""
    while group := list(islice(batches, accumulate)):
        whole = max(1, sum(batch.units for batch in group))
        for batch in group:
            share = batch.units / whole if accumulate > 1 else 1.0
            yield replace(batch, group=batch.group._replace(share=share))


def _order(run: Run, number: int, items: int) -> Tensor:
    """The order of one pass over the data."""
    return torch.from_numpy(generator(run.seed_for("order"), "order", number).permutation(items))
