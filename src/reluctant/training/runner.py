"""One run carried out at one place: get the data once, train, hand back a record."""

import functools
import io
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import torch

from reluctant.core.atomic_files import write_whole
from reluctant.core.environment import describe
from reluctant.core.errors import StudyError
from reluctant.data import load, root
from reluctant.records.store import Record
from reluctant.study import Run
from reluctant.training.checkpoints import Checkpoint
from reluctant.training.evaluation import evaluate
from reluctant.training.procedures import training_for
from reluctant.training.tensors import Part, Prepared, prepare
from reluctant.training.training import Training, product_kernels, threads


def carry_out(run: Run, folder: str, data: str | None, where: str) -> Generator[Record | str, None, Record]:
    """Train one run, or go on with it: yield every epoch as it ends, return the record.

    `folder` is the study's, `data` the folder of data sets (None: the usual one), `where` a device. A
    checkpoint is kept after every epoch, in the folder; where there is no such folder (a machine that does
    not share it), none is.
    """
    began = _now()
    training = training_for(run, data_of(run, data), device(where))
    machine = _machine(training.device)
    checkpoint = _checkpoint(run, Path(folder), machine)
    yield from _said(checkpoint.restore(training) if checkpoint else "")
    resumed = len(training.epochs)
    for epoch in training:
        yield from _said(checkpoint.save(training) if checkpoint else "")
        yield epoch
    if run.keep_weights:
        save_weights(training, Path(folder) / "weights" / f"{run.key}.pt")
    provenance = {"began": began, "ended": _now(), "resumed_after_epoch": resumed}
    return {**training.record(), "environment": machine, "provenance": provenance}


def _checkpoint(run: Run, folder: Path, machine: Record) -> Checkpoint | None:
    if not folder.is_dir():
        return None
    alike = {key: machine[key] for key in ("python", "machine", "processor", "packages", "torch")}
    return Checkpoint(folder / "checkpoints" / f"{run.key}.pt", alike)


def _machine(where: torch.device) -> Record:
    """What this run is trained on: the machine, and what PyTorch makes of it."""
    used = {
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "device": where.type,
        "products": product_kernels(),
    }
    if where.type == "cuda":
        used["device"] = torch.cuda.get_device_name(where)
    return {**describe(), "torch": used}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _said(text: str) -> Iterator[str]:
    if text:
        yield text


def rehearse(run: Run, data: str | None, where: str) -> None:
    """One step of a training that is thrown away: what it imports, loads and compiles stays."""
    training = training_for(run, data_of(run, data), device(where))
    with threads(run.threads):
        training.step(training.data.train.images[:32], training.data.train.labels[:32])
        first = Part(training.data.valid.images[:1], training.data.valid.labels[:1])
        evaluate(training.model, first, training.task)


def device(name: str | torch.device) -> torch.device:
    """The device of this name; `auto` is the first accelerator, else the processor.

    Raises `StudyError` for a device that this machine does not have, or on which nothing is computed.
    """
    if not isinstance(name, str | torch.device):
        raise StudyError(f"a device is a text, not {name!r}; write auto, cpu or cuda")
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
    found = torch.device(name)
    if found.type == "meta":
        raise StudyError("device 'meta' computes nothing; leave it out, or write cpu")
    return found


def data_of(run: Run, folder: str | None) -> Prepared:
    """The data that a run is trained and scored on."""
    return prepared(run.dataset, run.train_fraction, folder, run.seed_for("split"), run.pixels)


def prepared(
    dataset: str, train_fraction: float, folder: str | None, split: int = 0, pixels: str = Run.pixels
) -> Prepared:
    """The data as tensors, kept from one run to the next; the usual folder is looked up every time."""
    return _kept(dataset, train_fraction, root(Path(folder) if folder else None), split, pixels)


@functools.lru_cache(maxsize=2)
def _kept(dataset: str, train_fraction: float, folder: Path, split: int, pixels: str) -> Prepared:
    return prepare(load(dataset, folder), train_fraction, split, pixels)


def forget() -> None:
    """Drop the data that are kept: a file may have changed since, and a session's word may mean others."""
    _kept.cache_clear()


def save_weights(training: Training, path: Path) -> None:
    """Write the final weights, whole or not at all; `torch.load(path, weights_only=True)` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    torch.save(training.model.state_dict(), written)
    write_whole(path, written.getvalue())
