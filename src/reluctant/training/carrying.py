"""One run carried out at one place: get the data once, train, hand back a record."""

import functools
import os
from collections.abc import Generator
from pathlib import Path

import torch

from reluctant.data import load, root
from reluctant.environment import describe, name_of
from reluctant.names import StudyError
from reluctant.store import Record
from reluctant.study import Run
from reluctant.training.evaluation import evaluate
from reluctant.training.prepared import Part, Prepared, prepare
from reluctant.training.training import Training, threads


def carry_out(run: Run, folder: str, data: str | None, where: str) -> Generator[Record, None, Record]:
    """Train one run: yield every epoch as it ends, return the record.

    `folder` is the study's, `data` the folder of data sets (None: the usual one), `where` a device.
    """
    training = Training(run, prepared(run.dataset, run.train_fraction, data), device(where))
    yield from training
    if run.keep_weights:
        save_weights(training, Path(folder) / "weights" / f"{run.key}.pt")
    return {**training.record(), "environment": name_of(describe())}


def rehearse(run: Run, data: str | None, where: str) -> None:
    """One step of a training that is thrown away: what it imports, loads and compiles stays."""
    training = Training(run, prepared(run.dataset, run.train_fraction, data), device(where))
    with threads(run.threads):
        training.step(training.data.train.images[:32], training.data.train.labels[:32])
        evaluate(training.model, Part(training.data.valid.images[:1], training.data.valid.labels[:1]))


def device(name: str) -> torch.device:
    """The device of this name; `auto` is the first accelerator, else the processor.

    Raises `StudyError` for a device that this machine does not have.
    """
    if name == "auto":
        found = torch.accelerator.current_accelerator(check_available=True)
        return found or torch.device("cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as fault:
        reason = str(fault).splitlines()[0]
        raise StudyError(
            f"device {name!r} cannot be used here: {reason} Leave --device out, or write cpu"
        ) from None
    return torch.device(name)


def prepared(dataset: str, train_fraction: float, folder: str | None) -> Prepared:
    """The data as tensors, kept from one run to the next; the usual folder is looked up every time."""
    return _kept(dataset, train_fraction, root(Path(folder) if folder else None))


@functools.lru_cache(maxsize=2)
def _kept(dataset: str, train_fraction: float, folder: Path) -> Prepared:
    return prepare(load(dataset, folder), train_fraction)


def save_weights(training: Training, path: Path) -> None:
    """Write the final weights, whole or not at all; `torch.load(path, weights_only=True)` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    torch.save(training.model.state_dict(), temporary)
    temporary.replace(path)
