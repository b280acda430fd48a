"""A run's steps as work on tensors alone, so that a GPU can repeat one of them without asking the processor.

The order of the items, the position in it and the learning rates lie on the device and move on with every step; losses
and predictions stay there until the epoch is over.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from reluctant.study import Run
from reluctant.study.schedule import rate
from reluctant.training.batches import Part, steps_per_epoch
from reluctant.training.epoch_steps import EpochSteps
from reluctant.training.training import Training


class TensorSteps:
    """The steps of one training, epoch after epoch, in memory that stays where it is.

    Example:
        steps = TensorSteps(training)
        steps.begin(epoch_steps)
        for size in steps.batches():
            steps.step(size)
        steps.finish(epoch_steps)

    Attributes:
        reason: Why its steps are not replayed, once that was tried; empty where they are.
        remarks: PyTorch's warnings of operations in a step that are not deterministic.
    """

    def __init__(self, training: Training) -> None:
        self.training = training
        self.reason: str | None = None
        self.remarks: list[str] = []
        run, train, device = training.run, training.data.train, training.device
        self.count = steps_per_epoch(run, len(train))
        self.batch = min(run.batch_size, len(train))
        items = self.count * self.batch if run.steps else len(train)
        self.inputs, self.targets = train.inputs, train.targets  # copied where they change from pass to pass
        if train.windows is not None or train.redraw is not None:
            self.inputs, self.targets = self.inputs.clone(), self.targets.clone()
        self.order = torch.zeros(len(train), dtype=torch.int64, device=device)
        self.range = torch.arange(self.batch, device=device)
        self.position, self.item, self.number = torch.zeros(3, 1, dtype=torch.int64, device=device)
        self.losses = torch.zeros(self.count, device=device)
        self.rates = torch.zeros(self.count, device=device)
        self.batch_targets = self.targets.new_zeros((items, *self.targets.shape[1:]))
        self.predictions = training.task.no_predictions(self.batch_targets)
        for group in training.optimizer.param_groups:
            group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32).to(device)
            if "capturable" in group:
                group["capturable"] = device.type == "cuda"

    @property
    def shape(self) -> tuple[object, ...]:
        """Runs of the same shape have batches of the same sizes and compute in the same way."""
        run = self.training.run
        return self.count, self.batch, len(self.training.data.train), run.steps, run.precision, run.threads

    @property
    def sizes(self) -> list[int]:
        """The sizes that its batches have: all whole ones, and in a pass over the data perhaps a last one."""
        rest = 0 if self.training.run.steps else len(self.training.data.train) % self.batch
        return [self.batch, *([rest] if rest else [])]

    def batches(self) -> Iterator[int]:
        """Before each step of the epoch that has begun, load what the step needs and yield the size of its batch."""
        yield from self._sizes
        for part in self._parts:
            yield from self._load(part)

    def begin(self, epoch: EpochSteps) -> None:
        """Prepare the first step of an epoch."""
        epoch.begin()
        run = self.training.run
        if run.schedule != Run.schedule:
            rates = [rate(run, epoch.number, step, self.count) for step in range(self.count)]
            self.rates.copy_(torch.tensor(rates))
        self.rewind()
        self._parts = epoch.plan.parts()
        self._sizes = self._load(next(self._parts))

    def rewind(self) -> None:
        """Go back to the first batch; what a step has changed besides stays."""
        for counter in (self.position, self.item, self.number):
            counter.zero_()

    def _load(self, part: Part) -> list[int]:
        """Make a part of the epoch that of the next step; the sizes of its batches."""
        self.position.zero_()
        self.order[: len(part.order)].copy_(part.order)
        if self.inputs is not self.training.data.train.inputs:
            self.inputs.copy_(part.inputs)
            self.targets.copy_(part.targets)
        return [len(batch) for batch in torch.split(part.order, self.batch)]

    def step(self, size: int) -> None:
        """Train on the next batch, which has so many items."""
        training, near = self.training, self.range[:size]
        rows = self.order[self.position + near]
        if training.run.schedule != Run.schedule:
            for group in training.optimizer.param_groups:
                group["lr"].copy_(self.rates[self.number].squeeze())
        targets = self.targets[rows]
        loss, outputs = training.step(self.inputs[rows], targets)
        here = self.item + near
        self.losses.index_copy_(0, self.number, torch.as_tensor(loss).detach().reshape(1).to(self.losses))
        self.predictions.index_copy_(0, here, training.task.predict(outputs, targets))
        self.batch_targets.index_copy_(0, here, targets)
        self.position += size
        self.item += size
        self.number += 1

    def finish(self, epoch: EpochSteps) -> None:
        """Give the outcome of all steps of an epoch to what makes its record."""
        task, run = self.training.task, self.training.run
        targets, predictions = self.batch_targets.clone(), self.predictions.clone()
        units = [task.units(batch) for batch in torch.split(targets.cpu(), self.batch)]
        if not run.steps:  # predictions of a pass are stored in the order of the items
            order = self.order.clone()
            predictions[order], targets[order] = self.predictions, self.batch_targets
        epoch.replay(list(zip(self.losses.tolist(), units, strict=True)), predictions, targets)

    def counters(self) -> list[Tensor]:
        """The tensors of this object that a step changes."""
        return [self.position, self.item, self.number, self.losses, self.predictions, self.batch_targets]
