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
from reluctant.statistics.verdict import judged

SEEDS = np.array([0.0, 1.0, -1.0, 0.5, -0.5])  # mean 0, deviation √0.625 = 0.79


def around(mean: float, spread: float = 1.0) -> Difference:
    return paired(mean + spread * SEEDS, np.zeros(5))


def verdict(difference: Difference, **given_: object) -> Verdict:
    rules: dict[str, object] = {"margin": 1.0, "higher": True, "comparisons": 1} | given_
    return decide(difference, **rules).verdict  # type: ignore[arg-type]


@settings(max_examples=150)
@given(arrays(float, st.integers(2, 12), elements=st.floats(-1, 1)), st.floats(0.05, 3), st.booleans())
def test_the_same_is_two_one_sided_tests(data: Floats, margin: float, grown: bool) -> None:
    assume(data.std() > 1e-6)
    larger = ttost_paired(data, np.zeros_like(data), -margin, margin)[0]
    level = 0.0125 if grown else 0.025
    assume(abs(larger - level) > 1e-9)
    found = verdict(paired(data, np.zeros_like(data)), margin=margin, grown=grown)
    assert (found is Verdict.SAME) == (larger < level)


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


class TestGrown:
    def test_is_judged_at_half_the_level(self) -> None:
        one = around(1.2)
        assert verdict(one, margin=0.1) is Verdict.BETTER
        assert verdict(one, margin=0.1, grown=True) is Verdict.UNDECIDED
        assert verdict(around(1.4), margin=0.1, grown=True) is Verdict.BETTER

    def test_the_same_needs_the_wider_interval(self) -> None:
        assert verdict(around(0.0), margin=1.1) is Verdict.SAME
        assert verdict(around(0.0), margin=1.1, grown=True) is Verdict.UNDECIDED
        assert verdict(around(0.0), margin=1.3, grown=True) is Verdict.SAME

    def test_the_interval_shown_is_not_trusted(self) -> None:
        shown = paired(SEEDS, np.zeros(5), confidence=0.5)
        assert verdict(shown, margin=0.97) is Verdict.UNDECIDED


class TestReasons:
    @pytest.mark.parametrize(
        ("difference", "why"),
        [
            (paired([], []), "there is no seed with two finished runs"),
            (paired([1.0], [0.0]), "one seed has no spread"),
            (
                paired([1.0, 2.0], [0.0, 1.0]),
                "all 2 differences are the same number, so there is no spread to judge by",
            ),
        ],
    )
    def test_no_verdict(self, difference: Difference, why: str) -> None:
        assert decide(difference, margin=1, higher=True, comparisons=1) == Decision(Verdict.NONE, None, why)

    def test_of_the_same_names_the_margin(self) -> None:
        found = decide(around(0.0, 0.001), margin=0.002, higher=True, comparisons=3)
        assert found == Decision(Verdict.SAME, None, "its interval lies inside ±0.002")
        grown = decide(around(0.0, 0.001), margin=0.002, higher=True, comparisons=3, grown=True)
        assert grown.why == "its 97.5 % interval lies inside ±0.002"

    @pytest.mark.parametrize(
        ("corrected", "comparisons", "why"),
        [(0.012, 3, "Holm's p is 0.012"), (0.012, 1, "p is 0.012"), (1e-9, 3, "Holm's p is below 0.0001")],
    )
    def test_of_better_names_the_test(self, corrected: float, comparisons: int, why: str) -> None:
        difference = replace(around(3.0), corrected=corrected)
        assert decide(difference, margin=1, higher=True, comparisons=comparisons) == Decision(
            Verdict.BETTER, None, why
        )

    def test_undecided_says_how_many_more(self) -> None:
        found = decide(around(0.5), margin=1, higher=True, comparisons=1)
        assert found.verdict is Verdict.UNDECIDED
        assert found.further is not None
        assert 1 <= found.further[0] < found.further[1] <= 100
        assert found.why == "its interval is not inside ±1 and p, 0.23, is above 0.05"

    def test_undecided_and_not_worth_it(self) -> None:
        found = decide(around(0.5), margin=0.1, higher=True, comparisons=1)
        assert found.further is None
        assert found.why.endswith("more than 100 further seeds would be needed, which is not worth it")

    def test_undecided_without_a_margin(self) -> None:
        found = decide(around(0.5), margin=0, higher=True, comparisons=2)
        assert found.further is None
        assert found.why == "Holm's p, 0.23, is above 0.05, and a margin of 0 leaves no room for 'the same'"


@pytest.mark.parametrize(
    ("mean", "spread", "expected"),
    [
        (0.0, 0.1, Verdict.NONE),
        (3.0, 0.1, Verdict.NONE),
        (-3.0, 0.1, Verdict.WORSE),
        (0.0, 3.0, Verdict.NONE),
    ],
)
def test_an_arm_with_diverged_runs_can_only_be_worse(mean: float, spread: float, expected: Verdict) -> None:
    found = decide(around(mean, spread), margin=1, higher=True, comparisons=1, diverged=True)
    assert found.verdict is expected
    assert ("diverged" in found.why) == (expected is Verdict.NONE)


def test_identical_runs_are_the_same_and_coarse_ones_need_no_luck() -> None:
    loss = np.array([0.31, 0.29, 0.3])
    assert verdict(paired(loss, loss), margin=0.005) is Verdict.SAME
    assert verdict(paired(loss, loss), margin=0) is Verdict.UNDECIDED
    images = np.array([341, 345, 350]) / 360
    assert verdict(paired(images, images, resolution=1 / 360), margin=0.002) is Verdict.UNDECIDED


def test_two_seeds_are_judged_and_need_much() -> None:
    far = paired([1.0, 1.1], [0.0, 0.0])
    assert verdict(far, margin=0.01) is Verdict.BETTER
    found = decide(paired([1.0, 2.0], [0.0, 0.0]), margin=0.1, higher=True, comparisons=1)
    assert (found.verdict, found.further) == (Verdict.UNDECIDED, None)


def test_a_verdict_is_a_text() -> None:
    assert [str(each) for each in Verdict] == ["better", "worse", "the same", "undecided", "no verdict"]


def test_many_at_once_are_judged_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(rng.normal(0, 1, (200, 1)), 0.5, (200, 5))
    each = [paired(row, np.zeros(5)) for row in draws]
    same, different = judged(
        [d.mean for d in each], [d.deviation for d in each], 5, [d.corrected or 0 for d in each], margin=1.0
    )
    expected = [verdict(d) for d in each]
    assert [v is Verdict.SAME for v in expected] == same.tolist()
    assert [v in (Verdict.BETTER, Verdict.WORSE) for v in expected] == different.tolist()
