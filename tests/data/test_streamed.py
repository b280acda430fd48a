"""Streamed inputs: the values of those in memory, whoever reads them, and one message for every fault."""

import copy
import gc
import os
import re
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from reluctant.core.errors import DataError
from reluctant.data import describe_dataset, from_data, load, streamed
from reluctant.data.streamed import StreamedInputs
from tests.support.streamed_items import Faulty, MirroredPictures, Pictures, Source, Table

COLUMNS = np.stack([np.arange(90.0) % 7, np.full(90, 2.0), np.arange(90) % 2, np.arange(90) % 5], axis=1)
SERIES = np.random.default_rng(2).normal(size=300)
SOURCES: dict[str, Any] = {
    "bytes": Pictures(),
    "floats": Pictures(dtype="float64"),
    "random": MirroredPictures(),
    "a table with a constant column and one that is the target": Table(COLUMNS),
    "a table of whole numbers": Table(COLUMNS.astype(np.int16)),
    "windows of a series that overlap": Table(sliding_window_view(SERIES, 24)[:90].copy()),
    "windows of several channels": Table(sliding_window_view(SERIES, 24)[:180].reshape(90, 2, 24).astype(np.float32)),
    "train and test with common items": (Pictures(60), Pictures(70)),
    "tensors": TensorDataset(torch.arange(180.0).reshape(90, 2) % 11, torch.arange(90) % 3),
    "a loader": DataLoader(Pictures(), batch_size=8, shuffle=True),
    "numbers to predict": TensorDataset(torch.rand(90, 2, generator=torch.manual_seed(1)), torch.rand(90)),
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("source", SOURCES)
def test_a_streamed_data_set_is_that_in_memory(source: str, workers: int) -> None:
    memory, stream = from_data(SOURCES[source]), from_data(SOURCES[source], stream=True, loader_workers=workers)
    assert isinstance(memory.train.inputs, np.ndarray)
    for part in ("train", "test"):
        one, other = getattr(memory, part), getattr(stream, part)
        assert isinstance(other.inputs, StreamedInputs)
        assert (other.inputs.shape, other.inputs.dtype) == (one.inputs.shape, one.inputs.dtype)
        assert (other.inputs.ndim, other.inputs.nbytes) == (one.inputs.ndim, one.inputs.nbytes)
        np.testing.assert_array_equal(np.asarray(other.inputs), one.inputs)
        np.testing.assert_array_equal(other.targets, one.targets)
    assert (stream.sha256, stream.source_hash) == (memory.sha256, memory.source_hash)
    assert (stream.warnings, stream.remarks, stream.classes) == (memory.warnings, memory.remarks, memory.classes)
    assert "read batch by batch" in " ".join(describe_dataset(stream).split())


def test_the_checksum_of_a_part_needs_no_check_before() -> None:
    memory, stream = from_data(Pictures()), from_data(Pictures(), stream=True, loader_workers=0)
    assert stream.train.inputs[5:20].array_hash().sha256 != stream.train.inputs.array_hash().sha256
    rows = np.array([4, 2])
    np.testing.assert_array_equal(stream.train.inputs[rows], memory.train.inputs[rows])


def test_more_than_the_limit_is_streamed() -> None:
    data = Pictures()
    size = 90 * 3 * 22 * 22
    assert isinstance(from_data(data, limit=size).train.inputs, np.ndarray)
    assert isinstance(from_data(data, limit=size - 1).train.inputs, StreamedInputs)
    tensors = TensorDataset(torch.rand(90, 2), torch.arange(90) % 3)
    assert isinstance(from_data(tensors, limit=719).train.inputs, StreamedInputs)
    with pytest.raises(DataError, match="leave out stream=False, so that it is read batch by batch"):
        from_data(data, limit=size - 1, stream=False)


def test_a_factory_returns_streamed_data_that_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[object] = []
    blocks = StreamedInputs.blocks

    def counted(*arguments: Any) -> Any:
        passes.append(arguments)
        return blocks(*arguments)

    monkeypatch.setattr(StreamedInputs, "blocks", counted)
    data = load("tests.support.streamed_items:pictures(n=60)")
    assert data.name == "tests.support.streamed_items:pictures(n=60)"
    assert len(passes) == 3, "the labels, and the inputs of both parts"
    assert data.sha256 == from_data(Pictures(60)).sha256


class Endless(IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield from ()


class Unsized(Source):
    def __getitem__(self, i: int) -> Any:
        return torch.zeros(2), 0


class OwnGenerator(Pictures):
    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(0)

    def __getitem__(self, i: int) -> Any:
        return torch.tensor([i, self.rng.random()]), i % 2


SECONDS = 1.7e12 + np.arange(90.0)[:, None] * 1000
FAULTS: dict[str, tuple[Any, str]] = {
    "an error": (Faulty("error"), "data: item 40 of Faulty fails: OSError: the file is damaged"),
    "a shape": (Faulty("shape"), r"the input of item 40 of Faulty has the shape \(3, 21, 22\), that of item 0 "),
    "a type": (Faulty("type"), "item 40 of Faulty is float32, item 0 uint8; make them equal"),
    "a label's shape": (Faulty("label"), r"the label of item 40 of Faulty has the shape \(2,\), that of item 0 \(\)"),
    "a length": (Faulty("length"), "Faulty had 90 items at first and has 91 now; make its length constant"),
    "not finite": (Table(np.where(np.arange(90)[:, None] == 77, np.nan, COLUMNS)), "the first in item 77, counted"),
    "too large": (Table(np.where(np.arange(90)[:, None] == 77, 1e300, COLUMNS)), "the first in item 77, counted"),
    "iterable": (Endless(), "Endless can only be iterated; collect its items first"),
    "no length": (Unsized(), "Unsized has no length .*; give it a __len__"),
    "empty": (Pictures(0), "Pictures is empty"),
    "arrays": ((COLUMNS, np.arange(90) % 2), "only a torch Dataset can be streamed"),
    "time stamps": (Table(SECONDS), r"column 0 \(float64\) has too many digits for float32, .*; subtract its smallest"),
    "own random numbers": (OwnGenerator(), "does not follow the seeds of Python, NumPy and torch, so it cannot"),
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_whoever_reads(fault: str, workers: int) -> None:
    data, message = FAULTS[fault]
    with pytest.raises(DataError, match=message) as caught:
        from_data(copy.deepcopy(data), stream=True, loader_workers=workers)
    assert str(caught.value).startswith("data")
    assert "Traceback" not in str(caught.value)


def test_large_whole_numbers_that_float32_holds_are_no_fault() -> None:
    memory = from_data(Table((COLUMNS * 2**20).astype(int)), tokens=False)
    stream = from_data(Table((COLUMNS * 2**20).astype(int)), tokens=False, stream=True, loader_workers=0)
    assert stream.sha256 == memory.sha256


IDS = np.random.default_rng(4).integers(0, 9, (90, 13))
TOKENS: dict[str, tuple[Any, dict[str, Any]]] = {
    "int64": (Table(IDS), {"stream": True}),
    "more than the limit": (TensorDataset(torch.from_numpy(IDS), torch.arange(90) % 2), {"limit": 9359}),
    "next tokens": (TensorDataset(*map(torch.from_numpy, (IDS[:, :-1], IDS[:, 1:]))), {"stream": True}),
    "named": (Table(IDS.astype(np.uint8)), {"stream": True, "tokens": 9}),
    "bytes with a target each": (
        TensorDataset(torch.from_numpy(IDS[:, :-1].astype(np.uint8)), torch.from_numpy(IDS[:, 1:])),
        {"stream": True},
    ),
}


@pytest.mark.parametrize("source", TOKENS)
def test_token_ids_are_not_streamed(source: str) -> None:
    data, arguments = TOKENS[source]
    with pytest.raises(
        DataError, match=r"holds token ids \(u?int\d+\), .*limit=\d+, or, if they are numbers"
    ) as caught:
        from_data(data, **arguments)
    limit = int(str(caught.value).partition("limit=")[2].partition(",")[0])
    assert from_data(data, limit=limit, stream=False, tokens=arguments.get("tokens")).tokens is not None


def test_a_process_that_ends_is_a_fault_with_a_way_out() -> None:
    with pytest.raises(DataError, match=r"a process that reads Faulty has ended .*; with loader_workers=0"):
        from_data(Faulty("exit"), stream=True, loader_workers=1)


class Discarded:
    """An object that only its own process can finalise, as those of Ray, in a cycle of references."""

    def __init__(self) -> None:
        self.cycle, self.process = self, os.getpid()

    def __del__(self) -> None:
        if os.getpid() != self.process:
            os._exit(3)


class Collecting(Pictures):
    def __getitem__(self, i: int) -> Any:
        gc.collect()
        return super().__getitem__(i)


def test_what_the_training_process_has_discarded_is_not_finalised_by_readers() -> None:
    inputs = from_data(Pictures(10), stream=True, loader_workers=0).train.inputs
    inputs = replace(inputs, reader=replace(inputs.reader, source=Collecting(10)), workers=1)
    gc.disable()
    try:
        Discarded()
        assert len(next(inputs.blocks())) == 8
    finally:
        gc.enable()


@pytest.mark.parametrize("workers", [-1, 1.5, True, "two"])
def test_workers_are_a_number(workers: Any) -> None:
    with pytest.raises(DataError, match="loader_workers is a number of processes, 0 for none"):
        from_data(Pictures(), stream=True, loader_workers=workers)


class Locked(Pictures):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


def test_where_processes_do_not_fork_the_data_set_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "START_METHOD", "spawn")

    class Local(Pictures):  # no module has it
        pass

    inputs = from_data(Local(), stream=True, loader_workers=0).train.inputs
    np.testing.assert_array_equal(next(replace(inputs, workers=1).blocks()), np.asarray(inputs))
    message = "Locked cannot be sent to the processes that read it .*; give loader_workers=0, or define it in a module"
    with pytest.raises(DataError, match=message):
        from_data(Locked(), stream=True, loader_workers=1)
    assert len(from_data(Locked(), stream=True, loader_workers=0).train) == 72


@pytest.mark.parametrize("workers", [0, 2])
def test_reading_leaves_global_random_numbers_alone(workers: int) -> None:
    torch.manual_seed(3)
    np.random.seed(3)
    before = torch.get_rng_state(), np.random.get_state(legacy=True)
    for _ in from_data(MirroredPictures(), stream=True, loader_workers=workers).train.inputs.blocks():
        torch.testing.assert_close(torch.get_rng_state(), before[0])
    np.testing.assert_equal(np.random.get_state(legacy=True), before[1])


def test_random_items_of_an_epoch_are_those_of_a_data_set_in_memory() -> None:
    memory = from_data(MirroredPictures())
    assert memory.random is not None
    for workers in (0, 2):
        stream = from_data(MirroredPictures(), stream=True, loader_workers=workers).train.inputs
        epoch = np.asarray(stream.of_epoch(5, 2))
        np.testing.assert_array_equal(epoch, memory.random.draw(5, 2))
        assert not np.array_equal(epoch, np.asarray(stream))
        assert stream.of_epoch(5, 2).array_hash() != stream.array_hash()


def test_the_message_of_the_limit_names_a_subset_that_fits() -> None:
    with pytest.raises(DataError) as caught:
        from_data(Pictures(), limit=30000, stream=False)
    match = re.search(r"range\((\d+)\)", str(caught.value))
    assert match
    subset = torch.utils.data.Subset(Pictures(), range(int(match[1])))
    assert isinstance(from_data(subset, limit=30000, stream=False).train.inputs, np.ndarray)
