"""`reluctant inspect`: tables of what one probe measured in a network, and warnings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

COUNTS = ("dead", "nearly", "dead_channels", "saturated", "zero")


@click.command("inspect")
@click.argument("network")
@click.option(
    "--data",
    metavar="NAME",
    help="Data set that gives the inputs: digits, mnist, your own. Needed for module:name "
    "unless it returns inputs; for stored weights the default is the study's data set.",
)
def inspect_command(network: str, data: str | None) -> None:
    """Measure NETWORK on some inputs: dead and saturated units, values, gradients.

    NETWORK is `module:name` of a class or function that builds the network (or returns (model, inputs, labels)),
    trained or not; or weights that a study stored: FOLDER/weights/KEY.pt, FOLDER/checkpoints/KEY.pt. KEY is
    the name of the run's record in FOLDER/runs.
    """
    from rich.console import Console

    from reluctant.analysis.units import percent
    from reluctant.inspect.inspection import diagnose, inspect_network

    console = Console(highlight=False)
    inspection = inspect_network(network, data)
    console.print(f"{inspection.description}; probed with {inspection.inputs} inputs", markup=False)
    if inspection.sites:  # two tables, so that each fits 80 columns
        units = [
            (name, f"{site.units:,}", *map(percent, map(site.share, COUNTS))) for name, site in inspection.sites.items()
        ]
        values = [
            (name, *map(_three_digits, (*site.inputs, *site.outputs, site.gradient)))
            for name, site in inspection.sites.items()
        ]
        _print_table(console, ("site", "units", "dead", "nearly dead", "dead maps", "saturated", "zero"), units)
        sides = [f"{side}\n{what}" for side in ("input", "output") for what in ("mean", "variance")]
        _print_table(console, ("site", *sides, "gradient\nnorm"), values)
    if inspection.layers:
        layers = [
            (name or "(itself)", _three_digits(layer.gradient), _three_digits(layer.weight))
            for name, layer in inspection.layers.items()
        ]
        _print_table(console, ("layer", "gradient norm", "weight norm"), layers)
    for warning in diagnose(inspection):
        console.print(f"! {warning}", markup=False)


def _print_table(console: "Console", headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with the first column to the left and the others to the right."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(escape(row[0]), *row[1:])
    console.print()
    console.print(table)


def _three_digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}".replace("-", "−")
