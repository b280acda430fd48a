"""What is prepared before the time of a run begins to count."""

import pytest

import reluctant.training
from reluctant.engines import training_work
from reluctant.engines.training_work import TrainingWork
from reluctant.study import Run


def test_every_kind_of_run_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels compile for minutes with a cold cache; a run of two seconds has to fit a timeout of five."""
    prepared: list[Run] = []
    monkeypatch.setattr(training_work, "_prepared", set())
    monkeypatch.setattr(reluctant.training, "warm_up", lambda run, data, device: prepared.append(run))
    runs = [Run(activation, seed) for seed in (0, 1) for activation in ("relu", "gelu")]
    for run in runs:
        TrainingWork("folder").prepare(run)
    assert prepared == []  # nothing measures their time
    for run in runs:
        TrainingWork("folder", timed=True).prepare(run)
    assert prepared == runs[:2]
