"""The values chosen per arm (`choose = "lr"`), for every seed by the validation scores of the seeds before it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reluctant.analysis.question import Question
from reluctant.scores import Scores, Seed

TUNING = 2  # seeds that a choice needs at least: the first ones of a study only choose


@dataclass(frozen=True)
class Selected:
    """The value that all seeds together choose for an arm; `at_edge`: it is the first or last of the list."""

    arm: str
    axis: str
    value: Any
    at_edge: bool


def select_values(
    scores: Scores, question: Question
) -> Iterator[tuple[Mapping[str, Any], tuple[Selected, ...], Scores]]:
    """For each setting of the other axes: the value that every arm would be given, and the runs that are compared.

    The score of a seed is that of the value that the seeds before it chose by their mean validation score. So no score
    had a part in its own choice, and the differences hold for an arm that is tuned (Dawid 1984: prequential).
    Choosing by all seeds favours arms with more values; leaving out one seed at a time makes differences depend on each
    other: 10 to 22 % false differences in place of 5 (docs/statistics.md).
    """
    axis = question.choose
    if axis is None:
        return
    settings = {tuple((k, v) for k, v in s.items() if k != axis): None for s in scores.settings}
    for pairs in settings:
        setting = dict(pairs)
        by_value = {s[axis]: scores.at(s) for s in scores.settings if setting.items() <= s.items()}
        selected, chosen = [], set()
        for arm in scores.arms:
            values = sorted(by_value)
            best = _best(by_value, arm, len(scores.seeds), question)
            if best is None:
                continue
            selected.append(Selected(arm, axis, best, best in (values[0], values[-1])))
            for position in range(TUNING, len(scores.seeds)):
                value = _best(by_value, arm, position, question)
                chosen.add((arm, scores.seeds[position], value))
        if selected:
            yield setting, tuple(selected), _only(scores.at(setting), chosen, axis)


def _best(by_value: Mapping[Any, Scores], arm: str, seeds: int, question: Question) -> Any:
    """The value with the best mean validation score of the first seeds; None where each diverged or is missing."""
    name, sign, means = question.metric.name, 1 if question.metric.higher else -1, {}
    for value in sorted(by_value):
        validation = by_value[value].values(name, arm, "valid", question.at)[:seeds]
        if len(validation) and np.isfinite(validation).all():
            means[value] = sign * float(validation.mean())
    return max(means, key=lambda value: means[value], default=None)


def _only(scores: Scores, chosen: set[tuple[str, Seed, Any]], axis: str) -> Scores:
    return scores.only(lambda run: (run.arm, run.seed, run.value(axis)) in chosen)
