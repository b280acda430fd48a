"""`reluctant list`, `fetch` and `doctor`: what can stand in a study, data sets, and this machine."""

from collections.abc import Iterator

import click

from reluctant.core.display import visible

KINDS = ("activations", "models", "datasets", "optimizers", "initialisations", "procedures", "schedules",
         "augmentations", "losses", "norms", "studies", "metrics")  # fmt: skip


@click.command(name="list")
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
def list_(kind: str) -> None:
    """List all names of one kind, with a line on each.

    KIND is activations, models, datasets, optimizers, initialisations, procedures, schedules, augmentations, losses,
    norms, studies or metrics.
    """
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
@click.argument("dataset")
def fetch(dataset: str) -> None:
    """Download a DATASET (mnist or fashion_mnist) and check it against its published checksums."""
    from reluctant.data import data_folder
    from reluctant.data import fetch as download

    path = download(dataset, log=click.echo)
    if path != data_folder():  # there is a folder of this data set
        click.echo(f"{dataset} is in {path}")


@click.command()
@click.argument("study", required=False)
@click.option("--allow-module", "allow_modules", multiple=True, metavar="PACKAGE",
              help="An installed package whose code STUDY may name.")  # fmt: skip
def doctor(study: str | None, allow_modules: tuple[str, ...]) -> None:
    """Describe this machine; with STUDY, say first whether it can be run here."""
    from reluctant.core.environment import describe_environment
    from reluctant.data import data_folder

    description: dict[str, object] = {**describe_environment(), "data sets": data_folder()}
    try:
        if study:
            from reluctant.core.user_code import check_user_code
            from reluctant.study import Study
            from reluctant.study.files import study_path
            from reluctant.training import preflight, select_device

            checked = Study.read(study)
            for sentence in check_user_code(checked.user_names, study_path(study), allow_modules):
                click.echo(visible(sentence))
            preflight(checked)
            description["device"] = select_device("auto")
            click.echo(visible(f"OK: {checked.name}: {checked.size} runs; its data, activations and network work here"))
    finally:
        for key, value in description.items():
            text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            if text:
                click.echo(f"{key}: {text}")
