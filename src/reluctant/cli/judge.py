"""`reluctant compare` and `export`, and the table of verdicts that `run` ends with."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reluctant.core.display import visible

if TYPE_CHECKING:
    from rich.console import Console

    from reluctant.analysis.comparison import Comparison
    from reluctant.records.study_results import Results

MARKS = {"better": "▲", "worse": "▼", "the same": "=", "undecided": "?", "no verdict": "–"}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--metric", help="Which score: f1, accuracy, loss, … [the study's].")
@click.option("--baseline", help="The activation that the others are held against [the study's].")
@click.option("--margin", type=float, help="Differences below this do not matter [the study's].")
@click.option("--at", type=click.Choice(["last", "best", "mean"]),
              help="After the last epoch, the one best on validation, or the mean over epochs.")  # fmt: skip
def compare(
    folder: Path, metric: str | None, baseline: str | None, margin: float | None, at: str | None
) -> None:
    """Is the difference real? Verdicts on the study in FOLDER, finished or not."""
    from reluctant.records.study_results import Results

    results = Results.read(folder)
    if results.missing:
        click.echo(f"{len(results)} of {results.study.size} runs so far")
    tell(results, metric=metric, baseline=baseline, margin=margin, at=at)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
def export(folder: Path, file: Path) -> None:
    """Write the results in FOLDER to FILE.

    .csv and .parquet hold every epoch; .md and .tex the final scores and verdicts.
    """
    from reluctant.records.study_results import Results
    from reluctant.report.export import export as write

    click.echo(f"written: {write(Results.read(folder), file)}")


def tell(
    results: "Results",
    *,
    metric: str | None = None,
    baseline: str | None = None,
    margin: float | None = None,
    at: str | None = None,
) -> None:
    """Print the sentence and the table of every comparison, then what became of the claims."""
    from rich.console import Console

    from reluctant.analysis.comparison import compare as held
    from reluctant.analysis.comparison import sentence

    console = Console(highlight=False)
    for comparison in held(results, metric=metric, baseline=baseline, margin=margin, at=at):
        where = _where(comparison)
        if where:
            _say(console, f"\n{where}")
        _say(console, sentence(comparison))
        _table(console, comparison)
        _warn(console, comparison)
    _spread(console, results, metric, at)
    if metric is None:
        _claims(console, results)
        _published(console, results)


def _spread(console: "Console", results: "Results", metric: str | None, at: str | None) -> None:
    """For a study with a table of seeds: each source's share of the variance between runs."""
    from rich.table import Table
    from rich.text import Text

    from reluctant.analysis.comparison import unit_of
    from reluctant.analysis.variance import WORDS, spreads

    for chosen in results.settings if results.study.sources else ():
        part = results.at(chosen)
        unit = unit_of(part, metric or part.study.compare.metric)
        if chosen:
            _say(console, f"\n{', '.join(f'{key} = {value}' for key, value in chosen.items())}")
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("activation", overflow="fold", ratio=1)
        for head in ("source", "share", "deviation"):
            table.add_column(head, justify="left" if head == "source" else "right", no_wrap=True)
        for each in spreads(part, metric, at):
            if each.lost:
                table.add_row(
                    Text(visible(each.activation)), f"{each.lost} of {each.runs} runs lost", "–", "–"
                )
            for source in each.parts:
                row = (WORDS[source.source], f"{100 * source.share:.0f} %", unit.value(source.variance**0.5))
                table.add_row(Text(visible(each.activation)), *row)
        console.print(table)


def _where(comparison: "Comparison") -> str:
    where = ", ".join(f"{key} = {value}" for key, value in comparison.setting.items())
    picks = ", ".join(f"{p.activation} {p.axis} = {p.value:g}" for p in comparison.picks)
    return "; ".join(filter(None, [where, f"each at its own: {picks}" if picks else ""]))


def _table(console: "Console", comparison: "Comparison") -> None:
    from rich.table import Table
    from rich.text import Text

    metric, results = comparison.metric, comparison.results
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("activation", overflow="fold", ratio=1)
    for head in ("n", metric.title, "difference", "p (Holm)"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    found = {c.activation: c for c in comparison.family}
    for name in results.activations:
        interval = results.interval(metric.name, name, at=comparison.at)
        score = comparison.unit.value(interval.mean) if interval.n else "–"
        half = f" ± {comparison.unit.value(interval.half)}" if interval.half is not None else ""
        table.add_row(
            Text(visible(name)), str(interval.n), score + half, *_cells(comparison, found.get(name))
        )
    console.print(table)
    if comparison.family:
        _say(console, _margin(comparison))


def _margin(comparison: "Comparison") -> str:
    """Which differences do not matter here, and where a single test input is worth more than that."""
    from reluctant.analysis.comparison.inputs import item

    if not comparison.margin:
        return "No margin: every difference matters, so none can be called the same; --margin sets one."
    step = comparison.results.resolution(comparison.metric.name)
    told = f"Differences within {comparison.unit.margin(comparison.margin)} do not matter (the margin)."
    if step <= comparison.margin:
        return told
    one = item(comparison.results)
    return f"{told} One test {one} is worth {comparison.unit.amount(step)}: --margin sets a wider one."


def _cells(comparison: "Comparison", contrast: object) -> tuple[str, str, str]:
    from reluctant.analysis.comparison import Contrast

    if not isinstance(contrast, Contrast):
        return "", "", "baseline"
    d = contrast.difference
    mean = f"{d.mean:+.{comparison.unit.score}f}" if d.n else "–"
    p = "" if d.corrected is None else f"{d.corrected:.3f}" if d.corrected >= 0.001 else "< .001"
    return mean, p, f"{MARKS[contrast.verdict.value]} {contrast.verdict.value}"


def _warn(console: "Console", comparison: "Comparison") -> None:
    for pick in comparison.picks:
        if pick.edge:
            _say(console, f"{pick.activation}: {pick.axis} = {pick.value:g} lies at an end of the list; "
                          f"a better one may lie beyond")  # fmt: skip
    if comparison.doubtful:
        console.print("The baseline differs from itself under other seeds (p < .01): do not trust the rest.")


def _claims(console: "Console", results: "Results") -> None:
    from reluctant.analysis.claims import judged

    for chosen in results.settings:
        for each in judged(results.at(chosen)):
            _say(console, f"{each.finding.value:>12}: {each.claim.says}")


def _published(console: "Console", results: "Results") -> None:
    """How many published numbers agree with ours, and all of them."""
    from rich.table import Table
    from rich.text import Text

    from reluctant.report.publications import numbers, sentence

    for chosen in results.settings if results.study.published else ():
        part = results.at(chosen)
        told = numbers(part)
        where = f" ({', '.join(f'{key} = {value}' for key, value in chosen.items())})" if chosen else ""
        _say(console, f"\n{told.caption}{where}\n{sentence(part)}")
        table = Table(box=None, pad_edge=False, header_style="dim")
        for place, head in enumerate(told.columns):
            if place == 0 or place in told.words:
                table.add_column(head.lower(), overflow="fold")
            else:
                table.add_column(head.lower(), justify="right", no_wrap=True)
        for row in told.rows:
            table.add_row(*(Text(visible(cell.replace("\n", ", "))) for cell in row))
        console.print(table)


def _say(console: "Console", text: str) -> None:
    """Print a text of others as it stands: no markup, no emoji codes, no control codes."""
    from rich.text import Text

    console.print(Text(visible(text)))
