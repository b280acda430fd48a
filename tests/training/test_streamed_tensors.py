"""A training on streamed inputs is, to the bit, that on the same data in memory: whoever reads, and after a break."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import reluctant
from reluctant.core.user_objects import SESSION_OBJECTS
from reluctant.data import Dataset, from_data
from reluctant.study import Run, Study
from reluctant.training import Training, expected_seconds, prepare
from reluctant.training.runner import load_run_data
from reluctant.training.tensors import TensorSplit
from tests.support.small import records, run, untimed
from tests.support.streamed_items import MirroredPictures, Pictures, Table

MLP = "mlp(widths='4')"
IMAGES = {"model": "convnet", "robustness": True, "augment": "flip + crop(padding=2) + noise"}
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "bytes": (Pictures(), IMAGES),
    "bytes from 0 to 1": (Pictures(), {**IMAGES, "pixels": "unit", "accumulate": 2}),
    "floats": (Pictures(dtype="float32"), {"model": MLP}),
    "random": (MirroredPictures(), {"model": MLP}),
    "rows": (Table(), {"model": MLP}),
    "steps": (Pictures(), {**IMAGES, "steps": 14, "accumulate": 2}),  # seven an epoch, four batches a pass
    "random steps": (MirroredPictures(), {"model": MLP, "steps": 12}),
}


def trained(data: Dataset, **fields: Any) -> Training:
    chosen = Run("prelu", 1, "data", **{"epochs": 2, "batch_size": 16, **fields})
    training = Training(chosen, prepare(data, 0.8, pixels=chosen.pixels))
    list(training)
    return training


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_is_that_of_the_data_in_memory(kind: str) -> None:
    source, fields = KINDS[kind]
    expected = untimed(trained(from_data(source), **fields))
    for workers in (0, 2):
        data = from_data(source, stream=True, loader_workers=workers)
        training = trained(data, **fields)
        assert untimed(training) == expected, workers
        assert training.data.describe() == prepare(from_data(source), 0.8, pixels=training.run.pixels).describe()


def test_batches_have_the_values_and_the_strides_of_a_tensor() -> None:
    memory, stream = (prepare(from_data(Pictures(), stream=each), 0.8) for each in (False, True))
    for one, other in ((memory, stream), (memory.contiguous(), stream.contiguous())):
        for rows in (torch.tensor([5]), torch.tensor([7, 3, 3]), slice(10, 12), slice(-1, None)):
            a, b = one.train.inputs[rows], other.train.inputs[rows]
            assert torch.equal(a, b)
            assert a.stride() == b.stride()
        assert one.train.inputs.shape == other.train.inputs.shape
        for (rows, a), (others, b) in zip(one.valid.batches(4), other.valid.batches(4), strict=True):
            assert rows == others
            assert torch.equal(a, b)
    some = stream.train.of_rows(torch.tensor([2, 5]))
    assert isinstance(some, TensorSplit)
    assert torch.equal(some.inputs, memory.train.inputs[[2, 5]])


@pytest.mark.resume
@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(workers: int) -> None:
    expected = untimed(trained(from_data(MirroredPictures()), model=MLP, epochs=3))
    data = prepare(from_data(MirroredPictures(), stream=True, loader_workers=workers), 0.8)
    chosen = Run("prelu", 1, "data", MLP, epochs=3, batch_size=16)
    half, rest = Training(chosen, data), Training(chosen, data)
    next(iter(half))
    rest.load_state_dict(half.state_dict())
    list(rest)
    assert untimed(rest) == expected


def test_a_break_within_an_epoch_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    data = prepare(from_data(Pictures(), stream=True, loader_workers=2), 0.8)
    training = Training(Run("relu", 0, "data", MLP, epochs=1, batch_size=8), data)
    monkeypatch.setattr(training, "step", lambda inputs, targets: (float("nan"), torch.zeros(len(inputs), 3)))
    assert list(training) == []
    assert training.diverged == 1
    assert torch.multiprocessing.active_children() == []


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    yield
    SESSION_OBJECTS.clear()


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("source", [Pictures(), MirroredPictures()])
def test_worker_processes_stream_and_the_folder_is_that_of_the_data_in_memory(source: Any, tmp_path: Path) -> None:
    def compared(data: Any, seeds: int, **more: Any) -> dict[str, Any]:
        results = reluctant.compare(["relu"], model=MLP, data=data, seeds=seeds, epochs=1, batch_size=16, **more)
        assert results.folder is not None
        return records(results.folder)

    one = compared(source, 1, engine="serial")
    both = compared(from_data(source, stream=True, loader_workers=2), 2, engine="local", workers=1)
    assert len(list((tmp_path / "out").iterdir())) == 1
    assert len(one) == 1
    assert len(both) == 2
    assert both == compared(source, 2, engine="serial", folder="memory")


@pytest.mark.usefixtures("session")
def test_a_study_file_names_a_function_that_returns_streamed_data(tmp_path: Path) -> None:
    study = Study(activation=["relu"], dataset="tests.support.streamed_items:pictures(loader_workers=1)", model=MLP,
                  seed=[0], epochs=1)  # fmt: skip
    results = reluctant.run(study, tmp_path / "study", engine="local", workers=1)
    assert results.folder is not None
    (record,) = records(results.folder).values()
    assert record["data"] == from_data(Pictures()).sha256


def test_the_duration_is_estimated_with_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    item = Pictures.__getitem__

    def counted(data: Pictures, i: int) -> Any:
        read.append(i)
        return item(data, i)

    monkeypatch.setattr(Pictures, "__getitem__", counted)
    chosen = run(dataset="tests.support.streamed_items:pictures", model=MLP, batch_size=16, train_fraction=0.8)
    load_run_data(chosen, None)
    read.clear()
    assert expected_seconds(chosen, steps=3) > 0
    assert len(read) >= 3 * 16 + 5 * 18


PROGRAM = """
import resource, sys
import numpy as np, torch
from reluctant.data import from_data
from reluctant.study import Run
from reluctant.training import Training, prepare

class Generated(torch.utils.data.Dataset):
    def __init__(self, n):
        self.n = n
    def __len__(self):
        return self.n
    def __getitem__(self, i):
        pixels = np.frombuffer(np.random.default_rng(i).bytes(2**15), np.uint8).reshape(1, 128, 256)
        return torch.from_numpy(pixels.copy()), i % 2

if __name__ == "__main__":
    for items in (700, 5000):
        data = from_data(Generated(items), stream=True, loader_workers=2)
        training = Training(Run("relu", 0, "data", "mlp(widths='4')", epochs=1, batch_size=32), prepare(data, 0.8))
        list(training)
        training.record()
        print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_memory_does_not_grow_with_the_data(tmp_path: Path) -> None:
    """4,300 more images of 32 KiB are 134 MiB, and as float32 another 537 MiB; the readers count too."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)
    few, many = (int(line) / 1024 for line in done.stdout.splitlines())
    assert many - few < 100  # MiB
