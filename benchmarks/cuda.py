"""Microseconds of a training step per run on one GPU, by the ways one could take: `make bench-cuda`.

Every workload is trained by a plain loop, by a skilled one and by our packs, in turns in one process. The first turn
of each warms up: it compiles, captures, and measures memory.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch

from benchmarks.cuda_ways import Pack, PlainLoop, SkilledLoop
from benchmarks.cuda_workloads import WORKLOADS, Workload
from reluctant.core.errors import ReluctantError, describe_exception
from reluctant.training import TensorData, select_device
from reluctant.training.machine import describe_machine

RESULT = Path(__file__).parent / "results" / "cuda.json"
PLAIN, SKILLED = "plain loop", "skilled loop"


class Way(Protocol):
    """Something that takes steps of one or more runs."""

    @property
    def runs(self) -> int:
        """How many runs a step is of."""

    def take(self, steps: int) -> str:
        """Take so many steps of every run; a remark on how."""


@dataclass(frozen=True)
class StepTime:
    """The figures of one way: microseconds of a step per run in every repeat, MiB of the GPU's memory per run."""

    way: str
    runs: int
    microseconds: tuple[float, ...]
    peak_mib: float | None  # None on a processor
    first_seconds: float  # of the first turn, which prepares
    remark: str

    @property
    def median(self) -> float:
        """The median of the repeats."""
        return statistics.median(self.microseconds)


def wait(device: torch.device) -> None:
    """Wait until the device has done everything."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def prepare_way(name: str, make: Callable[[], Way], steps: int, device: torch.device) -> tuple[Way, StepTime]:
    """A way after its first turn, and what that turn took: its seconds, and the peak of its memory per run."""
    gpu, began, before = device.type == "cuda", time.perf_counter(), 0
    if gpu:
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
    way = make()
    remark = way.take(steps)
    wait(device)
    peak = (torch.cuda.max_memory_allocated(device) - before) / 2**20 / way.runs if gpu else None
    return way, StepTime(name, way.runs, (), peak, time.perf_counter() - began, remark)


def measure(
    makers: dict[str, Callable[[], Way]], steps: int, repeats: int, device: torch.device
) -> tuple[list[StepTime], list[str]]:
    """The times of every way, taken in turns, and what failed."""
    ready: dict[str, tuple[Way, StepTime]] = {}
    failed = []
    for name, make in makers.items():
        try:
            ready[name] = prepare_way(name, make, steps, device)
            print(f"  {name}: ready after {ready[name][1].first_seconds:.1f} s", flush=True)
        except Exception as fault:  # such as a lack of memory: the other ways go on
            failed.append(f"{name}: {describe_exception(fault)}")
            print(f"  {failed[-1]}", flush=True)
    times: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(repeats):
        for name, (way, _) in ready.items():
            wait(device)
            began = time.perf_counter()
            way.take(steps)
            wait(device)
            times[name].append(1e6 * (time.perf_counter() - began) / steps / way.runs)
    return [replace(first, microseconds=tuple(times[name])) for name, (_, first) in ready.items()], failed


def ways(
    workload: Workload, data: TensorData, device: torch.device, packs: Sequence[int], steps: int, repeats: int, *,
    tf32: bool,
) -> dict[str, Callable[[], Way]]:  # fmt: skip
    """The loops and the packs, by name, each made when it is called."""
    makers: dict[str, Callable[[], Way]] = {
        PLAIN: partial(PlainLoop, workload, data, device),
        SKILLED: partial(SkilledLoop, workload, data, device),
    }
    for runs in packs:
        makers[f"pack of {runs}"] = partial(Pack, workload, data, device, runs, steps, repeats + 1, tf32=tf32)
    return makers


def table(times: Sequence[StepTime]) -> list[str]:
    """A line per way: microseconds of a step per run, ratio to the plain loop, memory per run."""
    plain = next((each.median for each in times if each.way == PLAIN), None)
    lines = [f"  {'':16} {'µs a step, run':>14} {'× plain':>8} {'peak MiB a run':>14}"]
    for each in times:
        ratio = "–" if plain is None else f"{plain / each.median:.1f}"
        peak = "–" if each.peak_mib is None else f"{each.peak_mib:,.0f}"
        lines.append(f"  {each.way:16} {each.median:14,.0f} {ratio:>8} {peak:>14}  {each.remark}".rstrip())
    return lines


def versions(device: torch.device) -> dict[str, Any]:
    """The machine, and on a GPU the versions of what computes there."""
    about: dict[str, Any] = {"machine": describe_machine(device)}
    if device.type == "cuda":
        cudnn: Any = torch.backends.cudnn
        about |= {"cuda": torch.version.cuda, "cudnn": cudnn.version()}
    return about


def numbers(text: str) -> tuple[int, ...]:
    """`1,4,8` as numbers."""
    return tuple(int(word) for word in text.split(","))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and store the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1; cpu shows only that it runs")
    parser.add_argument("--steps", type=int, default=0, help="between two readings of the clock; 0: by workload")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--packs", type=numbers, default=(1, 4, 8, 20), metavar="1,4,8,20")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--tf32", action="store_true", help="products of 10 bits of mantissa, in every way")
    parser.add_argument("-o", "--output", type=Path, default=RESULT)
    options = parser.parse_args(arguments)
    try:
        device = select_device(options.device)
    except ReluctantError as fault:
        sys.exit(f"{fault}; make bench-cuda needs an NVIDIA GPU, --device cpu --steps 5 shows that it runs")
    cudnn, matmul, began = torch.backends.cudnn, torch.backends.cuda.matmul, time.perf_counter()
    before = cudnn.allow_tf32, matmul.allow_tf32
    if device.type == "cpu":
        torch.set_num_threads(1)
    cudnn.allow_tf32 = matmul.allow_tf32 = options.tf32  # PyTorch allows it in convolutions: all ways do the same work
    content: dict[str, Any] = {}
    try:
        for name in options.workloads:
            workload = WORKLOADS[name]
            steps = options.steps or workload.steps
            print(f"{workload.title} ({steps} steps, {options.repeats} repeats)", flush=True)
            makers = ways(workload, workload.data(), device, options.packs, steps, options.repeats, tf32=options.tf32)
            times, failed = measure(makers, steps, options.repeats, device)
            print("\n".join(table(times)), flush=True)
            lines = [asdict(each) | {"median": each.median} for each in times]
            content[name] = {"title": workload.title, "steps": steps, "ways": lines, "failed": failed}
            if device.type == "cuda":
                torch.compiler.reset()  # its graphs hold memory
                torch.cuda.empty_cache()
    finally:
        cudnn.allow_tf32, matmul.allow_tf32 = before
    asked = {key: value for key, value in vars(options).items() if key != "output"}
    about = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "asked": asked, **versions(device)}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({**about, "workloads": content}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{time.perf_counter() - began:.0f} s; stored in {options.output}")


if __name__ == "__main__":
    main()
