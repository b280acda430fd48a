"""`Trial`: what a training function of the user's own is given for one run, and what it reports to."""

import os
import random
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reluctant.core.errors import StudyError
from reluctant.core.randomness import preserve_random_states, torch_seed
from reluctant.core.user_code import SESSION_MODULE
from reluctant.records.parts import ReportedEpoch
from reluctant.study import Run
from reluctant.trials.reports import Reports

if TYPE_CHECKING:
    import torch
    from torch import nn


NO_VALUE = object()  # for an arm that has nothing but its name


class ActivationFactory:
    """Makes fresh modules of one activation: `trial.activation()`; give it to a network as `act_layer`."""

    def __init__(self, name: str, source: Any) -> None:
        self.name, self._source = name, source

    def __call__(self) -> "nn.Module":
        """A fresh module. No random state changes, so that all arms start from the same weights."""
        from reluctant.activations import make

        with preserve_random_states():
            return make(self._source)

    def __str__(self) -> str:
        return self.name


class Trial:
    """One run of a study that the user's own function trains.

    `arm` is the name of what is compared and `value` what `reluctant.compare` was given for it (in a study file the
    name itself); `seed` is the seed, which is the same for all arms. Before the function is called, Python, NumPy and
    torch are seeded with it. `run` has all values of the study for this run (`trial.run.lr`), `device` says where to
    train.
    """

    def __init__(
        self, run: Run, device: "torch.device", folder: Path, reports: Reports,
        emit: Callable[[ReportedEpoch], None], value: Any = NO_VALUE,
    ) -> None:  # fmt: skip
        self.run, self.device = run, device
        self.arm = run.activation.removeprefix(f"{SESSION_MODULE}:")
        self.value = self.arm if value is NO_VALUE else value
        self._folder, self._reports, self._emit, self._process = folder, reports, emit, os.getpid()

    @property
    def seed(self) -> int:
        """The seed: the same for all arms, which pairs their runs."""
        return int(self.run.seed)

    @cached_property
    def activation(self) -> ActivationFactory:
        """The activation of this run: `trial.activation()` is a fresh module, `trial.activation.name` its name.

        Raises:
            StudyError: What is compared is no activation.
        """
        from reluctant.activations import check_activation

        if isinstance(self.value, str):
            try:
                check_activation(self.value)
            except StudyError as fault:
                raise StudyError(
                    f"trial.activation: {self.arm!r} is no activation ({fault}); use trial.value"
                ) from None
        return ActivationFactory(self.arm, self.value)

    def swap(
        self, model: "nn.Module", *, example: Any = None, only: str | list[str] | None = None,
        exclude: str | list[str] | None = None,
    ) -> "nn.Module":  # fmt: skip
        """The network, changed in place, with this run's activation at its sites; no weight and no seed changes.

        Args:
            model: Any network.
            example: Its inputs, to find functional calls such as `F.relu` too.
            only: Patterns of site names, as for `reluctant.models.swap_activations`; only these are replaced.
            exclude: Patterns of site names that are not replaced.
        """
        from reluctant.models.swap import swap_activations

        source = self.activation._source
        network, _ = swap_activations(model, source, example=example, only=only, exclude=exclude)
        return network

    def generator(self, purpose: str = "order") -> "torch.Generator":
        """A generator of its own for one purpose, the same for all arms: for a `DataLoader`, a split, noise."""
        import torch

        return torch.Generator().manual_seed(torch_seed(self.seed, "trial", purpose))

    def report(self, scores: Mapping[str, Any] | None = None, /, *, epoch: int | None = None, **more: Any) -> None:
        """Report scores after an epoch, as often as wanted: `trial.report(epoch=3, loss=0.31, accuracy=0.93)`.

        Args:
            scores: Names and numbers, where names are no Python names (`val/accuracy`).
            epoch: The next one unless given. A second report of an epoch adds its scores to the first; epochs do not go
                back, but where a run resumes.
            more: Names and numbers.

        Raises:
            StudyError: A value is no number, or an epoch comes before the last one.
        """
        if os.getpid() != self._process:
            raise StudyError("trial.report was called in another process than the one that the training began in")
        self._emit(self._reports.add({**(scores or {}), **more}, epoch, "trial.report"))

    @property
    def reported_epochs(self) -> int:
        """How many epochs have been reported, those before an interruption among them."""
        return len(self._reports.epochs)

    @property
    def last_report(self) -> tuple[int, dict[str, float | None]]:
        """The epoch and the scores of the last report, that before an interruption too; (0, {}) before the first."""
        epochs = self._reports.epochs
        return (epochs[-1].epoch, dict(epochs[-1].scores)) if epochs else (0, {})

    @property
    def checkpoint_dir(self) -> Path:
        """A folder of this run's own, which exists until the run has finished: for those who resume."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._reports.store()
        return self._folder

    def __repr__(self) -> str:
        return f"Trial({self.arm!r}, seed={self.seed})"


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch, the same for every arm."""
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
