"""Verdicts: their order, their reasons, and equivalence against statsmodels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.weightstats import ttost_paired

from reluctant.statistics import Decision, Difference, Verdict, decide, holm, paired
from reluctant.statistics.distributions import Floats
from reluctant.statistics.verdict import same_or_different

SEEDS = np.array([0.0, 1.0, -1.0, 0.5, -0.5])  # mean 0, standard deviation √0.625 = 0.79


def around(mean: float, spread: float = 1.0) -> Difference:
    return paired(mean + spread * SEEDS, np.zeros(5))


def verdict(difference: Difference, **changes: object) -> Verdict:
    rules: dict[str, object] = {"margin": 1.0, "higher": True, "comparisons": 1} | changes
    return decide(difference, **rules).verdict  # type: ignore[arg-type]


@settings(max_examples=150)
@given(arrays(float, st.integers(2, 12), elements=st.floats(-1, 1)), st.floats(0.05, 3), st.booleans())
def test_the_same_is_two_one_sided_tests(data: Floats, margin: float, extended: bool) -> None:
    assume(data.std() > 1e-6)
    larger = ttost_paired(data, np.zeros_like(data), -margin, margin)[0]
    level = 0.0125 if extended else 0.025
    assume(abs(larger - level) > 1e-9)
    answer = verdict(paired(data, np.zeros_like(data)), margin=margin, extended=extended)
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


def test_the_corrected_p_decides() -> None:
    one = around(1.2)
    assert one.p == pytest.approx(0.0275, abs=0.001)
    assert verdict(one) is Verdict.BETTER
    assert verdict(replace(one, corrected=0.0501), comparisons=3) is Verdict.UNDECIDED
    assert verdict(holm([one, around(0.1), around(0.2)])[0], comparisons=3) is Verdict.UNDECIDED


class TestExtended:
    def test_is_judged_at_half_the_level(self) -> None:
        one = around(1.2)
        assert verdict(one, margin=0.1) is Verdict.BETTER
        assert verdict(one, margin=0.1, extended=True) is Verdict.UNDECIDED
        assert verdict(around(1.4), margin=0.1, extended=True) is Verdict.BETTER

    def test_the_same_needs_the_wider_interval(self) -> None:
        assert verdict(around(0.0), margin=1.1) is Verdict.SAME
        assert verdict(around(0.0), margin=1.1, extended=True) is Verdict.UNDECIDED
        assert verdict(around(0.0), margin=1.3, extended=True) is Verdict.SAME

    def test_the_interval_of_the_difference_does_not_decide(self) -> None:
        narrow = paired(SEEDS, np.zeros(5), confidence=0.5)
        assert verdict(narrow, margin=0.97) is Verdict.UNDECIDED


class TestReasons:
    @pytest.mark.parametrize(
        ("difference", "reason"),
        [
            (paired([], []), "no seed has two finished runs"),
            (paired([1.0], [0.0]), "one seed has no spread"),
            (paired([1.0, 2.0], [0.0, 1.0]), "all 2 differences are the same number, so there is no spread"),
        ],
    )
    def test_no_verdict(self, difference: Difference, reason: str) -> None:
        assert decide(difference, margin=1, higher=True, comparisons=1) == Decision(Verdict.NONE, None, reason)

    def test_of_the_same_names_the_margin(self) -> None:
        decision = decide(around(0.0, 0.001), margin=0.002, higher=True, comparisons=3)
        assert decision == Decision(Verdict.SAME, None, "the 95 % interval lies inside the margin ±0.002")
        extended = decide(around(0.0, 0.001), margin=0.002, higher=True, comparisons=3, extended=True)
        assert extended.reason == "the 97.5 % interval lies inside the margin ±0.002"

    @pytest.mark.parametrize(
        ("corrected", "comparisons", "reason"),
        [(0.012, 3, "p (Holm) = 0.012"), (0.012, 1, "p = 0.012"), (1e-9, 3, "p (Holm) < 0.0001")],
    )
    def test_of_better_names_the_test(self, corrected: float, comparisons: int, reason: str) -> None:
        difference = replace(around(3.0), corrected=corrected)
        assert decide(difference, margin=1, higher=True, comparisons=comparisons) == Decision(
            Verdict.BETTER, None, reason
        )

    def test_undecided_says_how_many_more(self) -> None:
        decision = decide(around(0.5), margin=1, higher=True, comparisons=1)
        assert decision.verdict is Verdict.UNDECIDED
        assert decision.more_seeds is not None
        assert 1 <= decision.more_seeds[0] < decision.more_seeds[1] <= 100
        assert decision.reason == "the 95 % interval is not inside the margin ±1, and p = 0.23 is above 0.05"

    def test_undecided_and_not_worth_it(self) -> None:
        decision = decide(around(0.5), margin=0.1, higher=True, comparisons=1)
        assert decision.more_seeds is None
        assert decision.reason.endswith("more than 100 more seeds would be needed, which is not worth it")

    def test_undecided_without_a_margin(self) -> None:
        decision = decide(around(0.5), margin=0, higher=True, comparisons=2)
        assert decision.more_seeds is None
        assert decision.reason == "p (Holm) = 0.23 is above 0.05, and with a margin of 0 nothing is 'the same'"


@pytest.mark.parametrize(
    ("mean", "spread", "expected"),
    [(0.0, 0.1, Verdict.NONE), (3.0, 0.1, Verdict.NONE), (-3.0, 0.1, Verdict.WORSE), (0.0, 3.0, Verdict.NONE)],
)
def test_an_arm_with_diverged_runs_can_only_be_worse(mean: float, spread: float, expected: Verdict) -> None:
    decision = decide(around(mean, spread), margin=1, higher=True, comparisons=1, diverged=True)
    assert decision.verdict is expected
    assert ("diverged" in decision.reason) == (expected is Verdict.NONE)


def test_identical_runs_are_the_same_and_coarse_ones_need_no_luck() -> None:
    loss = np.array([0.31, 0.29, 0.3])
    assert verdict(paired(loss, loss), margin=0.005) is Verdict.SAME
    assert verdict(paired(loss, loss), margin=0) is Verdict.UNDECIDED
    images = np.array([341, 345, 350]) / 360
    assert verdict(paired(images, images, resolution=1 / 360), margin=0.002) is Verdict.UNDECIDED


def test_two_seeds_are_judged_and_need_much() -> None:
    far = paired([1.0, 1.1], [0.0, 0.0])
    assert verdict(far, margin=0.01) is Verdict.BETTER
    decision = decide(paired([1.0, 2.0], [0.0, 0.0]), margin=0.1, higher=True, comparisons=1)
    assert (decision.verdict, decision.more_seeds) == (Verdict.UNDECIDED, None)


def test_a_verdict_is_a_text() -> None:
    assert [str(each) for each in Verdict] == ["better", "worse", "the same", "undecided", "no verdict"]


def test_many_at_once_are_judged_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(rng.normal(0, 1, (200, 1)), 0.5, (200, 5))
    each = [paired(row, np.zeros(5)) for row in draws]
    same, different = same_or_different(
        [d.mean for d in each], [d.std for d in each], 5, [d.corrected or 0 for d in each], margin=1.0
    )
    expected = [verdict(d) for d in each]
    assert [v is Verdict.SAME for v in expected] == same.tolist()
    assert [v in (Verdict.BETTER, Verdict.WORSE) for v in expected] == different.tolist()
