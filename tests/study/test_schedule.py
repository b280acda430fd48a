"""The learning rate of every step, against formulas by hand; what cannot be a schedule is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.catalogue import SCHEDULES
from reluctant.core.errors import StudyError
from reluctant.study import Run, Study
from reluctant.study.schedule import last_rate, rate

BATCHES = 5


def rates(schedule: str, epochs: int = 4, lr: float = 0.1) -> list[float]:
    """The rate of every step of a training, five steps an epoch."""
    run = Run("relu", lr=lr, epochs=epochs, schedule=schedule)
    return [rate(run, epoch, batch, BATCHES) for epoch in range(1, epochs + 1) for batch in range(BATCHES)]


def test_a_constant_rate_is_the_run_s_own_number() -> None:
    run = Run("relu", lr=1)
    assert rate(run, 3, 2, BATCHES) is run.lr
    assert set(rates("constant")) == {0.1}


def test_cosine_falls_along_half_a_cosine() -> None:
    steps = rates("cosine")
    assert steps[0] == 0.1
    assert steps[10] == pytest.approx(0.05)
    assert steps[-1] == pytest.approx(0.1 * (1 + math.cos(math.pi * 19 / 20)) / 2)
    assert steps[5] == pytest.approx(0.1 * (1 + math.sqrt(0.5)) / 2)


def test_cosine_ends_at_its_least_share() -> None:
    steps = rates("cosine(least=0.2)")
    assert steps[10] == pytest.approx(0.1 * 0.6)
    assert steps[-1] == pytest.approx(0.1 * (0.2 + 0.8 * (1 + math.cos(math.pi * 19 / 20)) / 2))


def test_a_warm_up_climbs_evenly_and_loses_no_step() -> None:
    steps = rates("cosine(warmup=1)")
    assert steps[:6] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.1])
    assert steps[6] == pytest.approx(0.1 * (1 + math.cos(math.pi / 15)) / 2)


def test_a_warm_up_of_part_of_an_epoch() -> None:
    assert rates("linear(warmup=0.5)")[:4] == pytest.approx([0.04, 0.08, 0.1, 0.1 * (1 - 0.5 / 17.5)])


def test_linear_falls_evenly() -> None:
    assert rates("linear", 2) == pytest.approx([0.1 * (10 - step) / 10 for step in range(10)])


def test_steps_drop_after_every_so_many_epochs() -> None:
    steps = rates("step(every=2, factor=0.5)", 6)
    assert steps[::5] == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025, 0.025])
    assert rates("step(every=1, warmup=2)")[:11] == pytest.approx(
        [*(0.01 * step for step in range(1, 6)), *(0.001 * step for step in range(6, 11)), 0.001]
    )


def test_a_record_holds_the_rate_of_an_epoch_s_last_step() -> None:
    run = Run("relu", lr=0.1, epochs=4, schedule="linear")
    assert last_rate(run, 2, BATCHES) == rates("linear")[9]


@given(st.sampled_from([row.name for row in SCHEDULES]), st.integers(1, 30), st.integers(1, 30), st.floats(0, 29))
def test_no_rate_is_negative_or_above_the_run_s(head: str, epochs: int, batches: int, warmup: float) -> None:
    schedule = head if head == "constant" else f"{head}(warmup={warmup})"
    run = Run("relu", lr=0.3, epochs=epochs, schedule=schedule)
    for epoch in (1, epochs):
        for batch in range(batches):
            assert 0 < rate(run, epoch, batch, batches) <= 0.3


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"schedule": "cosin"}, "schedule: no schedule is called 'cosin'; did you mean 'cosine'"),
        ({"schedule": "cosine(least=1)"}, "schedule: cosine: least must be at least 0 and below 1, not 1"),
        ({"schedule": "step(every=1.5)"}, "schedule: step: every must be a whole number, not 1.5"),
        ({"schedule": "my_lab:mine"}, "a user-defined schedule is not possible"),
        ({"schedule": "linear(warmup=3)", "epochs": [9, 3]}, r"linear\(warmup=3\) warms up for 3 of 3 epochs"),
    ],
)
def test_what_is_no_schedule_is_refused(keys: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        Study(activation="relu", **keys)
