"""Runs that collapse, and the rate that clean runs do not exclude."""

import numpy as np
import pytest
from scipy import stats as reference

from reluctant.statistics import collapsed_runs, largest_rate

RNG = np.random.default_rng(0)


def marked(*arms: list[float], **options: object) -> list[list[bool]]:
    rules: dict[str, object] = {"higher": True, "margin": 0.01, **options}
    return [each.tolist() for each in collapsed_runs([np.array(a) for a in arms], **rules)]  # type: ignore[arg-type]


def test_a_run_far_below_its_arm_is_marked() -> None:
    arms = [0.90, 0.91, 0.92, 0.10, 0.91], [0.93, 0.92, 0.93, 0.94, 0.93]
    assert marked(*arms) == [[False, False, False, True, False], [False] * 5]
    losses = [[1 - x for x in arm] for arm in arms]
    assert marked(*losses, higher=False) == marked(*arms)
    assert marked(*losses, higher=True) == [[False] * 5, [False] * 5]  # far better is no collapse


def test_the_median_of_an_arm_is_its_own() -> None:
    assert marked([0.1, 0.1, 0.1], [0.9, 0.91, 0.9]) == [[False] * 3, [False] * 3]
    assert not any(map(any, marked([0.1, 0.1, 0.9, 0.9], [0.9, 0.91, 0.9, 0.92])))  # half of the runs: what it does


def test_margins_and_steps_of_the_score_are_never_far() -> None:
    close = [0.900, 0.9001, 0.9002, 0.88, 0.9001]
    assert marked(close, margin=0.001) == [[False, False, False, True, False]]
    assert marked(close, margin=0.005) == [[False] * 5]
    assert marked(close, margin=0.0, resolution=0.004) == [[False] * 5]
    assert marked([0.5, 0.5, 0.4], margin=0.0) == [[False] * 3]  # nothing to measure the distance by


def test_an_arm_that_varies_more_than_the_others_is_no_collapse() -> None:
    tight = [0.95, 0.952, 0.949, 0.951, 0.948]
    assert not any(map(any, marked(tight, tight[::-1], [0.93, 0.97, 0.95, 0.99, 0.91])))


def test_missing_and_diverged_runs_are_not_marked() -> None:
    assert marked([0.9, float("nan"), 0.91, 0.92, 0.1]) == [[False, False, False, False, True]]
    assert marked([float("nan")] * 3) == [[False] * 3]


def test_sound_normal_runs_are_hardly_ever_marked() -> None:
    studies = RNG.normal(0.9, 0.01, (1000, 3, 5))
    hits = [any(each.any() for each in collapsed_runs(list(study), higher=True, margin=0.003)) for study in studies]
    assert np.mean(hits) < 0.005


@pytest.mark.parametrize("n", [1, 5, 20])
def test_the_largest_rate_is_clopper_and_pearsons(n: int) -> None:
    assert largest_rate(n) == pytest.approx(reference.beta.ppf(0.95, 1, n))
    assert largest_rate(0) == 1
