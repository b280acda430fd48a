"""`reluctant report`, `status` and `upgrade`: what a folder of results holds."""

from pathlib import Path

import click

from reluctant.core.display import visible

folder_argument = click.argument("folder", type=click.Path(path_type=Path))


@click.command()
@folder_argument
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the page here instead.")
def report(folder: Path, output: Path | None) -> None:
    """Draw the report of the study in FOLDER again, from its records."""
    from reluctant.analysis import headline
    from reluctant.api.results import Results
    from reluctant.report import write_report

    data = Results.read(folder).data
    page = write_report(data, folder, to=output)
    click.echo(visible(" ".join(headline(data))))
    click.echo(f"report: {page}")


@click.command()
@folder_argument
def status(folder: Path) -> None:
    """Print how much of the study in FOLDER is done."""
    from reluctant.core.lock import lock_holder
    from reluctant.records.study_records import StudyRecords

    records = StudyRecords.read(folder)
    if holder := lock_holder(folder):
        click.echo(visible(f"in use by {holder}"))
    diverged = sum(run.diverged is not None for run in records)
    click.echo(f"{records.study.name}: {len(records)} of {records.study.size} runs finished")
    if diverged:
        click.echo(f"diverged: {diverged}")
    for run in records.failures:
        click.echo(visible(f"failed, to be tried again: {run.activation}, seed {run.seed}"))
    for name in records.damaged:
        click.echo(visible(f"damaged: {name}"))


@click.command()
@folder_argument
def upgrade(folder: Path) -> None:
    """Write the records in FOLDER in today's schema. Their numbers do not change."""
    from reluctant.core.lock import lock_folder
    from reluctant.records.schema import SCHEMA
    from reluctant.records.study_records import read_study
    from reluctant.records.upgrade import upgrade_records

    read_study(folder)
    with lock_folder(folder):
        upgraded, current, damaged = upgrade_records(folder)
    records = "record" if upgraded == 1 else "records"
    click.echo(f"{upgraded} {records} upgraded to schema {SCHEMA}, {current} had it already")
    for message in damaged:
        click.echo(visible(f"left as it is: {message}"), err=True)
