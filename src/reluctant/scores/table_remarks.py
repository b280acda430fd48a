"""What a reader of verdicts on somebody's table should know about it: lost runs, missing pairs, other differences."""

from collections.abc import Sequence

import numpy as np

from reluctant.catalogue.reported import looks_like_a_score
from reluctant.scores.scores import Scores
from reluctant.scores.table_columns import Columns
from reluctant.scores.table_file import RunTable

LISTED = 4  # of arms, seeds or columns that a sentence names


def remarks(table: RunTable, columns: Columns, scores: Scores, rows: Sequence[int]) -> tuple[str, ...]:
    """A sentence, without full stop, for each thing that a reader may not expect."""
    return tuple(filter(None, (
        _lost(scores, columns),
        *(_missing(scores) if columns.seed else ()),
        *same_for_all_seeds(scores),
        _confounded(table, columns, rows),
    )))  # fmt: skip


def _lost(scores: Scores, columns: Columns) -> str:
    """Which runs have no score at their end."""
    lost = [
        f"{run.arm}, {'seed ' if columns.seed else 'run '}{run.seed}" for run in scores.runs if run.diverged is not None
    ]
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
    return (
        sentences
        if len(sentences) <= LISTED
        else [f"arms lack some seeds ({len(sentences)} times); only shared ones are compared"]
    )


def same_for_all_seeds(scores: Scores) -> list[str]:
    """Which arms have one and the same score under every seed, to the last digit: these runs are copies."""
    sentences = []
    for setting in map(scores.at, scores.settings):
        for arm in scores.arms:
            runs = setting.finished(arm)
            for name in list(scores.metrics)[:1]:
                curves = [run.curve(name) for run in runs]
                fine = [
                    c for c in curves if len(c) and not float(c[-1] * 100).is_integer()
                ]  # 1.0 or 0.93 may be equal by chance
                if len(fine) == len(curves) >= 3 and all(np.array_equal(c, curves[0]) for c in curves):
                    sentences.append(
                        f"under all {len(curves)} seeds {arm} has the same {name}: its training seems to ignore them"
                    )
    return sentences


def _confounded(table: RunTable, columns: Columns, rows: Sequence[int]) -> str:
    """Which other columns differ between arms and not within them: a verdict is about these too."""
    arms = table.texts(columns.arm)
    used = {
        columns.arm,
        columns.seed,
        columns.epoch,
        columns.split,
        columns.control,
        *columns.scores,
        *columns.settings,
    }
    differing = []
    if len({arms[row] for row in rows}) == len(rows):
        return ""  # one row per arm: every column would differ
    for name in table.columns:
        if name in used or looks_like_a_score(name):
            continue
        texts = table.texts(name)
        values: dict[str, str] = {}
        if len(set(texts)) == len(set(arms)) and not any(text[:1].isdecimal() for text in texts):
            continue  # another name for each arm
        if (
            all(values.setdefault(arms[row], texts[row]) == texts[row] for row in rows)
            and len(set(values.values())) > 1
        ):
            differing.append(name)
    if not differing:
        return ""
    return f"the arms differ in {_listed(differing)} as well, so a verdict is about all of these together"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
