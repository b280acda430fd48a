"""The measurement in `reluctant bench`: what it leaves unchanged, its processes, compiled activations."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reluctant.bench import measure as measure_module
from reluctant.bench.config import BenchConfig, parse_config
from reluctant.bench.measure import measure
from reluctant.bench.rounds import Round, time_round_in_process
from reluctant.bench.timing import MIN_SECONDS, Clock, EventClock
from reluctant.bench.trial import PASSES, Step, TimedTrial, compile_trials, repeatable_backward, sample_inputs
from reluctant.core.errors import StudyError
from tests.support.bench_trials import SIZE, SMALL, FakeCuda, constant_clock, trial


def test_random_states_and_threads_do_not_change() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
    threads = torch.get_num_threads()
    measure(["rrelu", "prelu", "tests.support.bench_trials:RandomSlope"], SMALL, clock=constant_clock)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert before[2] == str(np.random.get_state())
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("name", ["prelu", "tests.support.own_activations:Gate(beta=2)"])
@pytest.mark.parametrize("name_of_pass", ["backward", "both"])
def test_no_gradient_accumulates(name: str, name_of_pass: str) -> None:
    each = trial(name)
    step: Any = PASSES[name_of_pass](each)
    first, again = step(), step()
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert len(first) == 2  # of the input and of the learned parameter
    assert all(t.grad is None for t in (each.x, *each.module.parameters()))


def test_the_input_is_the_same_every_time() -> None:
    (x, gradient), (again, _) = sample_inputs(SMALL), sample_inputs(SMALL)
    assert torch.equal(x, again)
    assert not torch.equal(x, gradient)
    assert abs(float(x.detach().std()) - 1) < 0.1


def test_relu_is_always_measured_and_no_activation_twice() -> None:
    result = measure(["rectifier", "SiLU", "silu", "gelu"], SMALL, clock=constant_clock)
    assert [c.activation for c in result.costs] == ["relu", "silu", "gelu"]
    assert {r.value for c in result.costs for r in c.ratio.values()} == {1.0}
    assert result.costs[1].microseconds("both") == pytest.approx(2e6 * MIN_SECONDS)
    assert result.machine["packages"]["torch"]


def test_gradients_are_enabled_during_the_benchmark() -> None:
    with torch.no_grad():
        assert measure(["gelu"], SMALL, clock=constant_clock).costs[1].saved_bytes == SIZE


def test_every_round_is_a_process_unless_a_clock_is_given(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(
        "import os, torch\n"
        f"with open({str(tmp_path / 'processes')!r}, 'a') as file:\n    file.write(f'{{os.getpid()}}\\n')\n"
        "print('imported')\n"
        "def act(x):\n    return torch.relu(x) * 2\n"
    )
    done: list[int] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(tmp_path))
        result = measure(["loud:act"], BenchConfig(SMALL.shape, rounds=2), on_round=done.append)
    assert done == [1, 2]
    assert all(s > 0 for c in result.costs for times in c.seconds.values() for s in times)
    assert len(set((tmp_path / "processes").read_text().split())) == 3  # this process and one per round


def test_a_process_that_fails_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(StudyError, match=r"a process that measures ended with status 1: .*Error"):
        time_round_in_process(["relu"], SMALL, 0)


def test_a_configuration_is_validated_from_python_too() -> None:
    assert parse_config("8x16", rounds=3) == BenchConfig((8, 16), rounds=3)
    assert parse_config(device="auto").device
    clock: Clock = constant_clock
    assert measure([], parse_config("8x16", rounds=1), clock=clock).costs[0].ratio["both"].n == 1


def set_compiler(monkeypatch: pytest.MonkeyPatch, backend: Callable[..., Any]) -> None:
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function: real(function, backend=backend))


def test_any_number_of_activations_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs: list[object] = []

    def backend(graph: Any, _: object) -> Any:
        graphs.append(graph)
        return graph.forward

    set_compiler(monkeypatch, backend)
    names = [f"leaky_relu(negative_slope={i / 16})" for i in range(1, 11)]
    with repeatable_backward():
        trials = dict(compile_trials({name: trial(name) for name in names}))
    assert all(isinstance(each, TimedTrial) for each in trials.values())
    assert len(graphs) == 10


def test_a_compiled_activation_follows_its_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    set_compiler(monkeypatch, lambda graph, _: graph.forward)
    result = measure(["gelu"], BenchConfig(SMALL.shape, compile=True, rounds=2), clock=constant_clock)
    assert [(c.activation, c.compiled) for c in result.costs] == [
        ("relu", False), ("relu", True), ("gelu", False), ("gelu", True)]  # fmt: skip
    assert result.notes == ()


def test_without_a_compiler_there_is_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(graph: object, _: object) -> Any:
        raise RuntimeError("No working C++ compiler found\nand a long story")

    set_compiler(monkeypatch, missing)
    result = measure(["gelu"], BenchConfig(SMALL.shape, compile=True, rounds=2), clock=constant_clock)
    assert [c.compiled for c in result.costs] == [False, False]
    (note,) = result.notes
    assert note.startswith("nothing is compiled: torch.compile does not work here")
    assert "No working C++ compiler found" in note
    assert "\n" not in note


def test_an_activation_that_cannot_be_compiled_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def picky(graph: Any, _: object) -> Any:
        if "gelu" in str(graph.graph):
            raise RuntimeError("not this one")
        return graph.forward

    set_compiler(monkeypatch, picky)
    result = measure(["gelu", "tanh"], BenchConfig(SMALL.shape, compile=True, rounds=2), clock=constant_clock)
    assert [c.activation for c in result.costs if c.compiled] == ["relu", "tanh"]
    assert len(result.notes) == 1
    assert result.notes[0].startswith("gelu cannot be compiled")


def test_a_variant_that_one_round_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {("relu", False): 1.0, ("gelu", False): 2.0, ("relu", True): 1.0, ("gelu", True): 1.5}

    def round_of(_: Any, __: BenchConfig, number: int) -> Round:
        seconds = {v: t for v, t in times.items() if number != 1 or v != ("gelu", True)}
        return {name: dict(seconds) for name in PASSES}

    def all_of(names: Any, config: BenchConfig, on_phase: Any) -> tuple[dict[Any, Any], tuple[str, ...]]:
        return dict.fromkeys(times), ()

    monkeypatch.setattr(measure_module, "time_round_in_process", round_of)
    monkeypatch.setattr(measure_module, "prepare_trials", all_of)
    monkeypatch.setattr(measure_module, "measure_saved_bytes", lambda _: 1)
    monkeypatch.setattr(measure_module, "measure_peak_bytes", lambda _: 1)
    result = measure(["gelu"], BenchConfig((2, 2), rounds=3))
    assert [(cost.activation, cost.compiled) for cost in result.costs] == [v for v in times if v != ("gelu", True)]
    assert result.notes == ("gelu was not compiled in every round, so it is left out",)


def test_on_a_gpu_all_rounds_are_of_one_process_with_one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda, times = FakeCuda(), iter(range(1, 10_000))

    class CountingClock(EventClock):
        """Every timing is a millisecond longer than the one before; the steps themselves are taken here."""

        def __call__(self, step: Step, number: int) -> float:
            step()
            return number * (1 + next(times) / 1000)

    monkeypatch.setattr(BenchConfig, "in_one_process", property(lambda config: True))
    monkeypatch.setattr(measure_module, "time_round_in_process", None)
    monkeypatch.setattr(measure_module, "usual_clock", lambda config: CountingClock(torch.device("cuda"), cuda))
    relu, gelu = measure(["gelu"], SMALL).costs
    assert list(gelu.ratio) == list(PASSES)
    assert len(gelu.seconds["both"]) == SMALL.rounds
    assert next(times) - 1 == 6 + SMALL.rounds * 3 * 6  # once to count calls, then three timings of six steps a round
    assert all(abs(cost.ratio["both"].value - 1) < 0.1 for cost in (relu, gelu))  # compared within a round
    assert cuda.waits == 4  # two activations were issued without a wait
