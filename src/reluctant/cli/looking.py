"""The commands that look and fetch: report, status, list, fetch, doctor."""

from collections.abc import Iterator
from pathlib import Path

import click

from reluctant.core.display import visible

Folder = click.argument("folder", type=click.Path(path_type=Path))


@click.command()
@Folder
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the page here instead.")
def report(folder: Path, output: Path | None) -> None:
    """Draw the report of the study in FOLDER again, from its records."""
    from reluctant.records.study_results import Results
    from reluctant.report import sentence, write

    results = Results.read(folder)
    page = write(results, folder, to=output)
    click.echo(sentence(results))
    click.echo(f"report: {page}")


@click.command()
@Folder
def status(folder: Path) -> None:
    """How far the study in FOLDER has come."""
    from reluctant.core.lock import holder
    from reluctant.records.study_results import Results

    results = Results.read(folder)
    if who := holder(folder):
        click.echo(visible(f"at work: {who}"))
    diverged = sum(result.diverged is not None for result in results)
    click.echo(f"{results.study.name}: {len(results)} of {results.study.size} runs finished")
    if diverged:
        click.echo(f"diverged: {diverged}")
    for run in results.failures:
        click.echo(f"failed, to be tried again: {run.activation}, seed {run.seed}")


KINDS = (
    "activations",
    "models",
    "datasets",
    "optimizers",
    "initialisations",
    "procedures",
    "schedules",
    "augmentations",
    "studies",
    "metrics",
)


@click.command(name="list")
@click.argument("kind", type=click.Choice(KINDS))
def list_(kind: str) -> None:
    """Everything that can stand in a study, with what it is for."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, meaning in _rows(kind):
        table.add_row(name, meaning)
    Console(highlight=False).print(table)


def _rows(kind: str) -> Iterator[tuple[str, str]]:
    from reluctant import catalogue
    from reluctant.catalogue import metrics
    from reluctant.study import Study, bundled

    if kind == "studies":
        for name in bundled():
            study = Study.read(name)
            yield name, f"{study.about} {study.size} runs."
    elif kind == "metrics":
        for metric in metrics.METRICS:
            better = "higher" if metric.higher else "lower"
            yield metric.name, f"{metric.meaning}; {better} is better"
    else:
        for row in getattr(catalogue, kind.upper()):
            yield row.name, row.purpose


@click.command()
@click.argument("dataset")
def fetch(dataset: str) -> None:
    """Download a data set (mnist, fashion_mnist), checked against its published sums."""
    from reluctant.data import fetch as download

    click.echo(f"{dataset} is in {download(dataset, log=click.echo)}")


@click.command()
@click.argument("study", required=False)
def doctor(study: str | None) -> None:
    """What this machine is, and whether it can carry out STUDY."""
    from reluctant.core.environment import describe
    from reluctant.data import data_folder

    for key, value in describe().items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        click.echo(f"{key}: {shown}")
    click.echo(f"data sets: {data_folder()}")
    if study:
        from reluctant.study import Study
        from reluctant.training import preflight, select_device

        asked = Study.read(study)
        preflight(asked)
        click.echo(f"device: {select_device('auto')}")
        click.echo(f"{asked.name}: {asked.size} runs; its data, activations and network work here")
