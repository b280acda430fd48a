"""Commands that read a study's folder: report, export, status, upgrade."""

from pathlib import Path
from typing import Literal

import click

from reluctant.cli.completion import complete_folder
from reluctant.cli.terminal import json_option, print_json, working
from reluctant.core.display import visible

folder_argument = click.argument("folder", type=click.Path(path_type=Path), shell_complete=complete_folder)


@click.command()
@folder_argument
@click.argument("other", type=click.Path(path_type=Path), required=False, metavar="[OTHER]")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write only the page, to this file instead of FOLDER/report.html; no figures and no card."
              )  # fmt: skip
@click.option("--address", default="", metavar="URL", help="Where the folder will be on the web, https://…: services "
              "that show a card beside a link ask for a whole address.")  # fmt: skip
def report(folder: Path, other: Path | None, output: Path | None, address: str) -> None:
    """Draw the report of the study in FOLDER again, from its records.

    With OTHER, one page shows both studies side by side: the same arms under two recipes, data sets or versions of a
    code. It is written to FILE, or to NAME-and-NAME.html in the current folder.
    """
    from reluctant.analysis import headline
    from reluctant.api.results import Results
    from reluctant.cli.drawing import drawing
    from reluctant.report import write_report
    from reluctant.report.side_by_side import write_side_by_side

    with working("reading records"):
        data = Results.read(folder).data
    if other is not None:
        with drawing() as progress:
            page, sentence = write_side_by_side(data, Results.read(other).data, output, progress=progress)
        click.echo(visible(sentence))
    else:
        with drawing() as progress:
            page = write_report(data, folder, to=output, address=address, progress=progress)
        click.echo(visible(" ".join(headline(data))))
    click.echo(f"report: {page}")


@click.command()
@folder_argument
@json_option
def status(folder: Path, as_json: bool) -> None:
    """Print how much of the study in FOLDER is done."""
    from reluctant.analysis.study_facts import run_text
    from reluctant.core.lock import lock_holder
    from reluctant.records.study_records import StudyRecords

    records = StudyRecords.read(folder)
    holder = lock_holder(folder)
    diverged = sum(run.diverged is not None for run in records)
    if as_json:
        print_json({
            "schema": 1, "name": records.study.name, "folder": str(folder), "finished": len(records),
            "planned": records.planned, "diverged": diverged,
            "failed": [run_text(run, records.study) for run in records.failures],
            "damaged": list(records.damaged), "in_use_by": holder or None,
        })  # fmt: skip
        return
    if holder:
        click.echo(visible(f"in use by {holder}"))
    click.echo(f"{records.study.name}: {len(records)} of {records.planned} runs finished")
    if diverged:
        click.echo(f"diverged: {diverged}")
    for run in records.failures:
        click.echo(visible(f"failed, to be tried again: {run_text(run, records.study)}"))
    for name in records.damaged:
        click.echo(visible(f"damaged: {name}"))


@click.command()
@folder_argument
def upgrade(folder: Path) -> None:
    """Write the records in FOLDER in today's schema. Their numbers do not change."""
    from reluctant.analysis.labels import count
    from reluctant.core.lock import lock_folder
    from reluctant.records.schema import SCHEMA
    from reluctant.records.store import upgrade_records
    from reluctant.records.study_records import read_study

    read_study(folder)
    with lock_folder(folder):
        upgraded, current, damaged = upgrade_records(folder)
    click.echo(f"{count(upgraded, 'record')} upgraded to schema {SCHEMA}, {current:,} had it already")
    for message in damaged:
        click.echo(visible(f"left as it is: {message}"), err=True)


@click.command()
@folder_argument
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--figures", "kind", type=click.Choice(["png", "svg", "pdf"]),
              help="Write all figures of the report as such files, into the folder FILE instead of FOLDER/figures."
              )  # fmt: skip
def export(folder: Path, file: Path | None, kind: Literal["png", "svg", "pdf"] | None) -> None:
    """Write the results in FOLDER to FILE.

    .csv and .parquet hold every epoch; .md and .tex the final scores and verdicts.
    """
    from reluctant.analysis.labels import count
    from reluctant.api.results import Results
    from reluctant.cli.drawing import drawing
    from reluctant.report.figure_files import write_figures

    results = Results.read(folder)
    if kind is not None:
        target = folder / "figures" if file is None else file
        with drawing() as progress:
            written = write_figures(results.data, target, kind, progress)
        click.echo(f"written: {count(len(written), 'figure')} in {target}")
    elif file is None:
        raise click.UsageError("write a FILE ending in .csv, .parquet, .md, .tex or .json, or --figures png")
    else:
        click.echo(f"written: {results.export(file)}")
