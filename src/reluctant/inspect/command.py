"""`reluctant inspect`: what goes on inside one network, and what to mind, in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from reluctant.inspect.inspection import Inspection


@click.command()
@click.argument("network")
@click.option(
    "--data", metavar="NAME", help="Data set to look at it on: digits, mnist, your own [a study's own]."
)
def inspect(network: str, data: str | None) -> None:
    """Look inside NETWORK: dead and saturated units, values, gradients.

    NETWORK is `module:factory` for a torch module, or for (model, images, labels), trained or not; or weights
    that a study has kept: DIR/weights/KEY.pt, DIR/checkpoints/KEY.pt.
    """
    from rich.console import Console

    from reluctant.inspect.inspection import inspect as look
    from reluctant.inspect.inspection import mind

    console = Console(highlight=False)
    seen = look(network, data)
    console.print(f"{seen.about}, {seen.images} images looked at", markup=False)
    _sites(console, seen)
    _layers(console, seen)
    for text in mind(seen):
        console.print(f"! {text}", markup=False)


def _sites(console: "Console", seen: "Inspection") -> None:
    """Two tables, units and values, so that both fit 80 columns."""
    from reluctant.analysis.probe_metrics import percent

    if not seen.sites:
        return
    units = [
        (name, f"{s['units']:,}", *(percent(s[what] / s["units"]) for what in ("dead", "nearly")),
         percent(s["dead_channels"] / s["channels"]),
         *(percent(s[what] / s["values"]) for what in ("saturated", "zero")))
        for name, s in seen.sites.items()
    ]  # fmt: skip
    values = [(name, *map(_digits, (*s["in"], *s["out"], s["gradient"]))) for name, s in seen.sites.items()]
    _print(console, ("site", "units", "dead", "nearly", "dead maps", "saturated", "zero"), units)
    _print(console, ("site", "in: mean", "variance", "out: mean", "variance", "gradient"), values)


def _layers(console: "Console", seen: "Inspection") -> None:
    if seen.layers:
        rows = [
            (name or "(itself)", _digits(layer["gradient"]), _digits(layer["weight"]))
            for name, layer in seen.layers.items()
        ]
        _print(console, ("layer", "norm of gradient", "of weights"), rows)


def _print(console: "Console", heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(escape(row[0]), *row[1:])
    console.print()
    console.print(table)


def _digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}".replace("-", "−")
