"""The training of one run, as an iterator over its epochs.

A user-defined procedure derives from `Training` and overrides what differs: `build_network`,
`build_optimizer`, `train_epoch`, `step`, `epoch`. State that it adds goes into `state_dict` and out of
`load_state_dict`, or a run that was interrupted ends with other numbers.
"""

import math
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from reluctant.activations import make, sample_curve
from reluctant.catalogue import OPTIMIZERS
from reluctant.models import activation_parameters, initialise, kernels_used, layer_table, swap_report
from reluctant.models.layers import suits_channels_last
from reluctant.models.own_weights import initial_weights, watch_initialisation
from reluctant.models.swap.forward import clone_sharing_parameters, size_of
from reluctant.records.parts import EpochRecord, FinalRecord, ProbeSnapshot
from reluctant.records.probe_table import compact
from reluctant.records.schema import SCHEMA, RunRecord, written
from reluctant.study import RECIPE, Run
from reluctant.study.schedule import last_rate, stops_early
from reluctant.training.batches import steps_per_epoch
from reluctant.training.checksums import fingerprint, initial_weights_source, run_sources
from reluctant.training.epoch_steps import EpochSteps, TrainResult
from reluctant.training.evaluation import evaluate, final_evaluation
from reluctant.training.machine import limit_threads
from reluctant.training.numerics import numerics
from reluctant.training.objective import Group, Objective, forward_precision, in_full
from reluctant.training.optimizers import clip_gradients, optimizer_from_name
from reluctant.training.probes import Probes
from reluctant.training.tensors import TensorData


