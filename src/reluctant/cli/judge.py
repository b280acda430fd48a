"""`reluctant judge` and `export`: verdicts on what is there, in the terminal and as files."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--metric", help="The score that decides: f1, accuracy, loss, … [the study's].")
@click.option("--baseline", help="The activation that the others are compared with [the study's].")
@click.option("--margin", type=float, help="Differences below this do not matter [the study's].")
@click.option("--at", type=click.Choice(["last", "best", "mean"]),
              help="After the last epoch, the best one on validation, or the mean over epochs.")  # fmt: skip
def judge(
    folder: Path, metric: str | None, baseline: str | None, margin: float | None, at: str | None
) -> None:
    """Print verdicts on the study in FOLDER, finished or not: is the difference real?"""
    from reluctant.api.judge import judge as judged
    from reluctant.cli.verdicts import print_verdicts

    results = judged(folder, metric=metric, baseline=baseline, margin=margin, at=at)
    if results.missing:
        click.echo(f"{len(results)} of {results.study.size} runs so far")
    print_verdicts(results.data, everything=metric is None)


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--metric")
@click.option("--baseline")
@click.option("--margin", type=float)
@click.option("--at", type=click.Choice(["last", "best", "mean"]))
@click.pass_context
def compare(context: click.Context, /, **options: object) -> None:
    """The old name of `judge`."""
    click.echo("`reluctant compare` is now called `reluctant judge`.", err=True)
    context.invoke(judge, **options)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
def export(folder: Path, file: Path) -> None:
    """Write the results in FOLDER to FILE.

    .csv and .parquet hold every epoch; .md and .tex the final scores and verdicts.
    """
    from reluctant.api.results import Results

    click.echo(f"written: {Results.read(folder).export(file)}")
