"""What the columns of a table of runs mean: as a user says, else guessed where only one meaning is possible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reluctant.catalogue.reported import direction, looks_like_a_score, split_of, without_prefix
from reluctant.core.display import did_you_mean, normalised
from reluctant.core.errors import StudyError
from reluctant.scores.table_file import RunTable

ARM_NAMES = ("activation", "act", "act_fn", "activation_function", "activation_fn", "nonlinearity", "arm", "condition",
             "method", "variant", "treatment", "optimizer", "optim", "algorithm", "algo", "group")  # fmt: skip
SEED_NAMES = ("seed", "random_seed", "rng_seed", "manual_seed", "global_seed", "random_state", "replicate", "repeat",
              "rep", "fold")  # fmt: skip
EPOCH_NAMES = ("epoch", "epochs_trained", "step", "global_step", "iteration", "iter", "_step")
STATES = ("state", "status")
FINISHED = frozenset(("finished", "complete", "completed", "done", "success", "ok", "terminated", ""))
MOST_VALUES = 1000  # of a column that may be a setting


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what they mean; `notes` say what was guessed."""

    arm: str
    scores: tuple[str, ...]
    seed: str | None  # None: runs of different arms are not paired
    settings: tuple[str, ...] = ()
    epoch: str | None = None
    split: str | None = None
    control: str | None = None  # marks runs of the baseline under other seeds, as our export has it
    items: str | None = None
    notes: tuple[str, ...] = ()


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
    names, notes = table.columns, []
    chosen = Columns(
        "", tuple(column_of(each, names, "--score") for each in scores),
        None if seed is None else column_of(seed, names, "--seed"),
        tuple(column_of(each, names, "--setting") for each in settings),
        None if epoch is None else column_of(epoch, names, "--epoch"),
        _by_name(("split",), names), _by_name(("control",), names), _by_name(("items",), names),
    )  # fmt: skip
    if chosen.split is not None and not set(table.texts(chosen.split)) <= {"train", "valid", "test"}:
        chosen = replace(chosen, split=None)
    if seed is None and paired:
        if name := _by_name(SEED_NAMES, names):
            chosen = replace(chosen, seed=name)
            notes.append(f"seed: {name}")
        else:
            notes.append(
                "no column of seeds, so runs are not paired (--seed COLUMN pairs runs of all arms; verdicts then need "
                "fewer runs)"
            )
    if not paired:
        chosen = replace(chosen, seed=None)
    if epoch is None and (name := _by_name(EPOCH_NAMES, names)):
        chosen = replace(chosen, epoch=name)
    chosen = replace(chosen, arm=_arm_column(table, arm, chosen, notes))
    if not scores:
        chosen = replace(chosen, scores=(_score_column(table, chosen),))
        notes.append(f"score: {chosen.scores[0]}")
    return _with_settings(table, chosen, notes, guess_epoch=epoch is None)


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


def _by_name(words: Iterable[str], columns: Sequence[str]) -> str | None:
    """The first column with one of these names, whatever a tracker writes before it."""
    plain = {normalised(without_prefix(column)): column for column in reversed(columns)}
    return next((plain[normalised(word)] for word in words if normalised(word) in plain), None)


def _arm_column(table: RunTable, arm: str | None, chosen: Columns, notes: list[str]) -> str:
    if arm is not None:
        return column_of(arm, table.columns, "--arm")
    used = {*chosen.scores, *chosen.settings, chosen.seed, chosen.epoch}
    named = [name for word in ARM_NAMES if (name := _by_name((word,), table.columns)) and name not in used]
    usable = [name for name in dict.fromkeys(named) if 1 < len(set(table.texts(name))) < len(table.cells)]
    usable = usable or list(dict.fromkeys(named))  # one arm, or one run of each
    apart = [name for name in usable if _tells_apart(table, [name, *_keys(chosen)])]
    partitions = {tuple(map(table.texts(name).index, table.texts(name))): name for name in reversed(apart or usable)}
    if len(partitions) == 1:
        notes.append(f"arms: {(name := next(iter(partitions.values())))}")
        return name
    if usable:
        raise StudyError(f"the arms may be {' or '.join(usable)}; say which: --arm {usable[0]}")
    raise StudyError(
        f"which column names what is compared? Add --arm COLUMN; there are {', '.join(table.columns[:20])}"
    )


def _keys(chosen: Columns) -> list[str]:
    return [c for c in (chosen.seed, chosen.epoch, chosen.split, chosen.control, *chosen.settings) if c is not None]


def _tells_apart(table: RunTable, columns: Sequence[str]) -> bool:
    """Whether no two rows have the same texts in these columns."""
    return len(set(zip(*map(table.texts, columns), strict=True))) == len(table.cells)


def _score_column(table: RunTable, chosen: Columns) -> str:
    """The only column that can be the score; `StudyError` where there are several or none."""
    used = {chosen.arm, *_keys(chosen)}
    metrics = [name for name in table.columns if name not in used and looks_like_a_score(name)]
    test = [name for name in metrics if split_of(name) == "test"]
    candidates = test or [name for name in metrics if split_of(name) != "train"]
    if len(candidates) == 1:
        return candidates[0]
    candidates.sort(key=lambda name: not direction(name))  # a loss may depend on what is compared
    known = candidates or [name for name in table.columns if name not in used]
    which = f"it may be {', '.join(known[:8])}" if candidates else f"there are {', '.join(known[:12])}"
    raise StudyError(f"which column is the score? Add --score {known[0] if known else 'COLUMN'}; {which}")


def _with_settings(table: RunTable, chosen: Columns, notes: list[str], *, guess_epoch: bool) -> Columns:
    """The columns with the settings that tell apart runs of one arm and seed; an epoch that is none is dropped."""
    if chosen.epoch is not None and guess_epoch:
        others = [each for each in _keys(chosen) if each != chosen.epoch]
        needed = not _tells_apart(table, [chosen.arm, *others])
        enough = _tells_apart(table, [chosen.arm, *others, chosen.epoch])
        if chosen.seed is not None and not (needed and enough):
            chosen = replace(chosen, epoch=None)  # one row per run: the epochs it took
        else:
            notes.append(f"epoch: {chosen.epoch}")
    if chosen.seed is None or _tells_apart(table, [chosen.arm, *_keys(chosen)]):
        return replace(chosen, notes=tuple(notes))
    used = {chosen.arm, *_keys(chosen), *chosen.scores}
    varying = [
        name
        for name in table.columns
        if name not in used and not looks_like_a_score(name) and 1 < len(set(table.texts(name))) <= MOST_VALUES
    ]
    alone = [
        name
        for name in varying
        if _tells_apart(table, [chosen.arm, *_keys(chosen), name]) and _is_crossed(table, chosen.arm, name)
    ]
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
    keys = [chosen.arm, *_keys(chosen)]
    first: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(zip(*map(table.texts, keys), strict=True)):
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
