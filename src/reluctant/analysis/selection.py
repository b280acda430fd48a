"""Where a study chooses a value per arm (`choose = "lr"`): the one that is best on validation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reluctant.analysis.question import Question
from reluctant.scores import Scores


@dataclass(frozen=True)
class Selected:
    """The value chosen for an arm; `at_edge` says that it is the first or last of the list."""

    arm: str
    axis: str
    value: Any
    at_edge: bool


def select_values(
    scores: Scores, question: Question
) -> Iterator[tuple[Mapping[str, Any], tuple[Selected, ...], Scores]]:
    """For each setting of the other axes: the value of every arm, by mean validation score, and its runs."""
    axis = question.choose
    if axis is None:
        return
    settings = {tuple((k, v) for k, v in s.items() if k != axis): None for s in scores.settings}
    for pairs in settings:
        setting = dict(pairs)
        by_value = {s[axis]: scores.at(s) for s in scores.settings if setting.items() <= s.items()}
        selected = tuple(
            each for arm in scores.arms if (each := _best(by_value, arm, axis, question)) is not None
        )
        if selected:
            chosen = {(each.arm, each.value) for each in selected}
            yield setting, selected, scores.at(setting).only(chosen, axis)


def _best(by_value: Mapping[Any, Scores], arm: str, axis: str, question: Question) -> Selected | None:
    """A value at which a run diverged is not chosen."""
    values, name, sign = sorted(by_value), question.metric.name, 1 if question.metric.higher else -1
    means = {}
    for value in values:
        scores = by_value[value].values(name, arm, "valid", question.at)
        if len(scores) and np.isfinite(scores).all():
            means[value] = sign * float(scores.mean())
    if not means:
        return None
    best = max(means, key=lambda value: means[value])
    return Selected(arm, axis, best, best in (values[0], values[-1]))
