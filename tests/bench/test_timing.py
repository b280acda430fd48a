"""Timing in `reluctant bench`: intervals of medians, clocks, and interleaved rounds."""

import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
import torch
from scipy.stats import binom

from reluctant.bench import measure as measure_module
from reluctant.bench.config import BenchConfig
from reluctant.bench.measure import measure
from reluctant.bench.results import median_interval
from reluctant.bench.rounds import Round, processor_bound, time_round, usual_clock
from reluctant.bench.timing import ISSUED, MIN_SECONDS, EventClock, calls_needed, time_interleaved, torch_clock
from reluctant.bench.trial import PASSES, Step
from tests.support.bench_trials import SIZE, SMALL, FakeCuda, trial


@pytest.mark.parametrize(("n", "k"), [(6, 1), (8, 1), (9, 2), (12, 3), (21, 6), (100, 40)])
def test_an_interval_ends_at_the_values_of_the_binomial_law(n: int, k: int) -> None:
    values = random.Random(n).sample(range(1, n + 1), n)
    median = median_interval(values)
    assert (median.low, median.high) == (k, n + 1 - k)
    assert median.confidence == pytest.approx(1 - 2 * binom.cdf(k - 1, n, 0.5))
    assert median.confidence is not None
    assert 1 - 2 * binom.cdf(k, n, 0.5) < 0.95 <= median.confidence


@pytest.mark.parametrize("n", [6, 21, 40])
def test_an_interval_has_its_coverage_for_a_skewed_distribution(n: int) -> None:
    samples = np.random.default_rng(n).exponential(size=(4000, n)) ** 3
    intervals = [median_interval(row.tolist()) for row in samples]
    covered = np.mean([i.low <= np.log(2) ** 3 <= i.high for i in intervals if i.low and i.high])
    assert intervals[0].confidence is not None
    assert covered == pytest.approx(intervals[0].confidence, abs=4 * np.sqrt(0.05 * 0.95 / 4000))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_fewer_than_six_values_have_no_interval(n: int) -> None:
    median = median_interval([3.0] * n)
    assert median.value == 3
    assert (median.low, median.high, median.confidence, median.reach) == (None, None, None, None)


def test_the_reach_is_the_distance_to_the_further_end() -> None:
    assert median_interval([1, 2, 3, 4, 5, 9]).reach == 5.5


def test_a_thousand_values_do_not_overflow() -> None:
    assert median_interval(range(2000)).low == pytest.approx(956, abs=2)


@pytest.mark.parametrize("seconds", [1e-7, 3e-5, 0.004, 0.5])
def test_a_timing_is_long_enough_and_not_much_longer(seconds: float) -> None:
    number = calls_needed(lambda: None, lambda _, number: number * seconds)
    assert number * seconds >= MIN_SECONDS
    assert number == 1 or number * seconds <= 10 * MIN_SECONDS


def test_every_round_times_all_subjects_once_in_a_new_order() -> None:
    calls: list[str] = []

    def clock(step: Step, number: int) -> float:
        calls.append(str(step()))
        return number * 1.0

    passes: Mapping[str, Callable[[str], Step]] = {"a": lambda s: lambda: s, "b": lambda s: lambda: s + "!"}
    times = time_interleaved({"x": "x", "y": "y", "z": "z"}, passes, clock, 8)
    rounds = [calls[6 + 3 * i : 9 + 3 * i] for i in range(16)]
    assert all(sorted(s.strip("!") for s in r) == ["x", "y", "z"] for r in rounds)
    assert all(len({s.endswith("!") for s in r}) == 1 for r in rounds)
    assert len({tuple(r) for r in rounds[::2]}) > 2
    assert times == {name: dict.fromkeys("xyz", [1.0] * 8) for name in "ab"}


