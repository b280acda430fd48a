"""One run trained from beginning to end: its data loaded once, its training built, its record returned."""

import functools
import inspect
import io
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import torch

from reluctant.catalogue import PROCEDURES
from reluctant.core.atomic_files import write_atomically
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_objects import load_user_object
from reluctant.data import data_folder, load
from reluctant.records.parts import EpochRecord
from reluctant.records.schema import Provenance, RunRecord
from reluctant.study import Run
from reluctant.training.checkpoints import CONTINUES, Checkpoint
from reluctant.training.epoch_steps import EpochSteps
from reluctant.training.evaluation import evaluate
from reluctant.training.machine import describe_machine, select_device
from reluctant.training.numerics import numerics
from reluctant.training.preparation import prepare
from reluctant.training.tensors import TensorData, TensorSplit
from reluctant.training.training import Training


def train_run(
    run: Run, folder: str, data: str | None, device: str, *, in_turns: bool = False
) -> Generator[EpochRecord | EpochSteps | str, None, RunRecord]:
    """Train one run, or continue it: yield messages and every epoch as it ends, return the record.

    A checkpoint is written after every epoch into `folder`, that of the study; where there is no such folder (a
    machine that does not share it), none is. `data` is the folder of data sets, or None for the usual one;
    `device` is as for `select_device`. `in_turns`: yield the steps of every epoch too, and go on when they are taken.
    """
    began = datetime.now(UTC).isoformat(timespec="seconds")
    training = build_training(run, load_run_data(run, data, device), select_device(device))
    machine = describe_machine(training.device)
    checkpoint = None
    if Path(folder).is_dir():
        alike = {key: machine[key] for key in ("python", "machine", "processor", "packages", "torch")}
        checkpoint = Checkpoint(Path(folder) / "checkpoints" / f"{run.key}.pt", alike)
    if checkpoint and (message := checkpoint.restore(training)):
        yield message
        if not message.startswith(CONTINUES):  # half of the state may have been loaded
            training = build_training(run, training.data, training.device)
    resumed = len(training.epochs)
    for epoch in training.turns() if in_turns else training:
        if checkpoint and isinstance(epoch, EpochRecord) and (message := checkpoint.save(training)):
            yield message
        yield epoch
    if run.keep_weights:
        save_weights(training, Path(folder) / "weights" / f"{run.key}.pt")
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    provenance = Provenance(began=began, ended=ended, resumed_after_epoch=resumed)
    if training.how:
        provenance = provenance.model_copy(update={"steps": training.how})
    return training.record().model_copy(update={"environment": machine, "provenance": provenance})


_RENAMED = {"network": "build_network", "fresh_optimizer": "build_optimizer", "pass_over": "train_epoch"}


def build_training(run: Run, data: TensorData, device: torch.device | None = None) -> Training:
    """The training of a run: the standard one, or its procedure's `module:Class` derived from it.

    The class is called with run, data and device, and the arguments of the name. Raises `StudyError` where there
    is no such class, or it does not take these arguments.
    """
    name = PROCEDURES.canonical(run.procedure)
    if not name.is_user_defined:
        return Training(run, data, device)
    procedure = load_user_object(name.head, "procedure")
    if not (inspect.isclass(procedure) and issubclass(procedure, Training)):
        raise StudyError(f"procedure {name.head} is no class derived from reluctant.training.Training")
    for old, new in _RENAMED.items():
        if old in vars(procedure):
            raise StudyError(f"procedure {name.head} overrides {old}, which no longer exists; rename it to {new}")
    try:
        inspect.signature(procedure).bind(run, data, device, **name.arguments)
    except TypeError as fault:
        parameters = ", ".join(list(inspect.signature(procedure).parameters)[3:]) or "no arguments"
        raise StudyError(f"procedure {name}: {fault}; its class takes {parameters}") from None
    try:
        return procedure(run, data, device, **name.arguments)
    except ReluctantError:
        raise
    except Exception as fault:
        raise StudyError(f"procedure {name} cannot start: {type(fault).__name__}: {fault}") from fault


def warm_up(run: Run, data: str | None, device: str) -> None:
    """Train one step of a run and drop the result; what it imports, loads and compiles remains for others."""
    training = build_training(run, load_run_data(run, data), select_device(device))
    with numerics(run, training.device):
        training.step(training.data.train.inputs[:32], training.data.train.targets[:32])
        valid = training.data.valid
        evaluate(training.model, TensorSplit(valid.inputs[:1], valid.targets[:1]), training.task)


def load_run_data(run: Run, folder: str | None, device: str = "cpu") -> TensorData:
    """The data that a run is trained and scored on; on a GPU one copy serves all runs of this process."""
    return load_tensors(run.dataset, run.train_fraction, folder, run.seed_for("split"), run.pixels, device)


def load_tensors(
    dataset: str,
    train_fraction: float,
    folder: str | None,
    split: int = 0,
    pixels: str = Run.pixels,
    device: str = "cpu",
) -> TensorData:
    """The data as tensors, cached from one run to the next; the usual folder is determined every time."""
    resolved = data_folder(Path(folder) if folder else None)
    data = _cached_tensors(dataset, train_fraction, resolved, split, pixels)
    target = select_device(device)
    return data if target.type == "cpu" else _copy_on(target, data)


@functools.lru_cache(maxsize=2)
def _cached_tensors(dataset: str, train_fraction: float, folder: Path, split: int, pixels: str) -> TensorData:
    return prepare(load(dataset, folder), train_fraction, split, pixels)


_copies: dict[torch.device, tuple[TensorData, TensorData]] = {}  # the last data on each device, and their copy there


def _copy_on(device: torch.device, data: TensorData) -> TensorData:
    if device not in _copies or _copies[device][0] is not data:
        _copies[device] = data, data.to(device)
    return _copies[device][1]


def clear_data_cache() -> None:
    """Drop cached data: a file may have changed since, and a session's name may mean other data."""
    _cached_tensors.cache_clear()
    _copies.clear()


def save_weights(training: Training, path: Path) -> None:
    """Write the final weights, complete or not at all; `torch.load(path, weights_only=True)` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save(training.model.state_dict(), buffer)
    write_atomically(path, buffer.getvalue())
