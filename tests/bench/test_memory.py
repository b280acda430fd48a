"""Memory in `reluctant bench`: bytes saved for backward, and the peak."""

import pytest
import torch

from reluctant.bench.config import BenchConfig
from reluctant.bench.memory import measure_peak_bytes, measure_saved_bytes, peak_increase_on_cuda
from reluctant.catalogue import ACTIVATIONS
from tests.support.bench_trials import SIZE, SMALL, trial
from tests.support.loops import faults


@pytest.mark.parametrize(
    ("name", "saved_inputs"),
    [("relu", 1), ("gelu", 1), ("identity", 0), ("prelu", 1), ("tanh", 1),
     ("rrelu", 1.25), ("tests.support.own_activations:bent", 0.25), ("tests.support.own_activations:Gate", 2)],
)  # fmt: skip
def test_saved_bytes_are_exact(name: str, saved_inputs: float) -> None:
    assert SMALL.input_bytes == SIZE
    assert measure_saved_bytes(trial(name)) == pytest.approx(saved_inputs * SIZE, abs=4 if ":" in name else 0)


@pytest.mark.parametrize(("dtype", "factor"), [("float64", 2), ("bfloat16", 0.5)])
def test_saved_bytes_depend_on_the_dtype(dtype: str, factor: float) -> None:
    assert measure_saved_bytes(trial("gelu", BenchConfig(SMALL.shape, dtype))) == factor * SIZE


@pytest.mark.parametrize(("name", "inputs_alive"), [("relu", 4), ("gelu", 4), ("identity", 2), ("elu", 4)])
def test_the_peak_is_exact(name: str, inputs_alive: int) -> None:
    assert measure_peak_bytes(trial(name)) == inputs_alive * SIZE


@pytest.mark.parametrize("name", ["prelu", "rrelu", "mish", "softsign", "tests.support.own_activations:Gate"])
def test_the_peak_includes_saved_bytes_and_gradients(name: str) -> None:
    each = trial(name)
    peak = measure_peak_bytes(each)
    assert peak is not None
    assert peak >= measure_saved_bytes(each) + 2 * SIZE  # the incoming and the outgoing gradient


def test_the_memory_of_every_row_can_be_measured() -> None:
    def check(name: str) -> None:
        each = trial(name)
        assert measure_saved_bytes(each) <= (measure_peak_bytes(each) or 0)

    assert faults(check, [row.name for row in ACTIVATIONS]) == {}


def test_on_a_gpu_only_the_increase_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr("torch.cuda.synchronize", lambda _: None)
    monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda _: calls.append("reset"))
    monkeypatch.setattr("torch.cuda.memory_allocated", lambda _: 1000)
    monkeypatch.setattr("torch.cuda.max_memory_allocated", lambda _: 1000 + 4000 * calls.count("step"))
    assert peak_increase_on_cuda(lambda: calls.append("step"), torch.device("cuda")) == 4000
    assert calls == ["reset", "step"]


def test_the_profiler_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    measure_peak_bytes(trial("relu"))
    assert capfd.readouterr() == ("", "")
