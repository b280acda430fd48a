"""Studies that are measured in steps: how many evaluations they have, and what contradicts."""

import tomllib
from typing import Any

import pytest

from reluctant.core.errors import StudyError
from reluctant.study import Run, Study
from reluctant.study.schedule import rate


def study(**keys: Any) -> Study:
    return Study(activation="relu", **keys)


@pytest.mark.parametrize(
    ("keys", "evaluations"),
    [
        ({"steps": 2000, "evaluate_every": 250}, 8), ({"steps": 2000}, 10), ({"steps": 7}, 7), ({"steps": 3}, 3),
        ({"steps": 11, "evaluate_every": 11}, 1),
        ({"steps": 100, "evaluate_every": 250}, 1), ({"steps": [40], "evaluate_every": 20, "epochs": 2}, 2),
    ],
)  # fmt: skip
def test_evaluations(keys: dict[str, Any], evaluations: int) -> None:
    one = study(**keys)
    (run,) = study(**keys, seed=0).runs()
    assert (run.epochs, run.steps) == (evaluations, one.steps[0])
    assert one.evaluate_every * evaluations == run.steps
    assert Study(**tomllib.loads(one.to_toml())) == one


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"steps": 100, "evaluate_every": 30}, "no multiple of evaluate_every = 30.*write steps = 90"),
        ({"steps": 100, "epochs": 3}, "steps and epochs are both given"),
        ({"steps": 1009}, "cannot be divided into 5 to 10 equal parts.*write steps = 1010"),
        ({"steps": 100, "schedule": "step(every=100)"}, "drops for the first time after 100 of 100 steps"),
        ({"evaluate_every": 10}, "evaluate_every counts steps, and the study has none"),
        ({"steps": [100, 200]}, "steps"),
        ({"steps": -1}, "steps"),
        ({"steps": 100, "schedule": "cosine(warmup=100)"}, "warms up for 100 of 100 steps"),
    ],
)
def test_contradictions(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        study(**keys)


def test_a_warm_up_counts_steps() -> None:
    run = Run("relu", lr=1.0, schedule="linear(warmup=10)", steps=100, epochs=4, accumulate=2)
    batches = 50  # between two evaluations: 25 steps of two batches
    assert rate(run, 1, 0, batches) == pytest.approx(1 / 20)
    assert rate(run, 1, 19, batches) == 1.0
    assert rate(run, 4, 49, batches) == pytest.approx(1 - 179 / 180)


def test_a_run_in_epochs_keeps_its_key() -> None:
    assert Run("relu").canonical() == {"activation": "relu"}
    assert "steps" in Run("relu", steps=5).canonical()
