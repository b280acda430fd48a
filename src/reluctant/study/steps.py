"""A training that is measured in steps: how many evaluations it has, and after how many steps."""

from collections.abc import Mapping
from typing import Any

from reluctant.core.errors import StudyError

USUAL_EVALUATIONS, FEWEST_EVALUATIONS = 10, 5


def with_evaluations(content: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a study with `epochs` set to the number of evaluations, where it has `steps`.

    Raises:
        StudyError: Steps and epochs contradict each other, or the last evaluation would not be after the last step.
    """
    steps, every = _one(content.get("steps", 0)), content.get("evaluate_every", 0)
    if not _is_positive(steps):  # a fault of its type is named by the validation
        if _is_positive(every):
            raise StudyError("evaluate_every counts steps, and the study has none; give steps = 2000, or leave it out")
        return dict(content)
    if not _is_positive(every):
        if every not in (0, None):
            return dict(content)
        few = min(steps, FEWEST_EVALUATIONS)
        evaluations = next((n for n in range(USUAL_EVALUATIONS, few - 1, -1) if steps % n == 0), 0)
        if not evaluations:
            near = round(steps / USUAL_EVALUATIONS) * USUAL_EVALUATIONS
            raise StudyError(
                f"steps = {steps} cannot be divided into {FEWEST_EVALUATIONS} to {USUAL_EVALUATIONS} equal parts with "
                f"an evaluation after each; write steps = {near}, or give evaluate_every"
            )
        every = steps // evaluations
    every = min(every, steps)
    if steps % every:
        near = max(1, round(steps / every)) * every
        raise StudyError(
            f"steps = {steps} is no multiple of evaluate_every = {every}, and the last evaluation is after the last "
            f"step; write steps = {near}, or another evaluate_every"
        )
    epochs = _one(content.get("epochs", steps // every))
    if epochs != steps // every:
        raise StudyError("steps and epochs are both given; a training is measured in one of them, so leave one out")
    return {**content, "steps": steps, "evaluate_every": every, "epochs": epochs}


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
