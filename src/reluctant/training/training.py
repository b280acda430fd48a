"""The training of one run, as an iterator over its epochs.

A procedure of one's own derives from `Training` and says what differs: `network`, `fresh_optimizer`,
`pass_over`, `step`, `epoch`. What state it adds goes into `state_dict` and out of `load_state_dict`, or a run
that was interrupted ends with other numbers.
"""

import copy
import functools
import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from reluctant.activations import Stochastic, make, shape
from reluctant.catalogue.metrics import MOST
from reluctant.core.randomness import generator, integer
from reluctant.models import build, initialise, kernels_used, layers
from reluctant.models.swap import learned
from reluctant.records.probe_format import compact
from reluctant.records.store import Record
from reluctant.study import RECIPE, Run
from reluctant.study.schedule import last_rate, rate
from reluctant.study.stopping import stops
from reluctant.tasks import Classification
from reluctant.training.augmentation import Augmentation
from reluctant.training.calibration import calibration
from reluctant.training.evaluation import evaluate
from reluctant.training.optimizers import clip, optimizer, set_rate
from reluctant.training.probes import Probes
from reluctant.training.robustness import robustness
from reluctant.training.sources import sources_of
from reluctant.training.tensors import Part, Prepared


class Training:
    """One run under way: every step of the iteration trains an epoch and yields its part of the record.

    Saves and loads like an optimizer (`state_dict`, `load_state_dict`) between epochs. There is no random
    state to save: all random numbers of an epoch follow from the run's seed and the epoch.
    """

    def __init__(self, run: Run, data: Prepared, device: torch.device | None = None) -> None:
        self.run = run
        self.device = device or torch.device("cpu")
        self.data = data if self.device.type == "cpu" else data.to(self.device)
        self.task = data.task
        model = self.network()
        initialise(model, run.init, run.seed_for("init"), run.activation)
        self.model = placed(model, self.device, self.data.image)
        self.optimizer = self.fresh_optimizer()
        self.probes = Probes(self.model, self.data.train, self.task)
        self.start: Record = {}
        self.kernels: list[str] = []  # that ran in earlier sittings
        self.epochs: list[Record] = []
        self.diverged: int | None = None
        self.predictions = torch.empty(0, dtype=torch.int64)

    def network(self) -> nn.Module:
        """The network to train, its weights not yet drawn."""
        run = self.run
        image, outputs, task = self.data.image, self.data.classes, self.data.task.name
        return build(run.model, run.activation, image, outputs, run.seed_for("init"), task=task)

    def fresh_optimizer(self) -> torch.optim.Optimizer:
        """The run's optimizer over the network's parameters, as before the first step."""
        return optimizer(self.run.optimizer, self.model.parameters(), self.run.lr, learned(self.model))

    @property
    def done(self) -> bool:
        """Whether all epochs are over, or the run diverged or stopped early."""
        return self.diverged is not None or len(self.epochs) == self.run.epochs or self.stopped is not None

    @property
    def stopped(self) -> int | None:
        """The epoch after which the run stopped early; None where it did not."""
        return len(self.epochs) if stops(self.run, self._validation_losses()) else None

    def _validation_losses(self) -> list[float]:
        return [epoch["loss"]["valid"] for epoch in self.epochs]

    def __iter__(self) -> Iterator[Record]:
        if not self.start:
            with threads(self.run.threads):
                self.start = compact(self.probes.look(closely=True), first=True)
        while not self.done:
            with threads(self.run.threads):
                epoch = self.epoch(len(self.epochs) + 1)
            if epoch is None:
                self.diverged = len(self.epochs) + 1
                return
            self.epochs.append(epoch)
            yield epoch

    def epoch(self, number: int) -> Record | None:
        """Train and evaluate one epoch, from 1: its part of the record; None where the loss is not finite."""
        began = time.perf_counter()
        train = self.pass_over(number)
        trained = time.perf_counter()
        valid = evaluate(self.model, self.data.valid, self.task)
        test = evaluate(self.model, self.data.test, self.task)
        evaluated = time.perf_counter()
        if train is None or not math.isfinite(valid[0] + test[0]):
            return None
        self.predictions = test[1]
        last = number == self.run.epochs or stops(self.run, [*self._validation_losses(), valid[0]])
        seen = compact(self.probes.look(closely=last), first=False)
        probed = time.perf_counter()
        splits = {"train": train, "valid": (*valid, self.data.valid), "test": (*test, self.data.test)}
        return {
            "epoch": number,
            "seconds": {
                "train": round(trained - began, 4),
                "evaluate": round(evaluated - trained, 4),
                "probe": round(probed - evaluated, 4),
            },
            "lr": last_rate(self.run, number, self._batches),
            "loss": {name: loss for name, (loss, _, _) in splits.items()},
            self.task.key: {
                name: self.task.counts(predicted, part.labels)
                for name, (_, predicted, part) in splits.items()
            },
            "probes": seen,
        }

    def pass_over(self, number: int) -> tuple[float, Tensor, Part] | None:
        """One pass over the training images, and what it scored; None as soon as a loss is not finite."""
        images, labels, size = self.data.train.images, self.data.train.labels, self.run.batch_size
        augmented = Augmentation(self.run, self.data, number)
        order = torch.from_numpy(generator(self.run.seed_for("order"), "order", number).permutation(len(labels)))
        predicted = torch.empty_like(labels)
        total = 0.0
        self._reseed(number)
        self.model.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(integer(self.run.seed_for("noise"), "foreign", number))
            for start in range(0, len(labels), size):
                batch = order[start : start + size]
                self._set_rate(number, start // size)
                loss, scores = self.step(augmented(images[batch], batch), labels[batch])
                predicted[batch] = self.task.decide(scores)
                if not math.isfinite(loss):
                    return None
                total += loss * len(batch)
        return total / len(labels), predicted, self.data.train

    def step(self, images: Tensor, labels: Tensor) -> tuple[float, Tensor]:
        """One batch: forward, backward, update. The loss is the mean over the batch."""
        scores: Tensor = self.model(images)
        loss = self.task.loss(scores, labels, self.run.label_smoothing)
        self.optimizer.zero_grad(set_to_none=False)
        loss.backward()  # type: ignore[no-untyped-call]
        clip(self.optimizer, self.run.clip_norm)
        self.optimizer.step()
        return loss.item(), scores.detach()

    @property
    def _batches(self) -> int:
        return -(-len(self.data.train) // self.run.batch_size)

    def _set_rate(self, epoch: int, batch: int) -> None:
        """Give the optimizer the rate of this step, where it is not the same in all."""
        if self.run.schedule != Run.schedule:
            set_rate(self.optimizer, rate(self.run, epoch, batch, self._batches))

    def _reseed(self, epoch: int) -> None:
        """Give every module that draws random numbers its own stream for this epoch."""
        for name, module in self.model.named_modules():
            if isinstance(module, Stochastic):
                module.reseed(integer(self.run.seed_for("noise"), "dropout", epoch, name))

    def record(self) -> Record:
        """The finished run as the store keeps it. Without the environment, which the worker adds."""
        return {
            "run": self.run.to_dict(),
            "recipe": RECIPE,
            "diverged": self.diverged,
            **_named("stopped", self.stopped),
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "kernels": sorted({*self.kernels, *kernels_used(self.model)}),
            "layers": layers(copy.deepcopy(self.model).cpu(), self.data.image),
            "start": self.start,
            "epochs": self.epochs,
            "final": self._final(),
            "shape": shape(make(self.run.activation)),
            "test_predictions": self.task.encoded(self.predictions),
            "weights": fingerprint(self.model),
            "data": self.data.source.sha256,
            **_named("sources", sources_of(self.run)),
            "warnings": list(self.data.source.warnings),
        }

    def _final(self) -> Record | None:
        """After the last epoch: the whole training part in evaluation mode, and how the test part is met."""
        if self.diverged is not None:
            return None
        with threads(self.run.threads):
            loss, predicted = evaluate(self.model, self.data.train, self.task)
            found = {self.task.key: self.task.counts(predicted, self.data.train.labels)}
            if isinstance(self.task, Classification):
                found |= self._classified(self.task)
            if self.run.robustness:
                black = -self.data.mean / self.data.deviation
                found["robustness"] = robustness(self.model, self.data.test, black, self.data.unit)
        return {"loss": loss, **found}

    def _classified(self, task: Classification) -> Record:
        """How far probabilities can be believed; the whole test matrix where epochs hold three rows of it."""
        matrix = task.matrix(self.predictions, self.data.test.labels) if task.classes > MOST else None
        return {
            "calibration": calibration(self.model, self.data.test),
            **({} if matrix is None else {"test_confusion": matrix.tolist()}),
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next epoch depends on, as tensors and plain values."""
        return {
            "run": self.run.to_dict(),
            "recipe": RECIPE,
            "data": {self.data.source.name: self.data.source.sha256, **sources_of(self.run)},
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "kernels": sorted({*self.kernels, *kernels_used(self.model)}),
            "start": copy.deepcopy(self.start),
            "epochs": copy.deepcopy(self.epochs),
            "predictions": self.predictions,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that `state_dict` gave."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.start, self.epochs = copy.deepcopy(state["start"]), copy.deepcopy(state["epochs"])
        self.predictions, self.kernels = state["predictions"], list(state["kernels"])
        with threads(self.run.threads):
            self.probes.look()  # which units are dead now, for the deaths and revivals of the next epoch


def placed(model: nn.Module, device: torch.device, image: tuple[int, ...]) -> nn.Module:
    """The network on its device, and in channels-last memory where it is fed images."""
    model = model.to(device)
    if len(image) != 3:
        return model
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _named(key: str, value: Any) -> Record:
    """An entry of the record, left out where it holds nothing."""
    return {key: value} if value else {}


@contextmanager
def threads(number: int) -> Iterator[None]:
    """PyTorch and NumPy at work with this many threads: part of a `Run`, since the split decides sums."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        with _libraries().limit(limits=number, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@functools.cache
def _libraries() -> ThreadpoolController:
    """The libraries of matrix products in this process; looking for them takes milliseconds."""
    return ThreadpoolController()


@functools.cache
def product_kernels() -> str:
    """What takes NumPy's matrix products here: the library, its version, the processor it believes in."""
    found = [lib for lib in _libraries().info() if lib["user_api"] == "blas"]
    chosen: dict[str, Any] = next((lib for lib in found if "numpy" in lib["filepath"]), {})
    return " ".join(str(chosen.get(key, "")) for key in ("internal_api", "version", "architecture")).strip()


def fingerprint(model: nn.Module) -> str:
    """SHA-256 of all parameters and buffers, by name; of one that is not made yet, of its name alone."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if is_lazy(tensor):
            digest.update(f"{name} is made by the first input\n".encode())
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())  # NumPy knows no bfloat16
    return digest.hexdigest()
