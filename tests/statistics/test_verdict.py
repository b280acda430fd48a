"""Verdicts: their order, their reasons, and equivalence against statsmodels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.weightstats import ttost_paired

from reluctant.statistics import Decision, Difference, Verdict, decide, paired
from reluctant.statistics.distributions import Floats
from reluctant.statistics.verdict import same_or_different

SEEDS = np.array([0.0, 1.0, -1.0, 0.5, -0.5])  # mean 0, standard deviation √0.625 = 0.79


def around(mean: float, spread: float = 1.0) -> Difference:
    return paired(mean + spread * SEEDS, np.zeros(5))


def verdict(difference: Difference, **changes: object) -> Verdict:
    rules: dict[str, object] = {"margin": 1.0, "higher": True, "comparisons": 1} | changes
    return decide(difference, **rules).verdict  # type: ignore[arg-type]


@settings(max_examples=150)
@given(arrays(float, st.integers(3, 12), elements=st.floats(-1, 1)), st.floats(0.05, 3), st.integers(1, 9))
def test_the_same_is_two_one_sided_tests(data: Floats, margin: float, comparisons: int) -> None:
    assume(data.std() > 1e-6)
    larger = ttost_paired(data, np.zeros_like(data), -margin, margin)[0]
    level = 0.025 / comparisons
    assume(abs(larger - level) > 1e-9)
    difference = paired(data, np.zeros_like(data), comparisons=comparisons)
    answer = verdict(difference, margin=margin, comparisons=comparisons)
    assert (answer is Verdict.SAME) == (larger < level)


@pytest.mark.parametrize(
    ("mean", "margin", "higher", "expected"),
    [
        (0.0, 1.0, True, Verdict.SAME),  # half width 0.98
        (0.0, 0.97, True, Verdict.UNDECIDED),
        (0.9, 0.5, True, Verdict.UNDECIDED),
        (1.0, 0.5, True, Verdict.BETTER),
        (1.0, 0.5, False, Verdict.WORSE),
        (-1.0, 0.5, True, Verdict.WORSE),
        (-1.0, 0.5, False, Verdict.BETTER),
        (1.0, 2.0, True, Verdict.SAME),  # surely above 0, and surely of no consequence
        (1.0, 0.0, True, Verdict.BETTER),
        (0.0, 0.0, True, Verdict.UNDECIDED),
    ],
)
def test_a_verdict(mean: float, margin: float, higher: bool, expected: Verdict) -> None:
    assert verdict(around(mean), margin=margin, higher=higher) is expected


def test_what_is_decided_together_needs_more() -> None:
    one = around(1.2)
    assert one.p == pytest.approx(0.0275, abs=0.001)
    assert verdict(one) is Verdict.BETTER
    three = paired(1.2 + SEEDS, np.zeros(5), comparisons=3)
    assert three.p == one.p
    assert three.corrected == pytest.approx(3 * (one.p or 0))
    assert verdict(three, comparisons=3) is Verdict.UNDECIDED
    assert verdict(paired(0.5 * SEEDS, np.zeros(5)), margin=0.6) is Verdict.SAME
    assert verdict(paired(0.5 * SEEDS, np.zeros(5), comparisons=3), margin=0.6, comparisons=3) is Verdict.UNDECIDED


def test_seeds_that_contradict_the_first_ones_give_no_verdict() -> None:
    """What was decided early is not kept against all later seeds, and not turned into its opposite either."""
    rng = np.random.default_rng(0)
    values = np.concatenate([5 + 0.1 * rng.standard_normal(10), -5 + 0.1 * rng.standard_normal(60)])
    decision = decide(paired(values, np.zeros(70), sequential=True), margin=0.1, higher=True, comparisons=1)
    assert (decision.verdict, decision.reason) == (Verdict.NONE, "the last seeds contradict the first ones")


class TestReasons:
    @pytest.mark.parametrize(
        ("difference", "reason"),
        [
            (paired([], []), "no seed has two finished runs"),
            (paired([1.0], [0.0]), "one seed has no spread"),
            (paired([1.0, 2.0], [0.0, 1.5]), "two seeds are too few"),
            (paired([1.0, 2.0, 4.0], [0.0, 1.0, 3.0]), "all 3 differences are the same number, so there is no spread"),
        ],
    )
    def test_no_verdict(self, difference: Difference, reason: str) -> None:
        assert decide(difference, margin=1, higher=True, comparisons=1) == Decision(Verdict.NONE, None, reason)

    def test_of_the_same_names_the_margin(self) -> None:
        decision = decide(around(0.0, 0.001), margin=0.002, higher=True, comparisons=3)
        assert decision == Decision(Verdict.SAME, None, "the interval lies inside the margin ±0.002")

    @pytest.mark.parametrize(("corrected", "reason"), [(0.012, "p = 0.012"), (1e-9, "p < 0.0001")])
    def test_of_better_names_p(self, corrected: float, reason: str) -> None:
        difference = replace(around(3.0), corrected=corrected)
        assert decide(difference, margin=1, higher=True, comparisons=3) == Decision(Verdict.BETTER, None, reason)

    def test_undecided_says_how_many_more(self) -> None:
        decision = decide(around(0.5), margin=1, higher=True, comparisons=1)
        assert decision.verdict is Verdict.UNDECIDED
        assert decision.more_seeds is not None
        assert 1 <= decision.more_seeds[0] < decision.more_seeds[1] <= 100
        assert decision.reason == "the interval includes 0 and is not inside the margin ±1"

    def test_undecided_and_not_worth_it(self) -> None:
        decision = decide(around(0.5), margin=0.1, higher=True, comparisons=1)
        assert decision.more_seeds is None
        assert decision.reason.endswith("more than 105 seeds would be needed, which is not worth it")

    def test_undecided_on_few_seeds_names_no_number(self) -> None:
        decision = decide(paired(0.5 + SEEDS[:3], np.zeros(3)), margin=0.01, higher=True, comparisons=1)
        assert decision.more_seeds is None
        assert decision.reason.endswith("these are too few seeds to say how many would decide; train 5 first")

    def test_undecided_without_a_margin(self) -> None:
        decision = decide(around(0.5), margin=0, higher=True, comparisons=2)
        assert decision.more_seeds is None
        assert decision.reason == "the interval includes 0, and with a margin of 0 nothing is 'the same'"


@pytest.mark.parametrize(
    ("mean", "spread", "expected"),
    [(0.0, 0.1, Verdict.NONE), (3.0, 0.1, Verdict.NONE), (-3.0, 0.1, Verdict.WORSE), (0.0, 3.0, Verdict.NONE)],
)
def test_an_arm_with_lost_runs_can_only_be_worse(mean: float, spread: float, expected: Verdict) -> None:
    decision = decide(around(mean, spread), margin=1, higher=True, comparisons=1, lost="1 of 6 runs diverged")
    assert decision.verdict is expected
    if expected is Verdict.NONE:
        typical = {0.1: {0.0: "the same", 3.0: "better"}, 3.0: {0.0: "undecided"}}[spread][mean]
        assert decision.reason == f"1 of 6 runs diverged; its other runs are {typical}"


def test_identical_runs_are_the_same_and_coarse_ones_need_no_luck() -> None:
    loss = np.array([0.31, 0.29, 0.3])
    assert verdict(paired(loss, loss), margin=0.005) is Verdict.SAME
    assert verdict(paired(loss, loss), margin=0) is Verdict.UNDECIDED
    images = np.array([341, 345, 350]) / 360
    assert verdict(paired(images, images, resolution=1 / 360), margin=0.002) is Verdict.UNDECIDED


def test_two_seeds_have_no_verdict() -> None:
    assert verdict(paired([1.0, 1.001], [0.0, 0.0]), margin=0.01) is Verdict.NONE
    assert verdict(paired([1.0, 1.001, 1.002], [0.0, 0.0, 0.0]), margin=0.01) is Verdict.BETTER


def test_a_verdict_is_a_text() -> None:
    assert [str(each) for each in Verdict] == ["better", "worse", "the same", "undecided", "no verdict"]


def test_many_at_once_are_judged_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(rng.normal(0, 1, (200, 1)), 0.5, (200, 5))
    each = [paired(row, np.zeros(5)) for row in draws]
    ends = np.array([d.decides for d in each], float)
    same, different = same_or_different(ends[:, 0], ends[:, 1], 1.0)
    expected = [verdict(d) for d in each]
    assert [v is Verdict.SAME for v in expected] == same.tolist()
    assert [v in (Verdict.BETTER, Verdict.WORSE) for v in expected] == different.tolist()
