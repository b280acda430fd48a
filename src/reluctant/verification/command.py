"""`reluctant verify`: do the files of a folder contradict each other?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reluctant.cli.completion import complete_folder
from reluctant.core.display import visible
from reluctant.core.errors import ReluctantError, StudyError

if TYPE_CHECKING:
    from reluctant.verification.findings import Finding


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), shell_complete=complete_folder)
@click.argument(
    "others", nargs=-1, type=click.Path(path_type=Path), metavar="[OTHER]...", shell_complete=complete_folder
)
@click.option("--retrain", "sample", type=click.IntRange(min=1), metavar="K",
              help="Train K runs again, chosen at random, and compare the results bit by bit.")  # fmt: skip
def verify(folder: Path, others: tuple[Path, ...], sample: int | None) -> int:
    """Check the files in FOLDER for contradictions.

    Checked are: each record by itself; whether all records come from the same data, code and version of the
    training; whether the page and its figures are those that the records give.

    OTHER folders of the same study are checked too, and compared with it. Nothing in a folder is written.
    Exit status: 0 no contradiction, 1 contradictions, 2 there is no study or it cannot be trained here.
    """
    from reluctant.verification.folder import verify_folders
    from reluctant.verification.retraining import retrain

    verification = verify_folders(folder, *others)
    for each in verification.folders:
        readable = f"{len(each.records)} of {each.planned} runs have a record that can be read"
        _echo(f"{each.path}: {each.study.name}, {readable}")
    findings, prevented = list(verification.findings), ""
    for finding in findings:
        _print_finding(finding)
    if sample:
        try:
            for finding in retrain(verification.folders[0], sample, _echo):
                _print_finding(finding)
                findings.append(finding)
        except ReluctantError as error:
            prevented = str(error)
    if contradictions := sum(finding.is_contradiction for finding in findings):
        _echo(f"{contradictions} {'contradiction' if contradictions == 1 else 'contradictions'}")
        if prevented:
            _echo(f"not trained again: {prevented}")
        return 1
    if prevented:
        raise StudyError(prevented)
    _echo("no contradictions")
    return 0


def _print_finding(finding: "Finding") -> None:
    _echo(f"  {'contradiction' if finding.is_contradiction else 'remark'}: {finding}")


def _echo(text: str) -> None:
    click.echo(visible(text))