def test_a_slower_process_changes_no_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(names: Sequence[str], config: BenchConfig, number: int) -> Round:
        seconds = {"relu": 0.001, "gelu": 0.003}
        return {name: {(n, False): seconds[n] * (1 + number**2) for n in names} for name in PASSES}

    monkeypatch.setattr(measure_module, "time_round_in_process", slow)
    relu, gelu = measure(["gelu"], BenchConfig(SMALL.shape, rounds=9)).costs
    assert max(relu.seconds["both"]) == pytest.approx(65 * min(relu.seconds["both"]))
    ratio = gelu.ratio["both"]
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((3, 3, 3))


def test_a_round_is_the_median_of_its_timings() -> None:
    times = iter([MIN_SECONDS] * 3 + [float(i) for i in range(15)])  # three for `calls_needed`
    times_of_passes = time_round(["relu"], SMALL, 0, lambda step, number: next(times))
    assert times_of_passes == {"forward": {("relu", False): 6.0}, "backward": {("relu", False): 7.0},
                     "both": {("relu", False): 8.0}}  # fmt: skip


def test_the_clock_of_pytorch_calls_the_step_every_time() -> None:
    calls: list[int] = []
    assert torch_clock(1)(lambda: calls.append(1), 50) > 0
    assert len(calls) >= 50


def test_processor_time_does_not_pass_in_sleep() -> None:
    asleep = torch_clock(1, processor_time=True)(lambda: time.sleep(0.05), 2)
    assert asleep < 0.05 < torch_clock(1)(lambda: time.sleep(0.05), 2)


def test_one_thread_is_measured_in_processor_time() -> None:
    assert BenchConfig().clock == "processor time" or sys.platform == "win32"
    assert BenchConfig(threads=2).clock == "wall time"


def test_events_time_the_calls_between_them() -> None:
    cuda = FakeCuda()
    clock = EventClock(torch.device("cuda:1"), cuda)
    assert clock(cuda.step, 7) == pytest.approx(0.007)
    assert cuda.calls == 8  # and one before, to warm up
    assert set(cuda.devices) == {torch.device("cuda:1")}  # events are of the current device
    assert cuda.waits == 0  # nothing else waits in between


def test_the_time_to_issue_a_call_does_not_include_a_wait() -> None:
    cuda = FakeCuda()
    assert EventClock(torch.device("cuda"), cuda).issuing(cuda.step) < 1e-3  # the processor's, not the GPU's
    assert (cuda.calls, cuda.waits) == (ISSUED, 2)


def test_an_activation_for_which_the_gpu_waits_is_named() -> None:
    relu, mish = ("relu", False), ("mish", True)
    trials, clock = {relu: trial("relu"), mish: trial("mish")}, EventClock(torch.device("cuda"), FakeCuda())
    rounds: list[Round] = [{"both": {relu: 1e-9, mish: 1e3}}] * 3
    (note,) = processor_bound(trials, rounds, clock)
    assert note.startswith("The GPU waited for the processor (relu): ")
    (note,) = processor_bound(trials, [{"both": dict.fromkeys(trials, 1e-9)}], clock)
    assert "(all of them)" in note
    assert processor_bound(trials, [{"both": dict.fromkeys(trials, 1e3)}], clock) == ()
    assert processor_bound(trials, rounds, lambda step, number: 0.0) == ()


def test_the_usual_clock_of_a_gpu_is_one_of_events() -> None:
    config = BenchConfig(device="cuda:1")
    clock = usual_clock(config)
    assert isinstance(clock, EventClock)
    assert (clock.device, config.clock) == (torch.device("cuda:1"), "CUDA events")
    assert config.in_one_process
    assert not BenchConfig().in_one_process


def test_bandwidth_is_of_the_bytes_that_must_move() -> None:
    (relu,) = measure([], BenchConfig(SMALL.shape, rounds=1), clock=lambda step, number: 0.01 * number).costs
    moved = {"forward": 2, "backward": 3, "both": 5}
    assert {name: relu.bandwidth(name, SIZE) for name in moved} == pytest.approx(
        {name: number * SIZE / 0.01 for name, number in moved.items()}
    )
