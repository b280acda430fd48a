"""`reluctant verify`: does everything in a folder hold?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reluctant.core.display import visible
from reluctant.core.errors import ReluctantError, StudyError

if TYPE_CHECKING:
    from reluctant.verification.finding import Finding
    from reluctant.verification.place import Verified


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("others", nargs=-1, type=click.Path(path_type=Path), metavar="[OTHER]...")
@click.option("--retrain", type=click.IntRange(min=1), metavar="K",
              help="Train K runs again, drawn by lot, and compare to the bit.")  # fmt: skip
def verify(folder: Path, others: tuple[Path, ...], retrain: int | None) -> int:
    """Check that everything in FOLDER holds: records, what they share, the report.

    OTHER folders of the same study are checked too, and against it. Nothing in a folder is written.
    Exit status: 0 all holds, 1 something contradicts, 2 there is no study or it cannot be trained here.
    """
    from reluctant.verification.place import verify as checked

    found = checked(folder, *others)
    for place in found.places:
        read = f"{len(place.facts)} of {place.study.size} runs have a record that can be read"
        _say(f"{place.path}: {place.study.name}, {read}")
    _tell(found.findings)
    again, prevented = _again(found, retrain) if retrain else ([], "")
    grave = [finding for finding in (*found.findings, *again) if finding.grave]
    if grave:
        _say(f"{len(grave)} {'contradiction' if len(grave) == 1 else 'contradictions'}")
        if prevented:
            _say(f"not trained again: {prevented}")
        return 1
    if prevented:
        raise StudyError(prevented)
    _say("all holds")
    return 0


def _again(found: "Verified", number: int) -> tuple[list["Finding"], str]:
    """The findings of a sample trained again, and what kept it from being trained."""
    from reluctant.verification.retraining import retrain

    findings = []
    try:
        for finding in retrain(found.places[0], number, _say):
            _tell([finding])
            findings.append(finding)
    except ReluctantError as fault:
        return findings, str(fault)
    return findings, ""


def _tell(findings: "list[Finding] | tuple[Finding, ...]") -> None:
    for finding in findings:
        _say(f"  {'contradiction' if finding.grave else 'remark'}: {finding}")


def _say(text: str) -> None:
    click.echo(visible(text))
