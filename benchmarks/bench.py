"""Speed of studies against the loop everyone writes: `make bench`.

Everything is measured in one call, in turns, each loop in a process of its own. What is compared is work
done: images trained on per second of wall time, evaluation after every epoch included.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import loops
from benchmarks.plain import VARIANTS

HERE = Path(__file__).parent
# Floating-point operations of one image through the article's network, forward, and the two products backward
# (the first layer needs no gradient of its input).
FORWARD = 2 * (26 * 26 * 32 * 9 + 11 * 11 * 64 * 32 * 9 + 3 * 3 * 128 * 64 * 9 + 128 * 128 + 128 * 10)
STEP = 3 * FORWARD - 2 * 26 * 26 * 32 * 9


@dataclass(frozen=True)
class Timing:
    """Seconds of every repeat of one way to do the same work."""

    name: str
    images: int  # trained on, per repeat
    seconds: list[float]
    startup: list[float]
    peak_mib: float
    probing: list[float]  # seconds of probing per second of training and evaluating; 0 for plain loops

    @property
    def median(self) -> float:
        """Median seconds."""
        return statistics.median(self.seconds)

    @property
    def rate(self) -> float:
        """Images trained on per second of the median repeat."""
        return self.images / self.median


def interleaved(ways: dict[str, Callable[[], dict[str, float]]], repeats: int) -> list[Timing]:
    """Do every way once per round, so that whatever else the machine does meets them all."""
    results: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for turn in range(repeats):
        for name, way in ways.items():
            results[name].append(way())
            print(f"  round {turn + 1}: {name}: {results[name][-1]['seconds']:.1f} s", flush=True)
    return [
        Timing(
            name,
            int(repeated[0]["images"]),
            [r["seconds"] for r in repeated],
            [r.get("startup", 0.0) for r in repeated],
            max(r["peak_mib"] for r in repeated),
            [r.get("probing", 0.0) for r in repeated],
        )
        for name, repeated in results.items()
    ]


def table(timings: Sequence[Timing], plain: Timing, limit: float) -> list[str]:
    """A line per way: images a second, ratio to the plain loop, share of the arithmetic limit, memory."""
    lines = [f"{'':44} {'images/s':>9} {'ratio':>6} {'of limit':>9} {'start-up':>9} {'peak MiB':>9}"]
    for each in timings:
        share = each.rate * STEP / limit
        lines.append(
            f"{each.name:44} {each.rate:9,.0f} {each.rate / plain.rate:6.2f} {share:9.1%} "
            f"{statistics.median(each.startup):8.1f}s {each.peak_mib:9.0f}"
        )
    return lines


def measure(images: int, epochs: int, repeats: int) -> dict[str, Any]:
    """The plain loop, its best variant, and whole studies with a worker on every core."""
    import torch

    work = loops.Work(images, epochs)
    short = loops.Work(6_000, 1)
    tried = interleaved({n: partial(loops.plain, short, n) for n in VARIANTS}, 1)
    best = max((t for t in tried if t.name != "plain"), key=lambda t: t.rate).name
    print("\n".join(f"  {t.name}: {t.rate:,.0f} images/s in a short trial" for t in tried))
    ways: dict[str, Callable[[], dict[str, float]]] = {
        name: partial(loops.plain, work, name) for name in ("plain", best)
    }
    ways["reluctant run, 2 workers"] = partial(loops.study, work, 2)
    rates = loops.product_rates()
    timings = interleaved(ways, repeats)
    rates = {name: max(rate, rates[name]) for name, rate in loops.product_rates().items()}
    limit = max(rates.values()) * torch.get_num_threads()
    print("\n".join(table(timings, timings[0], limit)))
    print("product of matrices, one core: " + ", ".join(f"{k} {v / 1e9:.0f} G/s" for k, v in rates.items()))
    probing = statistics.median(timings[-1].probing)
    print(f"probing adds {probing:.1%} to training and evaluating")
    ours, plain, variant = timings[-1].rate, timings[0].rate, timings[1].rate
    print(f"whole study: {ours / plain:.2f} × the plain loop, {ours / variant:.2f} × its best variant ({best})")
    return {
        "limit": limit,
        "products": rates,
        "trial": [asdict(t) | {"rate": t.rate} for t in tried],
        "timings": [asdict(t) | {"rate": t.rate} for t in timings],
    }


def main() -> None:
    """Measure, print, and store the figures in benchmarks/results/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=24_000, help="of MNIST's training set")
    parser.add_argument("--epochs", type=int, default=10, help="the article's")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5, help="of the comparison of accuracies")
    options = parser.parse_args()
    from benchmarks import agreement, costs
    from reluctant.core.environment import describe_environment

    began = time.perf_counter()
    content = {**measure(options.images, options.epochs, options.repeats), "growth": costs.measure()}
    content["studies"] = costs.studies()
    content["agreement"] = agreement.measure(options.seeds)
    now = datetime.now(UTC)
    about = {"date": now.isoformat(timespec="seconds"), "asked": vars(options), "machine": describe_environment()}
    (HERE / "results").mkdir(exist_ok=True)
    path = HERE / "results" / f"{now:%Y-%m-%d-%H%M}-{platform.machine()}.json"
    path.write_text(json.dumps({**about, **content}, indent=1) + "\n")
    print(f"{time.perf_counter() - began:.0f} s; stored in {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
