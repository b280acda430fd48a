"""How the cost of a study grows: with batch size and activation, and the reading half with the runs."""

import statistics
import tempfile
import time
from pathlib import Path

STEPS = 40


def measure() -> dict[str, dict[str, float]]:
    """Milliseconds per training step and microseconds per image, and seconds to read many runs."""
    found = {"batch size": batches(), "activation": activations(), "reading": reading()}
    for what, costs in found.items():
        print(f"{what}: " + ", ".join(f"{name}: {cost:.3g}" for name, cost in costs.items()))
    return found


def _microseconds(activation: str, batch_size: int) -> float:
    """Microseconds of training per image, on digits, one thread."""
    from reluctant.study import Run
    from reluctant.training import Training
    from reluctant.training.carrying import prepared
    from reluctant.training.training import threads

    data = prepared("digits", 0.92, None)
    training = Training(Run(activation, model="convnet(dropout=0.15)", batch_size=batch_size), data)
    images, labels = data.train.images[:batch_size], data.train.labels[:batch_size]
    times = []
    training.model.train()
    with threads(1):
        for _ in range(STEPS):
            began = time.perf_counter()
            training.step(images, labels)
            times.append(time.perf_counter() - began)
    return 1e6 * statistics.median(times) / batch_size


def workers() -> dict[str, float]:
    """Seconds of wall time of one small study by the number of workers."""
    from benchmarks import loops

    found = {str(n): loops.study(loops.Work(6_000, 2), n)["seconds"] for n in (1, 2)}
    print("seconds by workers: " + ", ".join(f"{n}: {seconds:.1f}" for n, seconds in found.items()))
    return found


def batches() -> dict[str, float]:
    """Microseconds of training per image by batch size, ReLU."""
    return {str(size): _microseconds("relu", size) for size in (32, 128, 512)}


def activations() -> dict[str, float]:
    """Microseconds of training per image by activation, batches of 32."""
    return {
        name: _microseconds(name, 32)
        for name in ("relu", "leaky_relu", "elu", "gelu", "prelu", "rrelu", "mish")
    }


def reading(runs: int = 10_000) -> dict[str, float]:
    """Seconds to read a folder of made-up records, and to compare ten activations in it."""
    from tests.records import folder

    from reluctant.comparison import compare
    from reluctant.results import Results
    from reluctant.study import Study

    names = ["relu", "elu", "gelu", "silu", "mish", "tanh", "selu", "celu", "softplus", "hardswish"]
    study = Study(activation=names, seed=list(range(runs // len(names))), epochs=2)
    with tempfile.TemporaryDirectory() as place:
        folder(Path(place), study)
        began = time.perf_counter()
        results = Results.read(place)
        read = time.perf_counter()
        compare(results)
        return {f"read {runs}": read - began, f"compare {runs}": time.perf_counter() - read}
