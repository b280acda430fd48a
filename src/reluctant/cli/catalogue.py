"""`reluctant list`, `fetch` and `doctor`: what can stand in a study, data sets, and this machine."""

import sys
from collections.abc import Iterator
from textwrap import wrap

import click

from reluctant.cli.completion import complete_dataset, complete_study
from reluctant.cli.terminal import json_option, print_json, working
from reluctant.core.display import visible
from reluctant.core.errors import ReluctantError

KINDS = ("activations", "models", "datasets", "optimizers", "initialisations", "procedures", "schedules",
         "augmentations", "losses", "norms", "studies", "metrics")  # fmt: skip


@click.command(name="list")
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@json_option
def list_(kind: str, as_json: bool) -> None:
    """List all names of one kind: with a line on each in a terminal, one name a line elsewhere.

    KIND is activations, models, datasets, optimizers, initialisations, procedures, schedules, augmentations, losses,
    norms, studies or metrics.
    """
    if as_json:
        print_json([{"name": name, "purpose": purpose} for name, purpose in _entries(kind)])
        return
    if not sys.stdout.isatty():
        for name, _ in _entries(kind):
            click.echo(name)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for entry in _entries(kind):
        table.add_row(*map(Text, entry))  # as it is written: [ ] are no markup
    console = Console(highlight=False)
    console.print(table)
    console.print("`reluctant show NAME` describes one, with its options.", style="dim")


def _entries(kind: str) -> Iterator[tuple[str, str]]:
    from reluctant import catalogue
    from reluctant.catalogue.metrics import METRICS
    from reluctant.study import Study, bundled

    if kind == "studies":
        for name in bundled():
            study = Study.read(name)
            yield name, f"{study.about} {study.size} runs."
    elif kind == "metrics":
        yield from ((m.name, f"{m.meaning}; {'higher' if m.higher else 'lower'} is better") for m in METRICS)
    else:
        yield from ((row.name, row.purpose) for row in getattr(catalogue, kind.upper()))


@click.command()
@click.argument("dataset", shell_complete=complete_dataset)
def fetch(dataset: str) -> None:
    """Download a DATASET (mnist or fashion_mnist) and check it against its published checksums."""
    from reluctant.data import data_folder
    from reluctant.data import fetch as download

    with working(f"fetching {dataset}"):
        path = download(dataset, log=click.echo)
    if path != data_folder():  # there is a folder of this data set
        click.echo(f"{dataset} is in {path}")


@click.command()
@click.argument("study", required=False, shell_complete=complete_study)
@click.option("--allow-module", "allow_modules", multiple=True, metavar="PACKAGE",
              help="An installed package whose code STUDY may name.")  # fmt: skip
@json_option
def doctor(study: str | None, allow_modules: tuple[str, ...], as_json: bool) -> None:
    """Describe this machine; with STUDY, say first whether it can be run here."""
    from reluctant.core.environment import describe_environment
    from reluctant.data import data_folder

    machine: dict[str, object] = {**describe_environment(), "data sets": str(data_folder())}
    checked: dict[str, object] | None = None
    try:
        if study:
            checked = {"name": study, "works_here": False}
            with working(f"checking {study}"):
                checked = _check_study(study, allow_modules, machine)
    except ReluctantError as fault:
        if checked is not None:
            checked["problem"] = str(fault)
        raise
    finally:
        if as_json:
            print_json({"schema": 1, "machine": machine, "study": checked})
        else:
            for line in _doctor_lines(machine, checked):
                click.echo(visible(line))


def _check_study(study: str, allow_modules: tuple[str, ...], machine: dict[str, object]) -> dict[str, object]:
    """Try what a study needs; note the device that it would use."""
    from reluctant.core.user_code import check_user_code
    from reluctant.study import Study
    from reluctant.study.files import study_path
    from reluctant.training import preflight, select_device

    checked = Study.read(study)
    notes = check_user_code(checked.user_names, study_path(study), allow_modules)
    preflight(checked)
    machine["device"] = str(select_device("auto"))
    return {"name": checked.name, "works_here": True, "runs": checked.size, "notes": notes}


def _doctor_lines(machine: dict[str, object], checked: dict[str, object] | None) -> Iterator[str]:
    """The study, if it works, and the machine, in lines of at most 80 columns where their texts allow that."""
    if checked and checked["works_here"]:
        notes = checked["notes"]
        yield from notes if isinstance(notes, list) else ()
        yield f"OK: {checked['name']}: {checked['runs']} runs; its data, activations and network work here"
    for key, value in machine.items():
        text = ", ".join(f"{name} {each}" for name, each in value.items()) if isinstance(value, dict) else value
        if text:
            yield from wrap(f"{key}: {text}", 80, subsequent_indent="  ", break_long_words=False) or [f"{key}:"]
