"""`reluctant judge`: verdicts on a study or on somebody's table of runs, for people, files and CI."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from reluctant.cli.completion import complete_activation, complete_source
from reluctant.cli.terminal import print_json, working
from reluctant.core.display import visible
from reluctant.core.errors import StudyError

if TYPE_CHECKING:
    from reluctant.api.results import Results

VERDICTS = ("better", "worse", "the same", "undecided", "no verdict")
FAILED = 1  # exit status where a verdict is one of --fail-if


@click.command()
@click.argument("source", type=click.Path(path_type=Path), shell_complete=complete_source)
@click.option("--metric", help="The score that decides: f1, accuracy, loss, … [default: that of the study]")
@click.option(
    "--baseline",
    shell_complete=complete_activation,
    help="The arm that the others are compared with [default: that of the study, or the first]",
)
@click.option("--margin", type=float, help="Differences below this do not matter, in the unit of the score or loss: "
              "0.01 is one point of accuracy or F1. [default: that of the study, or of the metric]")  # fmt: skip
@click.option("--at", type=click.Choice(["last", "best", "mean"]),
              help="last: the score after the last epoch; best: after the epoch that is best on validation; "
              "mean: the mean over all epochs. [default: that of the study, or last]"
              )  # fmt: skip
@click.option("--arm", "arms", metavar="COLUMN", multiple=True, help="Of a table: what is compared. Several times, "
              "where each arm is a column of scores. Columns that are not named are guessed.")  # fmt: skip
@click.option("--seed", metavar="COLUMN", help="Of a table: what pairs runs.")
@click.option("--score", "scores", metavar="COLUMN", multiple=True, help="Of a table. Several times: the first decides "
              "the exit status, and each gets its verdicts.")  # fmt: skip
@click.option("--setting", "settings", metavar="COLUMN", multiple=True,
              help="Of a table: what tells apart runs of one arm and seed, such as lr.")  # fmt: skip
@click.option("--epoch", metavar="COLUMN", help="Of a table with a row per epoch or step.")
@click.option("--higher/--lower", "higher", default=None, help="Of a table: whether more of the score is better.")
@click.option("--unpaired", is_flag=True, help="Of a table: do not pair runs that have the same seed.")
@click.option("--looks", type=click.Choice(["any", "at the end"]), help="Of a table. any: the verdicts hold however "
              "often the growing table is judged; at the end: it is judged once. [default: any]")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="PATH",
              help="Of a table: a folder for the page and its figures, or a file: .html, .csv, .parquet, .md, .tex, "
              ".json.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON (docs/judge.md) and nothing else.")
@click.option("--fail-if", "fail_if", type=click.Choice(VERDICTS), multiple=True,
              help="Exit with status 1 if an arm has this verdict. May be given several times.")  # fmt: skip
def judge(
    source: Path, metric: str | None, baseline: str | None, margin: float | None, at: str | None, arms: tuple[str, ...],
    seed: str | None, scores: tuple[str, ...], settings: tuple[str, ...], epoch: str | None, higher: bool | None,
    unpaired: bool, looks: Literal["any", "at the end"] | None, output: Path | None, as_json: bool,
    fail_if: tuple[str, ...],
) -> int:  # fmt: skip
    """Print verdicts on SOURCE: is the difference real?

    SOURCE is the folder of a study, finished or not, or a table with one row per run, or per run and epoch: .csv, .tsv,
    .jsonl, .json or .parquet.
    """
    from reluctant.api.judge import judge as judged
    from reluctant.report.verdict_json import verdicts_json

    with working("reading and judging"):
        results = judged(
            source, metric=metric, baseline=baseline, margin=margin, at=at, arm=arms or None, seed=seed, score=scores,
            setting=settings, epoch=epoch, higher=higher, paired=not unpaired, looks=looks,
        )  # fmt: skip
        written = "" if output is None else _write(results, output)
    if as_json:
        print_json(json.loads(verdicts_json(results.data)))
    else:
        _print(results, everything=metric is None)
        if written:
            click.echo(written)
    verdicts = {str(c.verdict.value) for each in results.comparisons for c in each.family}
    return FAILED if verdicts & set(fail_if) else 0


def _print(results: "Results", *, everything: bool) -> None:
    from reluctant.analysis.headline import validity
    from reluctant.analysis.labels import count
    from reluctant.cli.verdicts import print_verdicts

    data = results.data
    for note in (*data.notes, *data.remarks):
        click.echo(visible(f"{note[:1].upper()}{note[1:]}."))
    if data.missing > 0:
        damaged = count(len(results.records.damaged), "damaged file")
        more = f"; {damaged}, see `reluctant status`" if results.records.damaged else ""
        click.echo(f"{len(results)} of {results.records.planned} runs so far{more}. {validity(data)}")
    print_verdicts(data, everything=everything)
    if (
        data.subject.table
        and data.question.sequential
        and any(c.verdict.value == "undecided" for each in data.comparisons for c in each.family)
    ):
        click.echo("If all these runs were planned and are judged once, --looks 'at the end' decides with fewer.")
    others = list(data.scores.metrics)[1:] if data.subject.table else []
    for name in others:
        click.echo(visible(f"\n{name} (a question of its own, with error rates of its own):"))
        print_verdicts(data.with_question(metric=name), everything=False)


def _write(results: "Results", output: Path) -> str:
    """Write the page into a folder, or what the file's ending asks for; what was written, for the user."""
    from reluctant.cli.drawing import drawing
    from reluctant.report import write_report

    if results.data.records is not None:
        raise StudyError(f"-o is for tables; a study has a page: reluctant report {results.folder}")
    if output.suffix.lower() in (".html", ".htm"):
        with drawing() as progress:
            return f"report: {write_report(results.data, output.parent, to=output, progress=progress)}"
    if output.suffix:
        return f"written: {results.export(output)}"
    with drawing() as progress:
        return f"report: {write_report(results.data, output, progress=progress)}"


@click.command(hidden=True, params=judge.params)
@click.pass_context
def compare(context: click.Context, /, **options: object) -> None:
    """The old name of `judge`."""
    click.echo("`reluctant compare` is now called `reluctant judge`.", err=True)
    context.exit(context.invoke(judge, **options) or 0)
