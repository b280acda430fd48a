"""The table of a benchmark in the terminal: of activations alone, or of a network's training step."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from reluctant.analysis.labels import count
from reluctant.bench.figure import byte_text, multiple, with_interval
from reluctant.bench.results import TENSORS_MOVED, Bench, Cost

NAME_WIDTH = 22  # characters for a name in a table of 80 columns
HEADS = (
    "forward\n× ReLU",
    "backward\n× ReLU",
    "forward+\nbackward\n× ReLU",
    "both\npasses\nµs",
    "both\npasses\nGB/s",
    "saved\n× input",
    "peak\nmemory",
)
HEADS_OF_NETWORK = ("training\nstep\n× ReLU", "training\nstep\nms", "saved for\nbackward", "peak\nmemory")


def print_bench(console: Console, bench: Bench) -> None:
    """Print the table, the meaning of its columns, and the machine."""
    config, network = bench.config, bool(bench.config.model)
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    table.add_column("activation", overflow="fold", ratio=1)
    for head in HEADS_OF_NETWORK if network else HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    for cost in bench.costs:
        name = cost.activation if len(cost.activation) <= NAME_WIDTH else cost.activation.replace("(", "\n(", 1)
        cells = _cells_of_network(cost) if network else _cells(cost, config.input_bytes)
        table.add_row("  compiled" if cost.compiled else escape(name), *cells)
    console.print(table)
    machine = (
        f"{bench.computer}, {count(config.threads, 'thread')}, {config.clock}, {config.dtype}, {config.shape_text}, "
        f"{count(config.rounds, 'round')}, torch {bench.machine['packages']['torch']}"
    )
    for line in (_columns(bench), machine, *bench.notes):
        console.print(line, markup=False)


def _cells(cost: Cost, input_bytes: int) -> list[str]:
    return [
        multiple(cost.ratio["forward"].value),
        multiple(cost.ratio["backward"].value),
        with_interval(cost.ratio["both"]).replace("± ", "±"),
        f"{cost.microseconds('both'):,.0f}",
        f"{cost.bandwidth('both', input_bytes) / 1e9:,.3g}",
        f"{cost.saved_bytes / input_bytes:.3g}",
        "–" if cost.peak_bytes is None else byte_text(cost.peak_bytes),
    ]


def _cells_of_network(cost: Cost) -> list[str]:
    return [
        with_interval(cost.ratio["both"]).replace("± ", "±"),
        f"{cost.microseconds('both') / 1000:,.3g}",
        byte_text(cost.saved_bytes),
        "–" if cost.peak_bytes is None else byte_text(cost.peak_bytes),
    ]


def _columns(bench: Bench) -> str:
    """What the columns mean."""
    config, both = bench.config, bench.costs[-1].ratio["both"]
    interval = f"; ± is the longer side of its {100 * both.confidence:.1f} % interval" if both.confidence else ""
    ratios = f"× ReLU: median of {count(both.n, 'ratio')} to ReLU in the same round{interval}."
    if config.model:
        compiled = ", compiled to compiled" if config.compile else ""
        return (
            f"A step of {config.model} is forward, loss and backward, without an update. {ratios[:-1]}{compiled}. "
            "saved for backward: memory besides the weights. peak memory: with batch and gradients, without weights."
        )
    return (
        f"{ratios} GB/s: bytes that both passes must read and write once ({TENSORS_MOVED['both']} × input), by their "
        f"time. saved: memory for the backward pass, relative to the input ({byte_text(config.input_bytes)}). "
        "peak memory: with input and gradients."
    )
