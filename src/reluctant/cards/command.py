"""The commands about activations: one as a card, all as a gallery, one's own held against them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from reluctant.core.errors import StudyError
from reluctant.core.names import parse

if TYPE_CHECKING:
    from reluctant.cards.audit import Verdict
    from reluctant.catalogue import Entry

KEPT, DIFFERS = 0, 1


@click.command()
@click.argument("name")
def show(name: str) -> None:
    """What is known of an activation, or of anything else that has a name."""
    from reluctant.catalogue import (
        ACTIVATIONS,
        AUGMENTATIONS,
        DATASETS,
        INITIALISATIONS,
        MODELS,
        OPTIMIZERS,
        PROCEDURES,
        SCHEDULES,
    )

    head = parse(name).head
    for table in (MODELS, DATASETS, OPTIMIZERS, INITIALISATIONS, PROCEDURES, SCHEDULES, AUGMENTATIONS):
        if head in table and head not in ACTIVATIONS:
            _say(_plain_card(table[head]))
            return
    from reluctant.cards.card import card
    from reluctant.cards.text import lines

    title, *rest = lines(card(name), ascii_only=not _can_write("⣿─│┼"))
    click.secho(_written(title), bold=True)
    _say(rest)


def _plain_card(row: "Entry") -> Iterator[str]:
    yield f"{row.title}  ({row.name}{', also ' + ', '.join(row.aliases) if row.aliases else ''})"
    yield row.purpose
    for parameter in row.parameters:
        words = f" ({parameter.meaning})" if parameter.meaning else ""
        limits = f", {parameter.range()}" if parameter.range() else ""
        yield f"  {parameter.name} = {parameter.default!r}{words}{limits}"
    yield f"source: {row.source}"


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("gallery.html"),
              show_default=True, help="The page to write.")  # fmt: skip
def gallery(output: Path) -> None:
    """Write one HTML page that shows every activation: to be searched, printed, shown in class."""
    from reluctant.cards.gallery import gallery as page
    from reluctant.core.atomic_files import write_atomically

    if not output.parent.is_dir():
        raise StudyError(f"there is no folder {output.parent} to write {output.name} into")
    write_atomically(output, page())
    click.echo(f"gallery: {output}")


@click.command()
@click.argument("function", metavar="MODULE:NAME")
@click.option(
    "--as", "claimed", metavar="NAME", help="What it is said to be, such as gelu or 'elu(alpha=0.5)'."
)
def audit(function: str, claimed: str | None) -> int:
    """Try the laws of the catalogue on anybody's FUNCTION (class, function, factory or module).

    Exit status 0: it keeps them all; 1: it differs; 2: it cannot be audited.
    """
    from reluctant.cards.audit import audit as audited
    from reluctant.catalogue import ACTIVATIONS

    if claimed is None:
        raise StudyError(_suggestion(function))
    name = ACTIVATIONS.canonical(claimed)
    broken, count = [], 0
    for verdict in audited(function, str(name)):
        if not count:
            _say([f"{function}, held against {name}", ""])
        count += 1
        _say(_told(verdict))
        broken += [verdict.law.name] if verdict.broken else []
    _say(["", *wrap(_summary(count, broken, str(name)), 79)])
    return DIFFERS if broken else KEPT


def _told(verdict: "Verdict") -> Iterator[str]:
    word = "BROKEN" if verdict.broken else "neither" if verdict.fault else "kept"
    yield from _wrapped(f"{word:<8}{verdict.law.name}: {verdict.law.says}")
    if verdict.fault:
        yield from _wrapped(" " * 10 + verdict.fault)
    if verdict.own:
        how = (
            f"it does not keep it either: {verdict.own}"
            if verdict.broken
            else "it fails just so, and it does not count"
        )
        yield from _wrapped(" " * 10 + f"(the catalogue's own: {how})")


def _wrapped(line: str) -> list[str]:
    return wrap(line, 79, subsequent_indent=" " * 10)


def _summary(count: int, broken: list[str], name: str) -> str:
    from reluctant.catalogue import ACTIVATIONS

    if not broken and ACTIVATIONS[parse(name).head].family == "block":
        return f"All {count} laws are kept. Values are not compared: a block has weights of its own."
    if not broken:
        return f"All {count} laws are kept: it is {name}."
    return f"{len(broken)} of {count} laws are broken: {', '.join(broken)}."


def _suggestion(function: str) -> str:
    from reluctant.cards.audit import AGREE, nearest, target

    found = nearest(target(function), most=1000)
    same = [name for name, apart in found if apart <= AGREE]
    wanted = "say what it is meant to be: --as "
    if same:
        return f"{wanted}{same[0]}; between −5 and 5 its values are those of {' and '.join(same)}"
    near = ", ".join(f"{name} ({apart:.2g} apart)" for name, apart in found[:3])
    return f"{wanted}NAME; no row of the catalogue has its values, the nearest are {near}"


def _say(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        click.echo(_written(line))


def _written(line: str) -> str:
    if _can_write(line):
        return line
    from reluctant.cards.text import writable

    return writable(line, _encoding())


def _can_write(text: str) -> bool:
    try:
        text.encode(_encoding())
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _encoding() -> str:
    return getattr(sys.stdout, "encoding", None) or "ascii"
