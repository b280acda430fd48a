"""A small real study, its records when nothing disturbs it, and ways to disturb it."""

import functools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

import reluctant
from reluctant.records.store import Store
from reluctant.study import Study
from tests.small import records

STUDY = Study(
    name="disturbed",
    activation=["relu", "rrelu"],
    seed=[0, 1],
    epochs=3,
    model="convnet(dropout=0.15)",
    optimizer="adam(beta1=0.89)",
    lr=0.002,
)


# Tests may run in the background or under nohup, where processes are deaf to Ctrl-C and a closed terminal.
HEARING = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    "runpy.run_module('reluctant', run_name='__main__')"
)


@functools.cache
def undisturbed() -> dict[str, Any]:
    """The records of the study when nothing happens to it."""
    with tempfile.TemporaryDirectory() as folder:
        reluctant.run(STUDY, folder, engine="serial")
        return records(Path(folder))


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """`reluctant run` of the study in a process of its own."""
    study = folder.parent / f"{folder.name}.toml"
    study.write_text(STUDY.to_toml())
    command = [sys.executable, "-c", HEARING, "run", str(study), "-o", str(folder), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def finish(folder: Path) -> str:
    """Go on to the end; what was said. No finished run may be trained again; the numbers must be right."""
    kept = finished(folder)
    process = start(folder)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert records(folder) == undisturbed()
    assert {path: content for path, content in finished(folder).items() if path in kept} == kept
    left = {
        path.name for path in folder.rglob("*") if path.suffix in (".part", ".pt") or path.name == ".lock"
    }
    assert left == set()
    return said


def finished(folder: Path) -> dict[Path, bytes]:
    """The record files as they are."""
    return {path: path.read_bytes() for path in (folder / "runs").glob("*.json")}


def whole(folder: Path) -> None:
    """Whatever has its final name must be whole."""
    if (folder / "study.toml").exists():
        assert Study.read(folder / "study.toml") == STUDY
    for record in Store(folder / "runs"):  # raises where one cannot be trusted
        assert record["run"]
    for path in (folder / "checkpoints").glob("*.pt"):
        assert torch.load(path, weights_only=True)["sha256"]


def children(pid: int) -> Iterator[int]:
    """The processes that a process has started."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            yield int(stat.parent.name)


def kill(pid: int) -> None:
    """SIGKILL, to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
