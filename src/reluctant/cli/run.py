"""`reluctant run`: carry out a study, or go on with one."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reluctant.core.display import visible
from reluctant.core.errors import StudyError

if TYPE_CHECKING:
    from reluctant.api.run import Means
    from reluctant.records.study_dir import Folder
    from reluctant.study import Run, Study


@click.command()
@click.argument("study")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the study [out/NAME].")
@click.option("--engine", type=click.Choice(["local", "serial", "ray"]), default="local", show_default=True,
              help="local: processes side by side; serial: one after the other; ray: a cluster.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="Processes at a time [one per core].")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, mps.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
              help="Another value for a key of the study: lr=0.01,0.003 or seed=0..9.")  # fmt: skip
@click.option(
    "--address", envvar="RAY_ADDRESS", metavar="HOST:PORT", help="Of the Ray cluster [one started here]."
)
@click.option(
    "--gpus-per-run", type=click.FloatRange(min=0), default=0.0, help="For --engine ray; 0.5 shares one."
)
@click.option("--run-timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
              help="Begin a run again that takes longer; after three times it has failed.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Tell the runs and the time they will take; train nothing.")
@click.option("--yes", is_flag=True, help="Do not ask about more than 10,000 runs.")
def run(
    study: str,
    output: Path | None,
    engine: str,
    workers: int | None,
    device: str,
    overrides: Iterable[str],
    address: str | None,
    gpus_per_run: float,
    run_timeout: float | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Carry out STUDY: a bundled name (`quick`, `article`) or a file.

    The same command again goes on where it stopped.
    """
    from reluctant.api.run import Means
    from reluctant.records.study_dir import Folder
    from reluctant.study import MANY, Study, parse_overrides

    asked = Study.read(study, parse_overrides(overrides))
    folder = Folder(output or asked.folder)
    if asked.size > MANY and not yes:
        raise StudyError(f"{asked.size:,} runs are more than {MANY:,}; add --yes if you mean it")
    means = Means(engine, workers, device, timeout=run_timeout, address=address, gpus_per_run=gpus_per_run)
    return _tell(asked, folder, means) if dry_run else _carry_out(asked, folder, means)


def _tell(study: "Study", folder: "Folder", means: "Means") -> int:
    """What would be done, and how long it would take, from a few timed steps of each network."""
    from reluctant.api.progress import duration
    from reluctant.data import describe_dataset
    from reluctant.figures.labels import clip
    from reluctant.training import describe_replacements, expected_seconds, preflight

    found = preflight(study)
    for text in (
        *(describe_dataset(each.source) for each in found.values()),
        *describe_replacements(study, found),
    ):
        click.echo(visible(text))
    todo = folder.missing(study)
    click.echo(f"{study.name}: {study.size} runs, {study.size - len(todo)} done, {len(todo)} to train")
    if not todo:
        return 0
    kinds: dict[Run, float] = {}
    for each in todo:
        alike = _alike(each)
        kinds[alike] = kinds.get(alike) or expected_seconds(alike)
    for kind, seconds in kinds.items():
        count = sum(_alike(each) == kind for each in todo)
        where = clip(kind.dataset, 40)
        click.echo(f"  {kind.activation} on {where}: {count} × about {duration(seconds)}")
    side_by_side = means.crew(todo)
    total = sum(kinds[_alike(each)] for each in todo) / side_by_side
    noun = "worker" if side_by_side == 1 else "workers"
    click.echo(f"about {duration(total)} with {side_by_side} {noun}, in {folder.path}")
    return 0


def _alike(run: "Run") -> "Run":
    from dataclasses import replace

    return replace(run, seed=0)


def _carry_out(study: "Study", folder: "Folder", means: "Means") -> int:
    from rich.console import Console

    from reluctant.api.progress import Board, watch
    from reluctant.api.run import conduct
    from reluctant.cli.signals import Stopped, heeded

    console = Console()
    folder.check(study)
    todo = folder.missing(study)
    around, tell = watch(console, Board(todo, study.size - len(todo)))
    try:
        with heeded(), around:
            for event in conduct(study, folder, means):
                tell(event)
    except Stopped as stop:
        _stopped(folder, study)
        return stop.status
    return _close(folder)


def _stopped(folder: "Folder", study: "Study") -> None:
    done = study.size - len(folder.missing(study))
    click.echo(
        f"stopped; {done} of {study.size} runs are finished and kept in {folder.path}.\n"
        f"Type the same command again to go on.",
        err=True,
    )


def _close(folder: "Folder") -> int:
    """Write the report, show the scores, name the failures."""
    from reluctant.api.progress import last_line
    from reluctant.cli.judge import tell
    from reluctant.records.study_results import Results
    from reluctant.report import write

    results = Results.read(folder.path)
    page = write(results, folder.path)
    click.echo("")
    tell(results)
    for lost, cause in results.failures.items():
        click.echo(f"failed: {lost.activation}, seed {lost.seed}: {last_line(cause)}", err=True)
    click.echo(f"report: {page}")
    return 1 if results.failures else 0
