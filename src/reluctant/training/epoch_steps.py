"""The training half of one epoch of one run, a step at a time, so that several runs may take turns in a process."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor

from reluctant.activations import Stochastic
from reluctant.core.randomness import torch_seed
from reluctant.models.swap.forward import GlobalRandomStates
from reluctant.study import Run
from reluctant.study.schedule import rate
from reluctant.training.batches import EpochPlan
from reluctant.training.numerics import numerics

if TYPE_CHECKING:
    from reluctant.training.training import Training

TrainResult = tuple[float, Tensor, Tensor]  # the mean loss, the predictions, the targets that they belong to


class EpochSteps:
    """The steps of one epoch (from 1) of a training; `finish` takes all of them, `advance` one.

    Global random numbers and the number of threads belong to the whole process. They are this run's during its turn
    and what they were before afterwards, so that a run has the same numbers alone and beside others.
    """

    def __init__(self, training: "Training", number: int) -> None:
        self.training, self.number = training, number
        self.seconds = 0.0  # that its turns took
        self.error: BaseException | None = None  # what a turn beside other runs has raised
        self._random_states = GlobalRandomStates(
            torch_seed(training.run.seed_for("noise"), "foreign", number), training.device
        )
        self._steps: Iterator[Tensor | float] | None = None
        self._losses: list[tuple[Tensor | float, int]] = []  # of every batch, and over how many units

    def finish(self) -> TrainResult | None:
        """Take all steps; the result."""
        self.take_all()
        return self.result()

    def take_all(self) -> None:
        """Take all steps in one turn. What they raise is raised by `result`."""
        try:
            with self.turn():
                while self._step():
                    pass
        except (Exception, SystemExit) as error:
            self.error = error

    def advance(self) -> bool:
        """Take one step; False where the epoch is over or has failed: `result` raises what it raised."""
        try:
            with self.turn():
                return self._step()
        except (Exception, SystemExit) as error:  # the runs beside this one go on
            self.error = error
            return False

    def replay(self, losses: list[tuple[float, int]], predictions: Tensor, targets: Tensor) -> None:
        """Take the outcome of steps that were carried out elsewhere: of every batch its loss and its units."""
        self._losses = list(losses)
        self.predictions, self.plan.targets = predictions, targets

    def result(self) -> TrainResult | None:
        """What the epoch's record needs; None where a loss was not finite."""
        if self.error is not None:
            raise self.error
        total = 0.0
        for step, (loss, units) in enumerate(self._losses, 1):
            value = float(loss)
            if not math.isfinite(value):
                if self.training.how:  # on a GPU, where this is known only now
                    self.training.how += f"; the loss was not finite at step {step} of epoch {self.number}"
                return None
            total += value * units
        return total / self.training.task.units(self.plan.targets), self.predictions, self.plan.targets

    def begin(self) -> None:
        """Prepare the epoch's batches and random numbers, before the first step."""
        training = self.training
        self.plan = EpochPlan(training.run, training.data, self.number)
        self.predictions = training.task.no_predictions(self.plan.targets)
        for name, module in training.model.named_modules():  # each has its own stream of random numbers in an epoch
            if isinstance(module, Stochastic):
                module.reseed(torch_seed(training.run.seed_for("noise"), "dropout", self.number, name))
        training.model.train()
        self._steps = self._batches()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Within it random numbers and threads of the process are this run's."""
        began = time.perf_counter()
        with numerics(self.training.run, self.training.device), self._random_states.active():
            yield
        self.seconds += time.perf_counter() - began

    def _step(self) -> bool:
        if self._steps is None:
            self.begin()
        return next(self._steps, None) is not None  # type: ignore[arg-type]

    def _batches(self) -> Iterator[Tensor | float]:
        """Train on the batches, one at a time; on a processor until a loss is not finite.

        Elsewhere losses stay on the device until the epoch is over, as reading one waits for all work before it.
        """
        training, run = self.training, self.training.run
        waits = training.device.type != "cpu"
        for batch in self.plan:
            if run.schedule != Run.schedule:  # the rate is not the same in all steps
                for group in training.optimizer.param_groups:
                    group["lr"] = rate(run, self.number, batch.step, self.plan.steps)
            training.group = batch.group
            loss, outputs = training.step(batch.inputs, batch.targets)
            self.predictions[batch.rows] = training.task.predict(outputs, batch.targets)
            self._losses.append((loss if waits else float(loss), batch.units))
            if not waits and not math.isfinite(loss):
                return
            yield loss
