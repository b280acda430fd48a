"""How the cost of a study grows: with batch size and activation, and the reading half with the runs."""

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

STEPS = 40


def measure() -> dict[str, dict[str, float]]:
    """Milliseconds per training step and microseconds per image, and seconds to read many runs."""
    costs = {"batch size": batches(), "activation": activations(), "reading": reading()}
    for topic, by_name in costs.items():
        print(f"{topic}: " + ", ".join(f"{name}: {cost:.3g}" for name, cost in by_name.items()))
    return costs


def _microseconds(activation: str, batch_size: int) -> float:
    """Microseconds of training per image, on digits, one thread."""
    from reluctant.study import Run
    from reluctant.training import Training
    from reluctant.training.machine import limit_threads
    from reluctant.training.runner import load_tensors

    data = load_tensors("digits", 0.92, None)
    training = Training(Run(activation, model="convnet(dropout=0.15)", batch_size=batch_size), data)
    inputs, targets = data.train.inputs[:batch_size], data.train.targets[:batch_size]
    times = []
    training.model.train()
    with limit_threads(1):
        for _ in range(STEPS):
            began = time.perf_counter()
            training.step(inputs, targets)
            times.append(time.perf_counter() - began)
    return 1e6 * statistics.median(times) / batch_size


def studies() -> dict[str, float]:
    """Seconds of wall time of small studies, start-up and report included: workers, epochs, seeds."""
    from benchmarks import loops

    small = loops.Work(6_000, 2)
    configurations = {
        "1 worker, 2 epochs, 2 seeds": (small, 1),
        "2 workers, 2 epochs, 2 seeds": (small, 2),
        "2 workers, 4 epochs, 2 seeds": (replace(small, epochs=4), 2),
        "2 workers, 2 epochs, 4 seeds": (replace(small, seeds=(0, 1, 2, 3)), 2),
    }
    seconds = {name: loops.study(work, workers)["seconds"] for name, (work, workers) in configurations.items()}
    print("seconds of a study: " + "; ".join(f"{name}: {each:.1f}" for name, each in seconds.items()))
    return seconds


def batches() -> dict[str, float]:
    """Microseconds of training per image by batch size, ReLU."""
    return {str(size): _microseconds("relu", size) for size in (32, 128, 512)}


def activations() -> dict[str, float]:
    """Microseconds of training per image by activation, batches of 32."""
    return {name: _microseconds(name, 32) for name in ("relu", "leaky_relu", "elu", "gelu", "prelu", "rrelu", "mish")}


def reading(runs: int = 10_000) -> dict[str, float]:
    """Seconds to read a folder of artificial records, and to compare ten activations in it."""
    from tests.support.records import study_folder

    from reluctant.analysis import ReportData
    from reluctant.records.study_records import StudyRecords
    from reluctant.study import Study

    names = ["relu", "elu", "gelu", "silu", "mish", "tanh", "selu", "celu", "softplus", "hardswish"]
    study = Study(activation=names, seed=list(range(runs // len(names))), epochs=2)
    with tempfile.TemporaryDirectory() as folder:
        study_folder(Path(folder), study)
        began = time.perf_counter()
        records = StudyRecords.read(folder)
        read = time.perf_counter()
        assert ReportData.of(records).comparisons  # they are computed when they are needed first
        return {f"read {runs}": read - began, f"compare {runs}": time.perf_counter() - read}