class Training:
    """One run in progress: every step of the iteration trains an epoch and yields its part of the record.

    Saves and loads like an optimizer (`state_dict`, `load_state_dict`) between epochs. There is no random
    state to save: all random numbers of an epoch follow from the run's seed and the epoch.

    Example:
        training = Training(Run("gelu", epochs=2), prepare(load("digits"), 0.92))
        for epoch in training:
            print(epoch.epoch, epoch.loss.train)
        record = training.record()
    """

    def __init__(self, run: Run, data: TensorData, device: torch.device | None = None) -> None:
        self.run = run
        self.device = device or torch.device("cpu")
        self.data = data if self.device.type == "cpu" else data.to(self.device)
        self.task = data.task
        with limit_threads(run.threads):  # they decide the last bits of orthogonal initial weights
            with watch_initialisation():
                model = self.build_network()
            self.own_weights = initial_weights(model).own  # of these layers; init = "default" leaves them as they are
            initialise(model, run.init, run.seed_for("init"), run.activation, self.own_weights)
            model = model.to(self.device)
            if len(self.data.input_shape) == 3:  # images
                if suits_channels_last(model, self.data.train.inputs[:2]):
                    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
                else:
                    self.data = self.data.contiguous()
        self.model = model
        self.forward = torch.compile(model) if run.compile else model  # of training steps; all else runs as written
        self.objective = Objective(run, self.task, self.data.train.targets)
        self.optimizer = self.build_optimizer()
        self.own_optimizer = OPTIMIZERS.canonical(run.optimizer).is_user_defined
        self.group = Group()  # of batches that make one step
        self.probes = Probes(self.model, self.data.train, self.task)
        self.start: ProbeSnapshot | None = None  # before the first step
        self.kernels: list[str] = []  # that ran before an interruption
        self.how = ""  # on a GPU: whether steps were replayed, and why not
        self.epochs: list[EpochRecord] = []
        self.diverged: int | None = None
        self.predictions = torch.empty(0, dtype=torch.int64)

    def build_network(self) -> nn.Module:
        """The network to train, before its weights are initialised."""
        return self.data.build_network(self.run.model, self.run.activation, self.run.seed_for("init"))

    def build_optimizer(self) -> torch.optim.Optimizer:
        """The run's optimizer over the network's parameters, as before the first step."""
        parameters, no_decay = self.model.parameters(), activation_parameters(self.model)
        return optimizer_from_name(self.run.optimizer, parameters, self.run.lr, no_decay)

    @property
    def done(self) -> bool:
        """Whether all epochs are over, or the run diverged or stopped early."""
        return self.diverged is not None or len(self.epochs) == self.run.epochs or self.stopped is not None

    @property
    def stopped(self) -> int | None:
        """The epoch after which the run stopped early; None where it did not."""
        return len(self.epochs) if stops_early(self.run, self._validation_losses()) else None

    def _validation_losses(self) -> list[float]:
        return [epoch.loss.valid for epoch in self.epochs]

    def __iter__(self) -> Iterator[EpochRecord]:
        from reluctant.training.packs import TrainingPack

        pack = TrainingPack()  # of one run, so that steps are taken as they are beside others
        for turn in self.turns():
            if isinstance(turn, EpochSteps):
                pack.take([turn])
            else:
                yield turn

    def turns(self) -> Iterator[EpochSteps | EpochRecord]:
        """Like iteration, and before every epoch its steps, which whoever asks has to take: beside those of other runs.

        A procedure that overrides `epoch` or `train_epoch` takes its steps itself.
        """
        if self.start is None:
            with numerics(self.run, self.device):
                self.start = ProbeSnapshot.read(compact(self.probes.snapshot(detailed=True), first=True))
        whole = (type(self).epoch, type(self).train_epoch) != (Training.epoch, Training.train_epoch)
        while not self.done:
            number = len(self.epochs) + 1
            if whole:
                with numerics(self.run, self.device):
                    epoch = self.epoch(number)
            else:
                steps = EpochSteps(self, number)
                yield steps
                with numerics(self.run, self.device):
                    epoch = self.evaluate_epoch(number, steps.result(), steps.seconds)
            if epoch is None:
                self.diverged = number
                return
            self.epochs.append(epoch)
            yield epoch

    def epoch(self, number: int) -> EpochRecord | None:
        """Train and evaluate one epoch, from 1: its part of the record; None where the loss is not finite."""
        began = time.perf_counter()
        train = self.train_epoch(number)
        return self.evaluate_epoch(number, train, time.perf_counter() - began)

    def evaluate_epoch(self, number: int, train: TrainResult | None, seconds_of_training: float) -> EpochRecord | None:
        """Evaluate after the training of an epoch: its part of the record; None where a loss is not finite."""
        trained = time.perf_counter()
        with forward_precision(self.run, self.device):
            valid = evaluate(self.model, self.data.valid, self.task)
            test = evaluate(self.model, self.data.test, self.task)
        evaluated = time.perf_counter()
        if train is None or not math.isfinite(valid[0] + test[0]):
            return None
        self.predictions = test[1]
        last = number == self.run.epochs or stops_early(self.run, [*self._validation_losses(), valid[0]])
        snapshot = compact(self.probes.snapshot(detailed=last), first=False)
        probed = time.perf_counter()
        seconds = {"train": seconds_of_training, "evaluate": evaluated - trained, "probe": probed - evaluated}
        splits = {"train": train, "valid": (*valid, self.data.valid.targets), "test": (*test, self.data.test.targets)}
        counts = {name: self.task.counts(outputs, targets) for name, (_, outputs, targets) in splits.items()}
        return EpochRecord.read(
            {
                "epoch": number,
                "seconds": {name: round(value, 4) for name, value in seconds.items()},
                "lr": last_rate(self.run, number, steps_per_epoch(self.run, len(self.data.train))),
                "loss": {name: loss for name, (loss, _, _) in splits.items()},
                self.task.key: counts,
                "probes": snapshot,
            }
        )

    def train_epoch(self, number: int) -> TrainResult | None:
        """Train on every input once, or for the steps between two evaluations.

        Returns:
            The mean loss, the predictions, and the targets that they belong to; None where a loss was not finite.
        """
        return EpochSteps(self, number).finish()

    def step(self, inputs: Tensor, targets: Tensor) -> tuple[float | Tensor, Tensor]:
        """One batch: forward, backward, with the last of its `group` the update; its mean loss, and the outputs."""
        with forward_precision(self.run, self.device):
            outputs: Tensor = in_full(self.forward(inputs))
        loss = self.objective(outputs, targets)
        if self.group.first:
            self.optimizer.zero_grad(set_to_none=self.own_optimizer)
        (loss if self.group.share == 1 else loss * self.group.share).backward()  # type: ignore[no-untyped-call]
        if self.group.last:
            clip_gradients(self.optimizer, self.run.clip_norm)
            self.optimizer.step()
        return self.objective.reported(loss, outputs, targets), outputs.detach()

    def record(self) -> RunRecord:
        """The finished run, without the environment, which `train_run` adds."""
        sources, size = self._sources(), size_of(self.model, self.data.train.inputs[:1])
        swap = swap_report(self.model)
        content = {
            "schema": SCHEMA,
            "run": self.run,
            "recipe": RECIPE,
            "diverged": self.diverged,
            **({"stopped": self.stopped} if self.stopped else {}),
            "parameters": size[0],
            **({"multiply_adds": size[1]} if size[1] is not None else {}),
            "kernels": sorted({*self.kernels, *kernels_used(self.model)}),
            "layers": layer_table(clone_sharing_parameters(self.model), self.data.example(self.device)),
            "start": self.start,
            "epochs": self.epochs,
            "final": self._final_evaluation() if self.diverged is None else None,
            "shape": sample_curve(make(self.run.activation)),
            "test_predictions": self.task.encode(self.predictions),
            "weights": fingerprint(self.model),
            "data": self.data.source.sha256,
            **({"sources": sources} if sources else {}),
            "warnings": [*self.data.source.warnings, *(swap.warnings if swap else ())],
        }
        return RunRecord.read(content)

    def _final_evaluation(self) -> FinalRecord:
        with numerics(self.run, self.device), forward_precision(self.run, self.device):
            return final_evaluation(self.model, self.data, self.predictions, robustness=self.run.robustness)

    def _sources(self) -> dict[str, str]:
        """What the user's own code decides beside the run."""
        return {**run_sources(self.run), **initial_weights_source(self.run.model, self.own_weights)}

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next epoch depends on, as tensors and plain values."""
        return {
            "run": self.run.to_dict(),
            "recipe": RECIPE,
            "data": {self.data.source.name: self.data.source.sha256, **self._sources()},
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "kernels": sorted({*self.kernels, *kernels_used(self.model)}),
            "start": written(self.start) if self.start else None,
            "epochs": [written(epoch) for epoch in self.epochs],
            "predictions": self.predictions,
            **self.objective.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state_dict` returned."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.objective.load_state_dict(state)
        self.start = ProbeSnapshot.read(state["start"]) if state["start"] else None
        self.epochs = [EpochRecord.read(epoch) for epoch in state["epochs"]]
        self.predictions, self.kernels = state["predictions"], list(state["kernels"])
        with numerics(self.run, self.device):
            self.probes.snapshot()  # which units are dead now, for the deaths and revivals of the next epoch
