"""`reluctant bench`: the cost of activations in time and memory."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reluctant.cli.completion import complete_activation
from reluctant.core.atomic_files import write_atomically
from reluctant.core.errors import StudyError

if TYPE_CHECKING:
    from rich.console import Console

    from reluctant.bench.config import BenchConfig
    from reluctant.bench.results import Bench

DEFAULT_NAMES = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "gelu", "silu", "mish", "tanh", "hardswish")
NAME_WIDTH = 22  # characters for a name in a table of 80 columns
PASSES = ("forward", "backward", "both")


@click.command()
@click.argument("activations", nargs=-1, shell_complete=complete_activation)
@click.option("--shape", default="32x64x28x28", show_default=True,
              help="Shape of the input, with the batch size first.")  # fmt: skip
@click.option("--dtype", default="float32", show_default=True, help="float32, float64, float16, bfloat16.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, mps, auto.")
@click.option("--compile", "compiled", is_flag=True, help="Measure torch.compile of each activation too.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="CPU threads.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=15, show_default=True,
              help="Each round is a new process that times all activations. Under six there is no interval."
              )  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Also write a figure (.svg, .png) or the numbers (.csv, .json).")  # fmt: skip
def bench(
    activations: Sequence[str], shape: str, dtype: str, device: str, compiled: bool, threads: int, rounds: int,
    output: Path | None,
) -> None:  # fmt: skip
    """Measure the cost of ACTIVATIONS in time and memory, as ratios to ReLU.

    Without names: relu, leaky_relu, elu, gelu, silu, mish, tanh and hardswish.
    """
    from rich.console import Console

    from reluctant.bench.config import parse_config

    write = _WRITERS.get(output.suffix.lower()) if output else None
    if output and not write:
        raise StudyError(f"{output.name}: the name decides the form; write one ending in {', '.join(_WRITERS)}")
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)  # it may fail, so before the minutes of measuring
    config = parse_config(shape, dtype, device, compile=compiled, threads=threads, rounds=rounds)
    warning = busy_warning()
    result = _measure_with_progress(activations or DEFAULT_NAMES, config)
    print_bench(Console(highlight=False), result)
    if warning:
        click.echo(warning)
    if output and write:
        write(result, output)
        click.echo(f"written: {output}")


def _measure_with_progress(names: Sequence[str], config: "BenchConfig") -> "Bench":
    """The benchmark; in a terminal with a line of progress."""
    from reluctant.bench.measure import measure

    if not sys.stderr.isatty():
        return measure(names, config)
    last = config.rounds  # no live display: its thread would be measured too
    return measure(names, config, on_round=lambda done: click.echo(
        f"\rround {done} of {last}" if done < last else "\r\x1b[K", nl=False, err=True))  # fmt: skip


def busy_warning() -> str:
    """A warning if other programs use the CPU; empty if they do not, or if the system does not report it."""
    from reluctant.core.environment import cores

    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # not on Windows
        return ""
    if load < cores() / 2:
        return ""
    return f"Other programs use this machine (load {load:.1f} on {cores()} cores), so times vary more."


def print_bench(console: "Console", bench: "Bench") -> None:
    """Print the table, the meaning of its columns, and the machine."""
    from rich.markup import escape
    from rich.table import Table

    from reluctant.analysis.labels import count
    from reluctant.bench.figure import multiple, with_interval

    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    table.add_column("activation", overflow="fold", ratio=1)
    for head in (
        "forward\n× ReLU",
        "backward\n× ReLU",
        "forward+\nbackward\n× ReLU",
        "forward+\nbackward\nµs",
        "saved for\nbackward\n× input",
        "peak\nmemory",
    ):
        table.add_column(head, justify="right", no_wrap=True)
    for cost in bench.costs:
        name = cost.activation if len(cost.activation) <= NAME_WIDTH else cost.activation.replace("(", "\n(", 1)
        table.add_row(
            "  compiled" if cost.compiled else escape(name),
            multiple(cost.ratio["forward"].value),
            multiple(cost.ratio["backward"].value),
            with_interval(cost.ratio["both"]).replace("± ", "±"),
            f"{cost.microseconds('both'):,.0f}",
            f"{cost.saved_bytes / bench.config.input_bytes:.3g}",
            "–" if cost.peak_bytes is None else byte_text(cost.peak_bytes),
        )
    console.print(table)
    config, both, torch = bench.config, bench.costs[-1].ratio["both"], bench.machine["packages"]["torch"]
    interval = f"; ± is the longer side of its {100 * both.confidence:.1f} % interval" if both.confidence else ""
    columns = (
        f"× ReLU: median of {count(both.n, 'ratio')} to ReLU in the same round{interval}. saved for backward: "
        f"memory, relative to the input ({byte_text(config.input_bytes)}). peak memory: with input and gradients."
    )
    machine = (
        f"{bench.computer}, {count(config.threads, 'thread')}, {config.clock}, {config.dtype}, {config.shape_text}, "
        f"{count(config.rounds, 'round')}, torch {torch}"
    )
    for line in (columns, machine, *bench.notes):
        console.print(line, markup=False)


def byte_text(size: int) -> str:
    """`24.5 MiB`, `768 B`."""
    if size < 1000:
        return f"{size}\u00a0B"
    power = next((power for power in (1, 2) if size / 1024**power < 1000), 3)
    return f"{size / 1024**power:.3g}\u00a0{('KiB', 'MiB', 'GiB')[power - 1]}"


def _write_figure(bench: "Bench", path: Path) -> None:
    from reluctant.bench.figure import draw_costs
    from reluctant.figures.inline import png, svg

    figure = draw_costs(bench)
    write_atomically(path, svg(figure) if path.suffix.lower() == ".svg" else png(figure))


def _write_json(bench: "Bench", path: Path) -> None:
    write_atomically(path, json.dumps(bench.to_dict(), indent=1, ensure_ascii=False) + "\n")


def _write_csv(bench: "Bench", path: Path) -> None:
    config, machine, rows = bench.config, bench.machine, []
    for cost in bench.costs:
        row: dict[str, Any] = {"activation": cost.activation, "compiled": cost.compiled}
        for name in PASSES:
            ratio = cost.ratio[name]
            row |= {f"{name}_ratio": ratio.value, f"{name}_low": ratio.low, f"{name}_high": ratio.high,
                    f"{name}_microseconds": cost.microseconds(name)}  # fmt: skip
        rows.append(row | {
            "rounds": config.rounds, "confidence": cost.ratio["both"].confidence, "kept_bytes": cost.saved_bytes,
            "peak_bytes": cost.peak_bytes, "input_bytes": config.input_bytes, "shape": config.shape_text,
            "dtype": config.dtype, "threads": config.threads, "clock": config.clock,
            "device": machine["torch"]["device"], "processor": machine["processor"],
            "torch": machine["packages"]["torch"], "python": machine["python"],
        })  # fmt: skip
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, out.getvalue())


_WRITERS: "dict[str, Callable[[Bench, Path], None]]" = {
    ".svg": _write_figure, ".png": _write_figure, ".csv": _write_csv, ".json": _write_json,
}  # fmt: skip
