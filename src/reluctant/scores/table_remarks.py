"""What a reader of verdicts on reported scores should know: lost runs, missing pairs, other differences, copies."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from reluctant.catalogue.reported import doubtful_unit, looks_like_a_score, name_words
from reluctant.scores.scores import ScoredRun, Scores
from reluctant.scores.table_file import Column, RunTable
from reluctant.scores.table_keys import Columns

LISTED = 4  # of arms, seeds or columns that a sentence names
LABELS = frozenset(("name", "label", "method", "title", "display", "legend"))  # words of columns that only name an arm
MOST_VALUES = 12  # of a column that may be a configuration


def remarks(table: RunTable, columns: Columns, scores: Scores, cells: Mapping[str, Column]) -> tuple[str, ...]:
    """A sentence, without full stop, for each thing that a reader may not expect."""
    decides = next(iter(scores.metrics.values()))
    return tuple(filter(None, (
        _lost(scores, columns),
        *(_missing(scores) if columns.seed else ()),
        *same_for_all_seeds(scores),
        *same_arms(scores),
        other_ends(scores),
        doubtful_unit(decides, cells[decides.name].values),
        _differing(table, columns),
        _mixed(table, columns),
    )))  # fmt: skip


def _lost(scores: Scores, columns: Columns) -> str:
    """Which runs have no score at their end."""
    word = "seed" if columns.seed else "run"
    lost = [f"{run.arm}, {word} {run.seed}" for run in scores.runs if run.diverged is not None]
    if not lost:
        return ""
    return (
        f"{len(lost)} of {len(scores.runs)} runs: no number as the last score ({_listed(lost)}), so they count as "
        f"diverged; leave out the rows of runs that never ended"
    )


def _missing(scores: Scores) -> list[str]:
    """Which seeds an arm lacks, at any setting."""
    sentences = []
    for setting in scores.settings:
        there = scores.at(setting)
        seeds = {run.seed for run in there.runs}
        for arm in scores.arms:
            runs = {run.seed for run in there.of(arm)}
            lacking = [str(seed) for seed in scores.seeds if seed in seeds and seed not in runs]
            if lacking and runs:
                where = "".join(f", {axis} = {value}" for axis, value in setting.items())
                sentences.append(f"only shared seeds are compared: {arm} has no run for seed {_listed(lacking)}{where}")
    if len(sentences) <= LISTED:
        return sentences
    return [f"only shared seeds are compared: arms lack some seeds ({len(sentences)} times)"]


def same_for_all_seeds(scores: Scores) -> list[str]:
    """Which arms have one and the same score under every seed, to the last digit: these runs are copies."""
    name, sentences = next(iter(scores.metrics)), []
    for setting in map(scores.at, scores.settings):
        for arm in scores.arms:
            curves = [run.curve(name) for run in setting.finished(arm)]
            # 1.0 or 0.93 may be equal by chance
            fine = [c for c in curves if len(c) and not float(c[-1] * 100).is_integer()]
            if len(fine) == len(curves) >= 3 and all(np.array_equal(c, curves[0]) for c in curves):
                sentences.append(f"under all {len(curves)} seeds {arm} has the same {name}: its training ignores them")
    return sentences


def same_arms(scores: Scores) -> list[str]:
    """Which arms have the same scores, to the last digit, wherever both have a run."""
    name = next(iter(scores.metrics))
    runs: dict[str, dict[object, ScoredRun]] = {arm: {} for arm in scores.arms}
    for run in scores.runs:
        runs[run.arm][run.seed, *(run.value(axis) for axis in scores.axes)] = run
    sentences = []
    for one, other in itertools.combinations(scores.arms, 2) if len(scores.arms) <= MOST_VALUES else ():
        shared = [(runs[one][key].curve(name), runs[other][key].curve(name)) for key in runs[one] if key in runs[other]]
        if len(shared) >= 3 and all(len(a) and np.array_equal(a, b) for a, b in shared):
            sentences.append(f"{one} and {other} have the same {name} in all {len(shared)} runs: are they the same?")
    return sentences


def other_ends(scores: Scores) -> str:
    """That runs end at different epochs, so that some may have trained less; empty where all end alike."""
    ends: dict[str, set[int]] = {}
    for run in scores.runs:
        numbers = run.numbers_of(next(iter(scores.metrics)))
        if len(numbers) and run.diverged is None:
            ends.setdefault(run.arm, set()).add(int(numbers[-1]))
    every = set().union(*ends.values()) if ends else set()
    if len(every) < 2:
        return ""
    listed = [f"{arm} {min(e)}" + (f" to {max(e)}" if len(e) > 1 else "") for arm, e in ends.items()]
    return f"runs end at different epochs ({_listed(listed)}), and their last scores are compared"


def _differing(table: RunTable, columns: Columns) -> str:
    """Which other columns differ between the arms: a verdict is about these too."""
    arms = table.texts(columns.arm)
    used = {columns.arm, *columns.keys, *columns.scores}
    if len(set(arms)) == len(arms):
        return ""  # one row per arm: every column would differ
    differing = []
    for name in table.columns:
        if name in used or looks_like_a_score(name) or set(name_words(name)) & LABELS:
            continue
        texts = table.texts(name)
        by_arm: dict[str, set[str]] = {}
        for arm, text in zip(arms, texts, strict=True):
            by_arm.setdefault(arm, set()).add(text)
        constant = all(len(values) == 1 for values in by_arm.values())
        apart = len(set(map(frozenset, by_arm.values()))) > 1
        configured = 1 < len(set(texts)) <= MOST_VALUES and len(set(texts)) <= len(texts) / 2
        if apart and (constant or (configured and columns.seed and _differs_in_pairs(table, columns, name))):
            differing.append(name)
    if not differing:
        return ""
    return f"the arms differ in {_listed(differing)} as well, so a verdict is about all of these together"


def _differs_in_pairs(table: RunTable, columns: Columns, name: str) -> bool:
    """Whether a column differs within at least half of the groups of rows that are compared."""
    keys = [table.texts(key) for key in columns.keys]
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, *key in zip(table.texts(name), *keys, strict=True):
        groups.setdefault(tuple(key), []).append(text)
    several = [texts for texts in groups.values() if len(texts) > 1]
    return bool(several) and 2 * sum(len(set(texts)) > 1 for texts in several) >= len(several)


def _mixed(table: RunTable, columns: Columns) -> str:
    """Which columns vary among the runs of one arm where nothing pairs them: they may be settings."""
    if columns.seed is not None:
        return ""
    arms, used, mixed = table.texts(columns.arm), {columns.arm, *columns.keys, *columns.scores}, []
    for name in table.columns:
        texts = table.texts(name)
        values = set(texts)
        if name in used or looks_like_a_score(name) or not 1 < len(values) <= min(MOST_VALUES, len(texts) / 2):
            continue
        if all(len({arm for arm, text in zip(arms, texts, strict=True) if text == value}) > 1 for value in values):
            mixed.append(name)
    return f"runs of one arm differ in {_listed(mixed)}; --setting compares each value by itself" if mixed else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
