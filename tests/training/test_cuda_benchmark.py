"""`make bench-cuda` on a processor: that every way trains what it says, and what is stored."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from benchmarks import cuda, cuda_workloads
from benchmarks.cuda_ways import Pack, PlainLoop, SkilledLoop
from benchmarks.cuda_workloads import WORKLOADS, Workload, random_data, seeded_network

from reluctant.training import TensorData, Training

CPU = torch.device("cpu")
SHAPES = {"convnet": (1, 28, 28), "mlp": (32,), "resnet": (3, 8, 8)}


def few(name: str) -> TensorData:
    """A little data of the workload's kind; a text is there."""
    return WORKLOADS[name].data() if name == "gpt" else random_data(SHAPES[name], 400, 20)


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_plain_network_is_as_large_as_ours(name: str) -> None:
    workload: Workload = WORKLOADS[name]
    data = few(name)
    ours = Training(workload.run(0, 5, 1, tf32=False), data, CPU).model
    plain = seeded_network(workload, data, CPU)
    sizes = [sum(p.numel() for p in model.parameters()) for model in (plain, ours)]
    assert sizes[0] == sizes[1]
    inputs, targets = data.train.inputs[:2], data.train.targets[:2]
    loss = cuda_workloads.loss_of(plain(inputs), targets)
    assert loss.item() == pytest.approx(cuda_workloads.loss_of(ours.train()(inputs), targets).item(), rel=0.4)


@pytest.mark.parametrize("way", [PlainLoop, SkilledLoop])
def test_a_loop_takes_as_many_steps_as_it_is_asked_for(way: Any) -> None:
    loop = way(WORKLOADS["mlp"], few("mlp"), CPU)  # 11 batches a pass
    loop.take(7)
    loop.take(8)
    assert {int(state["step"]) for state in loop.optimizer.state.values()} == {15}


def test_the_runs_of_a_pack_take_as_many_steps_each() -> None:
    pack = Pack(WORKLOADS["mlp"], few("mlp"), CPU, runs=3, steps=6, epochs=2, tf32=False)
    assert (pack.take(6), pack.take(6)) == ("", "")
    steps = {int(state["step"]) for each in pack.trainings for state in each.optimizer.state.values()}
    assert steps == {12}
    first, second, _ = (next(each.model.parameters()) for each in pack.trainings)
    assert not torch.equal(first, second)


def test_times_are_stored_and_a_way_that_fails_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full:
        def __init__(self, *_: Any) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setitem(WORKLOADS, "mlp", dataclasses.replace(WORKLOADS["mlp"], data=lambda: few("mlp")))
    monkeypatch.setattr(cuda, "SkilledLoop", Full)
    file, threads = tmp_path / "new" / "cuda.json", torch.get_num_threads()
    words = ["--device", "cpu", "--steps", "2", "--repeats", "3", "--packs", "1,2", "--workloads", "mlp", "-o"]
    try:
        cuda.main([*words, str(file)])
    finally:
        torch.set_num_threads(threads)
    content = json.loads(file.read_text("utf-8"))
    mlp = content["workloads"]["mlp"]
    assert [(way["way"], way["runs"], len(way["microseconds"])) for way in mlp["ways"]] == [
        ("plain loop", 1, 3), ("pack of 1", 1, 3), ("pack of 2", 2, 3)]  # fmt: skip
    assert mlp["failed"] == ["skilled loop: OutOfMemoryError: CUDA out of memory"]
    assert content["machine"]["packages"]["torch"] == torch.__version__
    assert content["asked"]["packs"] == [1, 2]
    out = capsys.readouterr().out
    assert "MLP 32-256-256-10, batch 32 (2 steps, 3 repeats)" in out
    assert "pack of 2" in out


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU")
def test_without_a_gpu_it_says_what_runs_here() -> None:
    with pytest.raises(SystemExit, match=r"device 'cuda' cannot be used here.*--device cpu --steps 5"):
        cuda.main([])
