"""What the columns of a table of runs mean: as a user says, else guessed where only one meaning is possible."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reluctant.catalogue.metrics import SPLITS
from reluctant.catalogue.reported import direction, looks_like_a_score, split_of, without_prefix
from reluctant.core.display import did_you_mean, normalised
from reluctant.core.errors import StudyError
from reluctant.scores.table_file import RunTable
from reluctant.scores.table_keys import EPOCH_NAMES, Columns, by_name, find_epoch, find_runs, tells_apart, value_of

ARM_NAMES = ("activation", "act", "act_fn", "activation_function", "activation_fn", "nonlinearity", "arm", "condition",
             "method", "variant", "treatment", "optimizer", "optim", "algorithm", "algo", "group")  # fmt: skip
SEED_NAMES = ("seed", "random_seed", "rng_seed", "manual_seed", "global_seed", "random_state", "replicate", "repeat",
              "rep", "fold")  # fmt: skip
EXPORTED = ("epoch", "split", "items")  # columns that only our own export has together
MOST_VALUES = 1000  # of a column that may be a setting


def find_columns(
    table: RunTable, *, arm: str | None, seed: str | None, scores: Sequence[str], settings: Sequence[str],
    epoch: str | None, paired: bool,
) -> Columns:  # fmt: skip
    """The meaning of a table's columns.

    Args:
        table: One row per run, or per run and epoch.
        arm: The column of what is compared; guessed by its name unless given.
        seed: The column that pairs runs; guessed by its name unless given.
        scores: The columns of the scores; guessed where there is only one.
        settings: Columns that tell apart runs of one arm and seed.
        epoch: The column of the epoch or step; guessed by its name where a run has several rows.
        paired: Whether runs with one seed are paired, where there is a column of seeds.

    Raises:
        StudyError: No such column, none that can be guessed, or rows that nothing tells apart.
    """
    names = table.columns
    notes: list[str] = []
    exported = all(each in names for each in EXPORTED)
    split = exported or ("split" in names and "test" in (values := set(table.texts("split"))) and values <= set(SPLITS))
    chosen = Columns(
        "", tuple(column_of(each, names, "--score") for each in scores),
        None if seed is None else column_of(seed, names, "--seed"),
        settings=tuple(column_of(each, names, "--setting") for each in settings),
        epoch=None if epoch is None else column_of(epoch, names, "--epoch"),
        split="split" if split else None,
        control="control" if exported and "control" in names else None,
        items="items" if exported else None,
    )  # fmt: skip
    if chosen.seed is None and (name := by_name(SEED_NAMES, names)):
        chosen = replace(chosen, seed=name)
        notes.append(f"seed: {name}" if paired else f"runs: {name}")
    if chosen.seed is None:
        notes.append(
            "no column of seeds, so runs are not paired (--seed COLUMN pairs runs of all arms; then fewer runs decide)"
        )
    if not paired:
        chosen = replace(chosen, seed=None, run=chosen.seed)
    chosen = replace(chosen, arm=_arm_column(table, arm, chosen, notes))
    chosen = replace(chosen, scores=chosen.scores or (_score_column(table, chosen),))
    if chosen.identity is None:
        chosen = find_runs(table, chosen, notes)
    if epoch is None and chosen.identity is not None:
        chosen = find_epoch(table, chosen, notes)
    return _with_settings(table, chosen, notes)


def column_of(name: str, columns: Sequence[str], option: str) -> str:
    """The column that a user means, with or without the prefix of a tracker; `StudyError` where there is none."""
    if name in columns:
        return name
    alike = [each for each in columns if normalised(without_prefix(each)) == normalised(name)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise StudyError(f"{option} {name} may be {' or '.join(alike)}; write the whole name")
    known = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
    raise StudyError(
        f"{option} {name}: the table has no such column{did_you_mean(name, columns) or f'; there are {known}'}"
    )


def _arm_column(table: RunTable, arm: str | None, chosen: Columns, notes: list[str]) -> str:
    if arm is not None:
        return column_of(arm, table.columns, "--arm")
    used = {*chosen.scores, *chosen.keys}
    named = [name for word in ARM_NAMES if (name := by_name((word,), table.columns)) and name not in used]
    usable = [name for name in dict.fromkeys(named) if 1 < len(set(table.texts(name))) < len(table.cells)]
    usable = usable or list(dict.fromkeys(named))  # one arm, or one run of each
    apart = [name for name in usable if tells_apart(table, name, chosen.keys)]
    partitions = {tuple(map(table.texts(name).index, table.texts(name))): name for name in reversed(apart or usable)}
    if len(partitions) == 1:
        notes.append(f"arms: {(name := next(iter(partitions.values())))}")
        return str(name)
    if usable:
        raise StudyError(f"the arms may be {' or '.join(usable)}; say which: --arm {usable[0]}")
    raise StudyError(
        f"which column names what is compared? Add --arm COLUMN; there are {', '.join(table.columns[:20])}. If each "
        f"arm is a column of scores, name them all: --arm relu --arm gelu"
    )


def _score_column(table: RunTable, chosen: Columns) -> str:
    """The only column that can be the score; `StudyError` where there are several or none."""
    used = {chosen.arm, *chosen.keys}
    metrics = [name for name in table.columns if name not in used and looks_like_a_score(name)]
    test = [name for name in metrics if split_of(name) == "test"]
    candidates = test or [name for name in metrics if split_of(name) != "train"]
    if len(candidates) == 1:
        return candidates[0]
    candidates.sort(key=lambda name: not direction(name))  # a loss may depend on what is compared
    known = candidates or [name for name in table.columns if name not in used and _varies(table, name)]
    if not known:
        raise StudyError("which column is the score? The table has no column of numbers left; add one with the scores")
    which = f"it may be {', '.join(known[:8])}" if candidates else f"there are {', '.join(known[:20])}"
    raise StudyError(f"which column is the score? Add --score {known[0]} (in Python score={known[0]!r}); {which}")


def _varies(table: RunTable, name: str) -> bool:
    """Whether a column holds different numbers, at least in its first rows."""
    values = {value_of(text) for text in table.texts(name)[:200]} - {""}
    return len(values) > 1 and all(isinstance(value, int | float) for value in values)


def _with_settings(table: RunTable, chosen: Columns, notes: list[str]) -> Columns:
    """The columns with the settings that tell apart runs of one arm and seed."""
    if chosen.identity is None or tells_apart(table, chosen.arm, chosen.keys):
        return replace(chosen, notes=tuple(notes))
    epochs = {by_name((word,), table.columns) for word in EPOCH_NAMES}
    used = {chosen.arm, *chosen.keys, *chosen.scores} | epochs
    varying = [
        name
        for name in table.columns
        if name not in used
        and not looks_like_a_score(name)
        and 1 < len(set(table.texts(name))) <= MOST_VALUES
        and _is_crossed(table, chosen.arm, name)
    ]
    alone = [name for name in varying if tells_apart(table, chosen.arm, [*chosen.keys, name])]
    if len(alone) == 1:
        notes.append(f"settings: {alone[0]}, each compared by itself")
        return replace(chosen, settings=(*chosen.settings, alone[0]), notes=tuple(notes))
    raise StudyError(_same_key(table, chosen, alone or varying))


def _is_crossed(table: RunTable, arm: str, name: str) -> bool:
    """Whether several arms have each value of a column: then it may be a setting, and is no number of the run."""
    arms: dict[str, set[str]] = {}
    for each, value in zip(table.texts(arm), table.texts(name), strict=True):
        arms.setdefault(value, set()).add(each)
    return min(map(len, arms.values())) > 1


def _same_key(table: RunTable, chosen: Columns, candidates: Sequence[str]) -> str:
    """Which rows have one key, and what to write."""
    keys = [chosen.arm, *chosen.keys]
    first: dict[tuple[Any, ...], int] = {}
    values = [table.texts(chosen.arm), *(list(map(value_of, table.texts(key))) for key in chosen.keys)]
    for row, key in enumerate(zip(*values, strict=True)):
        if key in first:
            named = ", ".join(f"{name} = {value}" for name, value in zip(keys, key, strict=True))
            told_apart = (
                f"if another column tells them apart, add --setting COLUMN ({', '.join(candidates[:8])})"
                if candidates
                else "no other column tells them apart; leave out the rows that do not count"
            )
            return f"{table.line(first[key])} and {table.line(row)} have the same {named}; {told_apart}"
        first[key] = row
    raise AssertionError("the rows are told apart")
