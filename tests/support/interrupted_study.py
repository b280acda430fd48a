"""A small real study to interrupt: its records without any interruption, and how to start and resume it."""

import functools
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

import reluctant
from reluctant.records.store import Store
from reluctant.study import Study
from tests.support.small import records

STUDY = Study(
    name="disturbed",
    activation=["relu", "rrelu"],
    seed=[0, 1],
    epochs=3,
    model="convnet(dropout=0.15)",
    optimizer="adam(beta1=0.89)",
    lr=0.002,
    train_fraction=0.3,  # the real network, and a third of the steps of an epoch
)


# Tests may run in the background or under nohup, where processes ignore Ctrl-C and a closed terminal.
WITH_DEFAULT_SIGNALS = (
    "from tests.support.undrawn import leave_out_drawings; leave_out_drawings();"
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    "runpy.run_module('reluctant', run_name='__main__')"
)


@functools.cache
def expected_records() -> dict[str, Any]:
    """The records of the study when nothing interrupts it."""
    with tempfile.TemporaryDirectory() as folder:
        reluctant.run(STUDY, folder, engine="serial")
        return records(Path(folder))


def start_study(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """`reluctant run` of the study in a process of its own."""
    study = folder.parent / f"{folder.name}.toml"
    study.write_text(STUDY.to_toml())
    command = [sys.executable, "-c", WITH_DEFAULT_SIGNALS, "run", str(study), "-o", str(folder), "-v", *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def wait_for_epochs(process: "subprocess.Popen[str]", number: int) -> None:
    """Read the output until so many lines of epochs have come; lines about the data come before them."""
    assert process.stdout is not None
    for _ in range(number):
        assert next(line for line in process.stdout if ": epoch" in line)


def resume_study(folder: Path) -> int:
    """Run the study to its end, in this process; return how many runs went on from a checkpoint.

    Finished runs must stay; the numbers must be right.
    """
    before = record_files(folder)
    results = reluctant.run(STUDY, folder, engine="serial")
    assert not results.failures
    assert records(folder) == expected_records()
    assert {path: content for path, content in record_files(folder).items() if path in before} == before
    leftovers = {path.name for path in folder.rglob("*") if path.suffix in (".part", ".pt") or path.name == ".lock"}
    assert leftovers == set()
    store = Store(folder / "runs")
    provenances = [store.read(path.stem).provenance for path in record_files(folder) if path not in before]
    return sum(provenance is not None and provenance.resumed_after_epoch > 0 for provenance in provenances)


def record_files(folder: Path) -> dict[Path, bytes]:
    """The content of every record file."""
    return {path: path.read_bytes() for path in (folder / "runs").glob("*.json")}


def check_files_complete(folder: Path, study: Study = STUDY) -> None:
    """Every file that has its final name must be complete."""
    if (folder / "study.toml").exists():
        assert Study.read(folder / "study.toml") == study
    store = Store(folder / "runs")
    for key in store:
        assert store.read(key).run.key == key  # raises if the record cannot be trusted
    for path in (folder / "checkpoints").glob("*.pt"):
        assert torch.load(path, weights_only=True)["sha256"]
