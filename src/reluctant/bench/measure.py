"""The benchmark of several activations in comparison with ReLU.

Each activation is compared with ReLU within a round, so that a slow phase of the machine slows both; the
interval is over rounds. All activations are in training mode. Random states and gradients do not change.
A network is compared with the same one with ReLU, compiled with compiled.
"""

from collections.abc import Callable, Sequence

import torch

from reluctant.bench.config import BenchConfig
from reluctant.bench.memory import measure_peak_bytes, measure_saved_bytes
from reluctant.bench.results import Bench, Cost, median_interval
from reluctant.bench.rounds import (
    Round,
    Variant,
    benchmark_state,
    prepare_trials,
    processor_bound,
    time_round,
    time_round_in_process,
    time_rounds,
    usual_clock,
)
from reluctant.bench.timing import Clock
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.environment import describe_environment

REFERENCE = "relu"


def measure(
    names: Sequence[str],
    config: BenchConfig,
    *,
    clock: Clock | None = None,
    on_round: Callable[[int], None] = lambda done: None,
    on_phase: Callable[[str], None] = lambda text: None,
) -> Bench:
    """Measure these activations and ReLU, which need not be among them.

    Rounds with a `clock` run in this process, because a clock cannot be sent to another. `on_round` is called
    after every round with the number of finished rounds, `on_phase` before that with what is being prepared.

    Raises:
        StudyError: A name gives no activation, or the activation fails with this configuration.
    """
    canonical = tuple(dict.fromkeys(str(ACTIVATIONS.canonical(name)) for name in (REFERENCE, *names)))
    with benchmark_state(config):  # what fails, fails here, before the minutes of timing
        trials, notes = prepare_trials(canonical, config, on_phase)
        on_phase("measuring memory")
        memory = {key: (measure_saved_bytes(trial), measure_peak_bytes(trial)) for key, trial in trials.items()}
        on_phase(f"round 1 of {config.rounds}")
        rounds: list[Round] = []
        if config.in_one_process:
            clock = clock or usual_clock(config)
            for each in time_rounds(trials, config, clock):
                rounds.append(each)
                on_round(len(rounds))
            notes += processor_bound(trials, rounds, clock)
    for number in range(len(rounds), config.rounds):
        arguments = canonical, config, number
        rounds.append(time_round(*arguments, clock) if clock else time_round_in_process(*arguments))
        on_round(number + 1)
    lost = [key for key in trials if any(key not in times for each in rounds for times in each.values())]
    notes += tuple(f"{name} was not compiled in every round, so it is left out" for name, _ in lost)
    costs = tuple(_cost(key, (REFERENCE, key[1] and bool(config.model)), rounds, *memory[key])
                  for key in trials if key not in lost)  # fmt: skip
    gpu = torch.cuda.get_device_name(config.torch_device) if config.uses_cuda else ""
    computing = {"cpu": torch.backends.cpu.get_cpu_capability(), "device": gpu or config.device}
    return Bench(config, costs, notes, {**describe_environment(), "torch": computing})


def _cost(key: Variant, reference: Variant, rounds: Sequence[Round], saved_bytes: int, peak_bytes: int | None) -> Cost:
    """The cost; its ratios are medians over rounds of a time divided by the reference's in the same round."""
    seconds = {name: tuple(each[name][key] for each in rounds) for name in rounds[0]}
    ratio = {name: median_interval([each[name][key] / each[name][reference] for each in rounds]) for name in rounds[0]}
    return Cost(*key, seconds, ratio, saved_bytes, peak_bytes)
