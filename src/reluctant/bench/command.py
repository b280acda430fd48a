"""`reluctant bench`: what activations cost in time and memory."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reluctant.core.errors import StudyError

if TYPE_CHECKING:
    from rich.console import Console

    from reluctant.bench.bench import Bench, Cost
    from reluctant.bench.setting import Setting

USUAL = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "gelu", "silu", "mish", "tanh", "hardswish")
NAME = 22  # characters that are left for a name at 80 columns
KINDS = ("forward", "backward", "both")


@click.command()
@click.argument("activations", nargs=-1)
@click.option("--shape", default="32x64x28x28", show_default=True, help="Of the input, the batch first.")
@click.option("--dtype", default="float32", show_default=True, help="float32, float64, float16, bfloat16.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, mps, auto.")
@click.option("--compile", "compiled", is_flag=True, help="Measure torch.compile's variants too.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Of the processor.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=15, show_default=True,
              help="Each a fresh process that times all of them; under six give no interval.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write a figure (.svg, .png) or the numbers (.csv, .json) too.")  # fmt: skip
def bench(
    activations: Sequence[str],
    shape: str,
    dtype: str,
    device: str,
    compiled: bool,
    threads: int,
    rounds: int,
    output: Path | None,
) -> None:
    """What ACTIVATIONS cost in time and memory, as multiples of ReLU's.

    Without names: the article's four, silu, mish, tanh and hardswish.
    """
    from rich.console import Console

    from reluctant.bench.setting import setting

    write = _form(output) if output else None
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)  # before the minutes of measuring
    given = setting(shape, dtype, device, compile=compiled, threads=threads, rounds=rounds)
    others = busy()
    found = _measured(activations or USUAL, given)
    tell(Console(highlight=False), found)
    if others:
        click.echo(others)
    if output and write:
        write(found, output)
        click.echo(f"written: {output}")


def _measured(names: Sequence[str], given: "Setting") -> "Bench":
    """The measurement, its rounds told where somebody watches."""
    from reluctant.bench.bench import measure

    if not sys.stderr.isatty():
        return measure(names, given)
    last = given.rounds  # no live display: its thread would be measured too
    return measure(names, given, tell=lambda done: click.echo(
        f"\rround {done} of {last}" if done < last else "\r\x1b[K", nl=False, err=True))  # fmt: skip


def busy() -> str:
    """A warning where other programs use the processor; empty where it is idle, or does not say."""
    from reluctant.core.environment import cores

    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # not on Windows
        return ""
    if load < cores() / 2:
        return ""
    return f"Other programs are at work here (load {load:.1f} on {cores()} cores); times vary more."


def tell(console: "Console", bench: "Bench") -> None:
    """Print the table, what its columns are, and what it was measured on."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    table.add_column("activation", overflow="fold", ratio=1)
    for head in ("forward ×", "backward ×", "both ×", "both µs", "kept ×", "peak"):
        table.add_column(head, justify="right", no_wrap=True)
    for cost in bench.costs:
        table.add_row(_title(cost), *_cells(cost, bench.setting))
    console.print(table)
    for line in (_meaning(bench), _where(bench), *bench.notes):
        console.print(line, markup=False)


def _title(cost: "Cost") -> str:
    """The name, a long one in two lines; the compiled variant stands below it."""
    from rich.markup import escape

    if cost.compiled:
        return "  compiled"
    return escape(cost.activation if len(cost.activation) <= NAME else cost.activation.replace("(", "\n(", 1))


def _cells(cost: "Cost", setting: "Setting") -> Iterator[str]:
    from reluctant.bench.figure import multiple, with_interval

    yield multiple(cost.ratio["forward"].value)
    yield multiple(cost.ratio["backward"].value)
    yield with_interval(cost.ratio["both"]).replace("± ", "±")
    yield f"{cost.microseconds('both'):,.0f}"
    yield f"{cost.kept / setting.bytes:.3g}"
    yield "–" if cost.peak is None else amount(cost.peak)


def amount(size: int) -> str:
    """`24.5 MiB`, `768 B`."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if value < 1000:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f}\u00a0B" if unit == "B" else f"{value:.3g}\u00a0{unit}"


def _meaning(bench: "Bench") -> str:
    both = bench.costs[-1].ratio["both"]
    interval = "" if both.confidence is None else (
        f"; ± reaches to the further end of its {100 * both.confidence:.1f} % interval"
    )  # fmt: skip
    return (
        f"×: median of {both.n} ratios to ReLU in the same round{interval}. kept ×: bytes kept for backward, "
        f"in input sizes ({amount(bench.setting.bytes)}). peak: with input and gradients."
    )


def _where(bench: "Bench") -> str:
    setting = bench.setting
    device = str(bench.machine["torch"]["device"])
    machine = bench.machine["processor"] if device == "cpu" else device
    threads = f"{setting.threads} thread{'s' if setting.threads > 1 else ''}"
    return (
        f"{machine}, {threads}, {setting.clock}, {setting.dtype}, {setting.sizes}, {setting.rounds} rounds, "
        f"torch {bench.machine['packages']['torch']}"
    )


def _form(path: Path) -> "Callable[[Bench, Path], None]":
    """What writes the kind of file that the name asks for."""
    write = _FORMS.get(path.suffix.lower())
    if write is None:
        raise StudyError(f"{path.name}: the name decides the form; write one ending in {', '.join(_FORMS)}")
    return write


def _svg(bench: "Bench", path: Path) -> None:
    from reluctant.bench.figure import cost
    from reluctant.core.atomic_files import write_atomically
    from reluctant.figures.saving import svg

    write_atomically(path, svg(cost(bench)))


def _png(bench: "Bench", path: Path) -> None:
    from reluctant.bench.figure import cost
    from reluctant.core.atomic_files import write_atomically
    from reluctant.figures.saving import png

    write_atomically(path, png(cost(bench)))


def _json(bench: "Bench", path: Path) -> None:
    from reluctant.core.atomic_files import write_atomically

    write_atomically(path, json.dumps(bench.to_dict(), indent=1, ensure_ascii=False) + "\n")


def _csv(bench: "Bench", path: Path) -> None:
    import csv
    import io

    from reluctant.core.atomic_files import write_atomically

    rows = [_row(cost, bench) for cost in bench.costs]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, out.getvalue())


def _row(cost: "Cost", bench: "Bench") -> dict[str, Any]:
    """One line of the file of numbers; it says by itself where it was measured."""
    row: dict[str, Any] = {"activation": cost.activation, "compiled": cost.compiled}
    for kind in KINDS:
        found = cost.ratio[kind]
        row |= {f"{kind}_ratio": found.value, f"{kind}_low": found.low, f"{kind}_high": found.high,
                f"{kind}_microseconds": cost.microseconds(kind)}  # fmt: skip
    setting, machine = bench.setting, bench.machine
    return row | {
        "rounds": setting.rounds, "confidence": cost.ratio["both"].confidence,
        "kept_bytes": cost.kept, "peak_bytes": cost.peak, "input_bytes": setting.bytes,
        "shape": setting.sizes, "dtype": setting.dtype, "threads": setting.threads, "clock": setting.clock,
        "device": machine["torch"]["device"], "processor": machine["processor"],
        "torch": machine["packages"]["torch"], "python": machine["python"],
    }  # fmt: skip


_FORMS: "dict[str, Callable[[Bench, Path], None]]" = {
    ".svg": _svg,
    ".png": _png,
    ".csv": _csv,
    ".json": _json,
}
