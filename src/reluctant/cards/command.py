"""The commands `reluctant show`, `reluctant gallery` and `reluctant audit`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from reluctant.cards.plain_text import encodable
from reluctant.cli.completion import complete_activation, complete_name
from reluctant.cli.terminal import working
from reluctant.core.display import did_you_mean, normalised
from reluctant.core.errors import StudyError
from reluctant.core.names import parse

if TYPE_CHECKING:
    from reluctant.cards.audit import LawResult
    from reluctant.catalogue import Entry

ALL_LAWS_HOLD, SOME_LAWS_FAIL = 0, 1  # exit status of `audit`


@click.command()
@click.argument("name", shell_complete=complete_name)
def show(name: str) -> None:
    """Show what is known of NAME: an activation, a model, a data set, a metric, a study, …

    `reluctant list activations`, `reluctant list metrics`, … lists the names.
    """
    from reluctant.catalogue import ACTIVATIONS

    parsed, entries = parse(name), list(_other_entries())
    head = parsed.head
    others = [(kind, lines) for kind, names, lines in entries if normalised(head) in map(normalised, names)]
    if parsed.is_user_defined or head in ACTIVATIONS or ACTIVATIONS.reason_to_refuse(head):
        from reluctant.cards.card import build_card
        from reluctant.cards.terminal import card_lines

        ascii_only = encodable("⣿─│┼", _encoding()) != "⣿─│┼"
        title, *rest = card_lines(build_card(name), ascii_only=ascii_only)
        click.secho(encodable(title, _encoding()), bold=True)
        others = [(kind, ("", f"The same name is also that of a {kind}:", *lines)) for kind, lines in others]
        _print_lines([*rest, *(line for _, lines in others for line in lines)])
    elif others:
        _print_lines(others[0][1])
    else:
        activations = [each for row in ACTIVATIONS for each in (row.name, *row.aliases)]
        hint = did_you_mean(head, activations) or did_you_mean(head, [n for _, names, _ in entries for n in names])
        raise StudyError(
            f"nothing is called {head!r}{hint or '.'}\n`reluctant list KIND` lists names; KIND is activations, models, "
            f"datasets, metrics, …"
        )


def _other_entries() -> Iterator[tuple[str, Iterable[str], Iterable[str]]]:
    """Everything with a name but the activations: its kind, its names, and the lines that describe it."""
    from reluctant import catalogue
    from reluctant.catalogue.metrics import METRICS
    from reluctant.study import bundled

    tables = (catalogue.MODELS, catalogue.DATASETS, catalogue.OPTIMIZERS, catalogue.INITIALISATIONS,
              catalogue.PROCEDURES, catalogue.SCHEDULES, catalogue.AUGMENTATIONS, catalogue.NORMS)  # fmt: skip
    for table in tables:
        yield from ((table.kind, (row.name, *row.aliases), _entry_lines(row)) for row in table)
    for row in METRICS:
        unit = f"{100 * row.margin:g} points" if row.unit == "share of 1" else row.unit
        margin = f"default margin {row.margin:g} ({unit})" if row.margin else f"no default margin; unit: {row.unit}"
        facts = f"{'higher' if row.higher else 'lower'} is better; {margin}"
        yield "metric", (row.name, *row.aliases), (f"{row.title}  ({row.name}), {row.meaning}", facts)
    yield from (("study", (name,), (path.read_text("utf-8"),)) for name, path in bundled().items())


def _entry_lines(row: "Entry") -> Iterator[str]:
    yield f"{row.title}  ({row.name}{', also ' + ', '.join(row.aliases) if row.aliases else ''})"
    yield row.purpose
    for parameter in row.parameters:
        meaning = f" ({parameter.meaning})" if parameter.meaning else ""
        limits = f", {parameter.range()}" if parameter.range() else ""
        yield f"  {parameter.name} = {parameter.default!r}{meaning}{limits}"
    if row.source:
        yield f"source: {row.source}"


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("gallery.html"),
              show_default=True, help="The page to write.")  # fmt: skip
def gallery(output: Path) -> None:
    """Write one HTML page of all activations, to search, to print, to show in class."""
    from reluctant.cards.gallery import render_gallery
    from reluctant.core.atomic_files import write_atomically

    if not output.parent.is_dir():
        raise StudyError(f"there is no folder {output.parent} to write {output.name} into")
    with working("drawing the activations"):
        page = render_gallery()
    write_atomically(output, page)
    click.echo(f"gallery: {output}")


@click.command()
@click.argument("function", metavar="MODULE:NAME")
@click.option(
    "--as",
    "claimed",
    metavar="NAME",
    shell_complete=complete_activation,
    help="What it claims to be, such as gelu or 'elu(alpha=0.5)'.",
)
def audit(function: str, claimed: str | None) -> int:
    """Check the laws of the catalogue for your own activation (class, function, factory or module).

    A law is a property that a correct implementation has, such as the right values, gradients and shapes.
    Exit status 0: all laws hold; 1: some laws fail; 2: it cannot be audited.
    """
    from reluctant.cards.audit import audit_function
    from reluctant.catalogue import ACTIVATIONS

    if claimed is None:
        raise StudyError(_suggest_claim(function))
    name = ACTIVATIONS.canonical(claimed)
    failed, ignored, count = [], 0, 0
    for result in audit_function(function, str(name)):
        if not count:
            _print_lines([f"{function} compared with {name}", ""])
        count += 1
        _print_lines(_result_lines(result))
        failed += [result.law.name] if result.failed else []
        ignored += bool(result.fault and not result.failed)
    left_out = f" ({ignored} that the catalogue's own function fails too are left out)" if ignored else ""
    holding = f"All {count} laws hold{left_out}"
    if failed:
        summary = f"{len(failed)} of {count} laws fail: {', '.join(failed)}."
    elif ACTIVATIONS[name.head].family == "block":
        summary = f"{holding}. Values are not compared, because a block has weights of its own."
    else:
        summary = f"{holding}: it is {name}."
    _print_lines(["", *wrap(summary, 79)])
    return SOME_LAWS_FAIL if failed else ALL_LAWS_HOLD


def _result_lines(result: "LawResult") -> Iterator[str]:
    verdict = "FAILED" if result.failed else "ignored" if result.fault else "holds"
    texts = [f"{verdict:<8}{result.law.name}: {result.law.statement}"]
    if result.fault:
        texts.append(" " * 10 + result.fault)
    if result.catalogue_fault:
        how = f"in another way: {result.catalogue_fault}" if result.failed else "too, so it is ignored"
        texts.append(" " * 10 + f"(the catalogue's own function fails this law {how})")
    for text in texts:
        yield from wrap(text, 79, subsequent_indent=" " * 10)


def _suggest_claim(function: str) -> str:
    from reluctant.cards.audit import SAME_FUNCTION, buildable, nearest_rows

    build = buildable(function)
    try:
        rows = nearest_rows(build, most=1000)
    except StudyError as fault:
        raise StudyError(f"{function} cannot be audited: {fault}") from fault
    same = [name for name, distance in rows if distance <= SAME_FUNCTION]
    near = ", ".join(f"{name} (differs by up to {distance:.2g})" for name, distance in rows[:3])
    nearest = f"NAME; no row of the catalogue has its values, the nearest are {near}"
    equal = f"{same[0]}; between −5 and 5 its values are those of {' and '.join(same)}" if same else ""
    return f"add what it claims to be: --as {equal or nearest}"


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(encodable(line, _encoding()))


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "ascii"
