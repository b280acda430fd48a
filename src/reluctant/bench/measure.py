"""The benchmark of several activations in comparison with ReLU.

Each activation is compared with ReLU within a round, so that a slow phase of the machine slows both; the
interval is over rounds. All activations are in training mode. Random states and gradients do not change.
"""

from collections.abc import Callable, Sequence

import torch

from reluctant.bench.config import BenchConfig
from reluctant.bench.memory import measure_peak_bytes, measure_saved_bytes
from reluctant.bench.results import Bench, Cost, median_interval
from reluctant.bench.rounds import Round, Variant, benchmark_state, prepare_trials, time_round, time_round_in_process
from reluctant.bench.timing import Clock
from reluctant.bench.trial import PASSES
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.environment import describe_environment

REFERENCE = "relu"


def measure(
    names: Sequence[str],
    config: BenchConfig,
    *,
    clock: Clock | None = None,
    on_round: Callable[[int], None] = lambda done: None,
) -> Bench:
    """Measure these activations and ReLU, which need not be among them.

    Rounds with a `clock` run in this process, because a clock cannot be sent to another. `on_round` is called
    after every round with the number of finished rounds.

    Raises:
        StudyError: A name gives no activation, or the activation fails with this configuration.
    """
    canonical = tuple(dict.fromkeys(str(ACTIVATIONS.canonical(name)) for name in (REFERENCE, *names)))
    with benchmark_state(config):  # what fails, fails here, before the minutes of timing
        trials, notes = prepare_trials(canonical, config)
        memory = {key: (measure_saved_bytes(trial), measure_peak_bytes(trial)) for key, trial in trials.items()}
    rounds = []
    for number in range(config.rounds):
        arguments = canonical, config, number
        rounds.append(time_round(*arguments, clock) if clock else time_round_in_process(*arguments))
        on_round(number + 1)
    lost = [key for key in trials if any(key not in times for each in rounds for times in each.values())]
    notes += tuple(f"{name} was not compiled in every round, so it is left out" for name, _ in lost)
    costs = tuple(_cost(key, rounds, *memory[key]) for key in trials if key not in lost)
    device = config.torch_device
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    computing = {"cpu": torch.backends.cpu.get_cpu_capability(), "device": gpu or config.device}
    return Bench(config, costs, notes, {**describe_environment(), "torch": computing})


def _cost(key: Variant, rounds: Sequence[Round], saved_bytes: int, peak_bytes: int | None) -> Cost:
    """The cost; its ratios are medians over rounds of a time divided by the reference's in the same round."""
    seconds = {name: tuple(each[name][key] for each in rounds) for name in PASSES}
    ratio = {
        name: median_interval([each[name][key] / each[name][REFERENCE, False] for each in rounds]) for name in PASSES
    }
    return Cost(*key, seconds, ratio, saved_bytes, peak_bytes)
