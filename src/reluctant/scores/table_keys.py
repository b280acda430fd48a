"""What tells the rows of a table apart: the arm, the run, the epoch; values are equal however they are written."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reluctant.catalogue.reported import without_prefix
from reluctant.core.display import normalised
from reluctant.core.errors import StudyError
from reluctant.scores.table_file import RunTable

RUN_NAMES = ("run_id", "run", "run_name", "name", "trial", "number", "experiment", "id")
EPOCH_NAMES = ("epoch", "step", "global_step", "iteration", "iter", "_step")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what they mean; `notes` say what was guessed."""

    arm: str
    scores: tuple[str, ...]
    seed: str | None  # pairs the runs of all arms; None: they are not paired
    run: str | None = None  # where they are not paired: tells the runs of one arm apart
    settings: tuple[str, ...] = ()
    epoch: str | None = None
    split: str | None = None
    control: str | None = None  # marks runs of the baseline under other seeds, as our export has it
    items: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def identity(self) -> str | None:
        """What tells the runs of one arm and setting apart; None where each row is a run, or a block of rows."""
        return self.seed or self.run

    @property
    def keys(self) -> list[str]:
        """All columns but the arm that tell rows apart."""
        columns = (self.identity, self.epoch, self.split, self.control, *self.settings)
        return [column for column in columns if column is not None]


def value_of(text: str) -> Any:
    """A text as a number where it is written as one: `01` and `1.0` are 1; any other as it is."""
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    return int(text) if text.isdecimal() else int(number) if number.is_integer() and abs(number) < 2**53 else number


def by_name(words: Iterable[str], columns: Sequence[str]) -> str | None:
    """The first column with one of these names, whatever a tracker writes before it."""
    plain = {normalised(without_prefix(column)): column for column in reversed(columns)}
    return next((plain[normalised(word)] for word in words if normalised(word) in plain), None)


def tells_apart(table: RunTable, arm: str, columns: Sequence[str]) -> bool:
    """Whether no two rows have the same arm and the same values in these columns."""
    values = [list(map(value_of, table.texts(column))) for column in columns]
    return len(set(zip(table.texts(arm), *values, strict=True))) == len(table.cells)


def find_runs(table: RunTable, chosen: Columns, notes: list[str]) -> Columns:
    """What tells the runs of an arm apart where there are no seeds: a column, else whole blocks of epochs.

    Raises:
        StudyError: Rows may be runs or epochs of a run.
    """
    epochs = [chosen.epoch] if chosen.epoch else [n for w in EPOCH_NAMES if (n := by_name((w,), table.columns))]
    for run in filter(None, (by_name((word,), table.columns) for word in RUN_NAMES)):
        for epoch in epochs:
            several = len(set(table.texts(run))) < len(table.cells)
            if run != chosen.arm and several and tells_apart(table, chosen.arm, [run, epoch]):
                notes.append(f"runs: {run}")
                return replace(chosen, run=run)
    for epoch in epochs:
        blocks: dict[str, list[list[Any]]] = {}
        for arm, value in zip(table.texts(chosen.arm), map(value_of, table.texts(epoch)), strict=True):
            mine = blocks.setdefault(arm, [[]])
            if mine[-1] and not (isinstance(value, int | float) and value > mine[-1][-1]):
                mine.append([])
            mine[-1].append(value)
        shapes = {tuple(block) for mine in blocks.values() for block in mine}
        if all(len(shape) == 1 for shape in shapes):
            continue  # one row per run: the epochs it took
        if len(shapes) == 1:
            notes.append(f"epoch: {epoch}")
            return replace(chosen, epoch=epoch)
        raise StudyError(
            f"rows with other {epoch} may be runs, or epochs of one run; name the column that tells runs apart "
            f"(--seed COLUMN, and --unpaired if it does not pair them), or leave out {epoch}"
        )
    return chosen


def find_epoch(table: RunTable, chosen: Columns, notes: list[str]) -> Columns:
    """The columns with that of the epoch, where it tells rows of one run apart; without it where each run has a row."""
    if tells_apart(table, chosen.arm, chosen.keys):
        return chosen
    for word in EPOCH_NAMES:
        name = by_name((word,), table.columns)
        if name and name not in chosen.keys and tells_apart(table, chosen.arm, [*chosen.keys, name]):
            notes.append(f"epoch: {name}")
            return replace(chosen, epoch=name)
    return chosen
