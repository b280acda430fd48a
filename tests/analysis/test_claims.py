"""Claims: every kind is supported, contradicted and undecided, on artificial records."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from reluctant.analysis.claim_tests import Direction
from reluctant.analysis.claims import JudgedClaim, Outcome, judge_claim
from reluctant.core.errors import StudyError
from reluctant.study import Claim, Study
from tests.support.scored import report_data, setting_data

NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])
WILD = np.array([0.0, 0.05, -0.04, 0.03, -0.06])
SLOW = [[0.5, 0.6, 0.7, 0.8, 0.85 + 0.01 * s, 0.9] for s in range(5)]
FAST = [[0.5, 0.88 + 0.01 * s, 0.9, 0.9, 0.9, 0.9] for s in range(5)]
MIXED = [SLOW[0], FAST[1], SLOW[2], FAST[3], FAST[4]]


def level(value: float, noise: Any = NOISE) -> list[float]:
    scores: list[float] = (value + noise).tolist()
    return scores


LOW = level(0.94)


def judged(claim: dict[str, Any], scores: dict[str, Any], **options: Any) -> JudgedClaim:
    fields = {"says": "so it is", "metric": "accuracy", "margin": 0.005, **claim}
    data = setting_data(scores, **options)
    return judge_claim(data.scores, data.question, Claim(**fields), data.unit(fields["metric"]))


def outcome(claim: dict[str, Any], scores: dict[str, Any], **options: Any) -> Outcome:
    return judged(claim, scores, **options).outcome


ONCE: dict[str, Any] = {"compare": {"looks": "at the end"}}
S, C, U = Outcome.SUPPORTED, Outcome.CONTRADICTED, Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("claim", "scores", "expected"),
    [
        ({"of": "relu", "is": "highest"}, {"relu": level(0.97), "elu": level(0.95, -NOISE), "gelu": LOW}, S),
        ({"of": "relu", "is": "highest"}, {"relu": level(0.95), "elu": level(0.97, -NOISE), "gelu": LOW}, C),
        ({"of": "relu", "is": "highest"}, {"relu": level(0.95), "elu": level(0.95, WILD), "gelu": LOW}, U),
        ({"of": "relu", "is": "lowest"}, {"relu": level(0.93), "elu": level(0.95, -NOISE)}, S),
        ({"of": "relu", "is": "lowest"}, {"relu": level(0.97), "elu": level(0.95, -NOISE)}, C),
        ({"of": "relu", "is": "lowest"}, {"relu": level(0.95), "elu": level(0.95, WILD)}, U),
        ({"of": "relu", "is": "slowest"}, {"relu": SLOW, "elu": FAST}, S),
        ({"of": "elu", "is": "slowest"}, {"relu": SLOW, "elu": FAST}, C),
        ({"of": "relu", "is": "slowest"}, {"relu": MIXED, "elu": FAST}, U),
        ({"of": "elu", "is": "fastest"}, {"relu": SLOW, "elu": FAST}, S),
        ({"of": "relu", "is": "fastest"}, {"relu": SLOW, "elu": FAST}, C),
        ({"of": "relu", "is": "fastest"}, {"relu": FAST, "elu": MIXED}, U),
        ({"of": "relu", "between": [0.9, 0.96]}, {"relu": level(0.95), "elu": level(0.95)}, S),
        ({"of": "relu", "between": [0.84, 0.85]}, {"relu": level(0.95), "elu": level(0.95)}, C),
        ({"of": "relu", "between": [0.95, 0.99]}, {"relu": level(0.95), "elu": level(0.95)}, U),
        ({"of": ["relu", "elu"], "between": [0.9, 0.96]}, {"relu": level(0.95), "elu": level(0.95)}, S),
        ({"of": ["relu", "elu"], "between": [0.9, 0.96]}, {"relu": level(0.95), "elu": level(0.98)}, C),
        ({"of": "relu", "between": [0.9, 0.96], "only": True}, {"relu": level(0.95), "elu": level(0.98)}, S),
        ({"of": "relu", "between": [0.9, 0.96], "only": True}, {"relu": level(0.95), "elu": level(0.95)}, C),
        ({"of": "relu", "reaches": 0.95}, {"relu": level(0.955), "elu": level(0.9)}, S),
        ({"of": "relu", "reaches": 0.99}, {"relu": level(0.95), "elu": level(0.9)}, C),
        ({"of": "relu", "reaches": 0.955}, {"relu": level(0.95), "elu": level(0.9)}, U),
        ({"of": "elu", "reaches": 0.87, "by_epoch": 2}, {"relu": SLOW, "elu": FAST}, S),
        ({"of": "relu", "reaches": 0.9, "by_epoch": 3}, {"relu": SLOW, "elu": FAST}, C),
        ({"of": "elu", "reaches": 0.87, "by_epoch": 2, "only": True}, {"relu": SLOW, "elu": FAST}, S),
        ({"of": "elu", "reaches": 0.9, "only": True}, {"relu": SLOW, "elu": FAST}, C),
        ({"similar": ["relu", "elu"]}, {"relu": level(0.95), "elu": level(0.951)}, S),
        ({"similar": ["relu", "elu"]}, {"relu": level(0.95), "elu": level(0.99)}, C),
        ({"similar": ["relu", "elu"]}, {"relu": level(0.95), "elu": level(0.95, WILD)}, U),
    ],
)  # fmt: skip
def test_every_kind_of_claim(claim: dict[str, Any], scores: dict[str, Any], expected: Outcome) -> None:
    assert outcome(claim, scores) == expected


def test_a_loss_is_best_when_lowest() -> None:
    scores = {"relu": level(0.9), "elu": level(0.9)}
    losses = {"relu": level(0.3), "elu": level(0.2, -NOISE)}
    assert outcome({"metric": "loss", "of": "elu", "is": "lowest"}, scores, losses=losses) == S
    assert outcome({"metric": "loss", "of": "elu", "reaches": 0.2}, scores, losses=losses) == S
    assert outcome({"metric": "loss", "of": "relu", "reaches": 0.2}, scores, losses=losses) == C


def test_one_seed_decides_nothing() -> None:
    for claim in (
        {"of": "relu", "is": "highest"},
        {"of": "relu", "between": [0.1, 0.99]},
        {"similar": ["relu", "elu"]},
    ):
        assert outcome(claim, {"relu": [0.95], "elu": [0.9]}) == U


def test_the_evidence_is_what_was_tested() -> None:
    result = judged({"of": "relu", "is": "highest"}, {"relu": level(0.97), "elu": level(0.95, -NOISE)})
    (evidence,) = result.evidence
    assert evidence.arms == ("relu", "elu")
    assert evidence.mean == pytest.approx(0.02)
    assert evidence.n == 5
    assert evidence.direction == Direction.FOR
    assert "relu is highest" in result.test
    assert not result.in_epochs


def test_the_evidence_of_speed_counts_epochs() -> None:
    result = judged({"of": "relu", "is": "slowest"}, {"relu": SLOW, "elu": FAST})
    assert result.in_epochs
    assert result.evidence[0].mean > 1


def test_a_rival_that_is_better_only_when_tested_alone_is_open() -> None:
    """`is`: each rival is tested; against the claim counts only what holds for all rivals together."""
    worse = np.array([0.004, 0.012, 0.001, 0.009, 0.003])  # p = 0.04 alone
    scores = {"relu": level(0.95), "elu": level(0.95, NOISE + worse)}
    claim = {"of": "relu", "is": "highest"}
    assert outcome(claim, scores, **ONCE) == C
    many = {name: level(0.95, NOISE + WILD) for name in ("gelu", "silu", "tanh")}
    assert outcome(claim, {**scores, **many}, **ONCE) == U


# A claim of likeness is contradicted by one pair alone, so its interval is widened for the number of pairs.

SEEDS = 5
SPREAD = 0.002 * np.array([0, 1, -1, 0.5, -0.5])  # of the paired differences
MARGIN = 0.005


def just_outside(confidence: float) -> float:
    """The mean difference at which the interval of this confidence begins at the margin, and a little more."""
    std = np.sqrt(SPREAD.var(ddof=1) + (1 / 1000) ** 2 / 6)  # with the rounding of two scores to whole images
    half = stats.t.ppf(0.5 + confidence / 2, SEEDS - 1) * std / np.sqrt(SEEDS)
    return float(MARGIN + half + 0.0005)


def alike(arms: int, difference: float) -> dict[str, list[float]]:
    """`arms` activations that are the same, but for the last, which lies this much higher."""
    names = ["relu", "elu", "gelu", "silu", "mish", "selu", "celu", "softplus"][:arms]
    scores = {name: [0.9] * SEEDS for name in names}
    return {**scores, names[-1]: (0.9 + difference + SPREAD).tolist()}


def test_one_pair_alone_is_judged_at_95_percent() -> None:
    difference = just_outside(0.95)
    scores = alike(2, difference)
    result = judged({"similar": list(scores), "margin": MARGIN}, scores, **ONCE)
    assert result.outcome == C
    assert result.evidence[0].high is not None
    assert result.evidence[0].high < -MARGIN
    assert "95.0 % (Bonferroni, 1 pair)" in result.test


def test_one_pair_of_many_contradicts_likeness_only_after_bonferroni_s_correction() -> None:
    """With 8 activations, 28 pairs: one interval outside the margin at 95 % may be chance."""
    scores = alike(8, just_outside(0.95))
    result = judged({"similar": list(scores), "margin": MARGIN}, scores, **ONCE)
    outside = [each for each in result.evidence if each.low is not None and abs(each.mean) > MARGIN]
    assert len(outside) == 7  # the last with each other one; their 95 % intervals lie outside
    assert all(min(abs(each.low or 0), abs(each.high or 0)) > MARGIN for each in outside)
    assert {each.direction for each in outside} == {Direction.OPEN}
    assert result.outcome == U
    assert "contradicted when one lies outside even at 99.8 % (Bonferroni, 28 pairs)" in result.test
    far = alike(8, just_outside(1 - 0.05 / 28))
    assert outcome({"similar": list(far), "margin": MARGIN}, far, **ONCE) == C


def test_claims_hold_after_every_seed_unless_the_study_is_judged_once() -> None:
    better = np.array([0.004, 0.012, 0.001, 0.009, 0.003])  # p = 0.04
    scores = {"relu": level(0.95), "elu": level(0.95, NOISE + better)}
    claim = {"of": "elu", "is": "highest"}
    assert outcome(claim, scores, **ONCE) == S
    assert outcome(claim, scores) == outcome(claim, scores, **ONCE, extended=True) == U


def test_what_a_verdict_calls_the_same_is_not_higher() -> None:
    """The table said the same and the claim supported, of one difference."""
    scores = {"relu": level(0.95), "elu": level(0.951)}
    claim = {"of": "elu", "is": "higher", "than": "relu", "margin": 0.01}
    assert outcome(claim, scores) == C
    assert outcome({**claim, "margin": 0.0}, scores, **ONCE) != C


def test_two_seeds_decide_no_claim() -> None:
    scores = {"relu": [0.95, 0.951], "elu": [0.99, 0.991]}
    for claim in ({"of": "elu", "is": "highest"}, {"of": "relu", "between": [0.1, 0.2]}, {"similar": ["relu", "elu"]}):
        assert outcome(claim, scores) == U


def test_the_margin_is_that_of_the_claim_of_the_study_or_of_the_metric() -> None:
    scores = {"relu": level(0.95), "elu": level(0.96)}
    for options, margin in (
        ({"compare": {"metric": "accuracy", "margin": 0.05}}, 0.05),
        ({"compare": {"metric": "loss", "margin": 0.05}}, 0.002),
    ):
        data = setting_data(scores, **options)
        claim = Claim.model_validate({"says": "x", "metric": "accuracy", "similar": ["relu", "elu"]})
        test = judge_claim(data.scores, data.question, claim, data.unit("accuracy")).test
        assert f"lies inside ±{100 * margin:g} points" in test
    assert "lies inside ±0.7 points" in judged({"similar": ["relu", "elu"], "margin": 0.007}, scores).test


# A rival that the claim names.


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ({"of": "elu", "is": "higher", "than": "relu"}, S),
        ({"of": "relu", "is": "higher", "than": "elu"}, C),
        ({"of": "relu", "is": "lower", "than": "elu"}, S),
        ({"of": "elu", "is": "lower", "than": "relu"}, C),
        ({"of": "elu", "is": "higher", "than": "silu"}, U),
        ({"of": "elu", "is": "highest"}, C),
    ],
)
def test_a_rival_alone(claim: dict[str, Any], expected: Outcome) -> None:
    scores = {"relu": level(0.95, -NOISE), "elu": level(0.97), "gelu": level(0.99, -NOISE),
              "silu": level(0.97, 10 * NOISE)}  # fmt: skip
    result = judged(claim, scores)
    assert result.outcome == expected
    if "than" in claim:
        (evidence,) = result.evidence
        assert evidence.arms == (claim["of"], claim["than"])
        assert f"{claim['of']} is {claim['is']} than {claim['than']}" in result.test


@pytest.mark.parametrize(("lost", "expected"), [("gelu", "supported"), ("elu", "undecided"), ("relu", "undecided")])
def test_diverged_runs_of_the_two_count_and_others_do_not(lost: str, expected: str) -> None:
    scores = {"relu": level(0.95, -NOISE), "elu": level(0.97), "gelu": level(0.99)}
    claim = {"of": "elu", "than": "relu", "is": "higher"}
    result = judged(claim, scores, diverged=[(lost, 4)])
    assert result.outcome == expected
    assert ("runs diverged, so no claim is supported" in result.test) == (expected == "undecided")


def test_diverged_runs_of_anybody_count_where_all_are_rivals() -> None:
    scores = {"relu": level(0.95, -NOISE), "elu": level(0.97), "gelu": level(0.9)}
    assert outcome({"of": "elu", "is": "highest"}, scores) == S
    assert outcome({"of": "elu", "is": "highest"}, scores, diverged=[("gelu", 4)]) == U


# What can be claimed.


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ({"of": "relu"}, "exactly one of is, between, reaches, similar"),
        ({"is": "highest"}, "`of` names the activation"),
        ({"of": ["relu", "elu"], "is": "highest"}, "is about one activation"),
        ({"similar": ["relu"]}, "at least two"),
        ({"similar": ["relu", "elu"], "of": "relu"}, "leave `of` out"),
        ({"of": "relu", "between": [2, 1]}, r"between needs \[low, high\]"),
        ({"of": "relu", "is": "highest", "only": True}, "only goes with"),
        ({"of": "relu", "is": "highest", "by_epoch": 2}, "by_epoch goes with reaches"),
        ({"of": "relo", "is": "highest"}, "did you mean 'relu'"),
        ({"of": "relu", "is": "biggest"}, "highest"),
        ({"of": "relu", "is": "highest", "metrik": "f1"}, "did you mean 'claim.2.metric'"),
        ({"of": "relu", "is": "higher"}, "is = 'higher' needs a rival: than = 'relu'"),
        ({"of": "relu", "is": "highest", "than": "elu"}, "than goes with is = 'higher' or 'lower'"),
        ({"of": "relu", "between": [0.1, 0.2], "than": "elu"}, "than goes with is = 'higher' or 'lower'"),
        ({"of": "silu", "is": "lower", "than": "swish"}, "'silu' cannot be compared with itself"),
        ({"of": ["relu", "elu"], "is": "lower", "than": "gelu"}, "is about one activation"),
        ({"of": "relu", "is": "lower", "than": ["elu"]}, r"claim\.2\.than: a name is a string such as 'relu'"),
    ],
)
def test_a_claim_that_cannot_be_tested_is_refused(claim: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words) as error:
        Study(
            activation=["relu", "elu", "gelu", "silu"],
            claim=[{"says": "fine", "of": "relu", "is": "lowest"}, {"says": "x", **claim}],
        )
    assert "claim.2" in str(error.value)


def test_a_rival_that_takes_no_part_leaves_the_claim_untested() -> None:
    claim = {"says": "x", "of": "relu", "is": "higher", "than": "elu"}
    assert Study(activation="relu", claim=[claim]).claims == ()
    scores = {"relu": level(0.95), "gelu": level(0.97)}
    assert report_data(scores, claim=[claim]).one_setting.claims == ()
    both = report_data({"relu": level(0.95), "elu": level(0.97)}, claim=[claim]).one_setting
    assert [each.claim.says for each in both.claims] == ["x"]


DIVERGED: dict[str, Any] = {"relu": level(0.95), "elu": level(0.90)}


def test_what_the_surviving_runs_say_contradicts_no_claim() -> None:
    claim = {"of": "elu", "is": "highest"}
    assert outcome(claim, DIVERGED) == Outcome.CONTRADICTED
    assert outcome(claim, DIVERGED, diverged=[("elu", 0), ("elu", 1)]) == Outcome.UNDECIDED


def test_equal_scores_have_an_interval() -> None:
    """Three times the same score of a thousand images is no certainty: the interval has the width of rounding."""
    scores = {"relu": [0.9, 0.9, 0.9], "elu": [0.9, 0.9, 0.9]}
    assert outcome({"of": "relu", "between": [0.9005, 0.95]}, scores) == Outcome.UNDECIDED
    assert outcome({"of": "relu", "between": [0.91, 0.95]}, scores) == Outcome.CONTRADICTED


def test_a_curve_that_falls_does_not_converge() -> None:
    falling = [[0.95, 0.945, 0.93 + 0.001 * seed, 0.925, 0.92, 0.92] for seed in range(5)]
    assert outcome({"of": "relu", "is": "fastest"}, {"relu": falling, "elu": SLOW}) == Outcome.UNDECIDED


@pytest.mark.slow
def test_one_arm_of_many_contradicts_only_after_bonferroni_s_correction() -> None:
    """Ten arms at the bound: at 95 % each, a fifth of studies would be contradicted by one of them."""
    names = ["relu", "elu", "gelu", "silu", "tanh", "mish", "selu", "celu", "sigmoid", "softplus"]
    rng = np.random.default_rng(5)
    contradicted = 0
    for _ in range(150):
        scores = {name: (0.9 + 0.01 * rng.normal(size=5)).tolist() for name in names}
        contradicted += outcome({"of": names, "between": [0.9, 0.99]}, scores) == Outcome.CONTRADICTED
    assert contradicted <= 10  # at 2.5 % on one side, and ten arms at 0.5 %


def test_the_claims_of_a_study_are_one_family() -> None:
    one = {"says": "x", "metric": "accuracy", "of": "elu", "is": "higher", "than": "relu"}
    scores = {"relu": level(0.95), "elu": [0.953, 0.953, 0.951, 0.952, 0.95]}
    alone = setting_data(scores, claim=[one], **ONCE)
    among = setting_data(scores, claim=[one] * 6, **ONCE)
    p = alone.claims[0].evidence[0].p
    assert p is not None
    assert 0.05 / 6 < p <= 0.05
    assert (alone.claims[0].outcome, among.claims[0].outcome) == (Outcome.SUPPORTED, Outcome.UNDECIDED)


def test_claims_of_speed_say_what_other_definitions_find() -> None:
    """Of the article's claims of speed one held under one of fifteen definitions."""
    claim = {"of": "relu", "is": "slowest"}
    clear = judged(claim, {"relu": SLOW, "elu": FAST})
    assert clear.test.endswith("By other shares of the way than 90 %: supported at 50 %, 75 % and 95 %")
    late = [
        [0.5, 0.8 + 0.002 * s, 0.81, 0.82, 0.83 + 0.003 * s, 0.9] for s in range(5)
    ]  # fast to 75 % of its way, then slow
    early = [[0.5, 0.6 + 0.002 * s, 0.7, 0.88 - 0.002 * s, 0.9, 0.9] for s in range(5)]
    mixed = judged(claim, {"relu": late, "elu": early})
    assert mixed.outcome == S
    assert "By other shares of the way than 90 %: contradicted at 50 % and 75 %, supported at 95 %" in mixed.test
    assert "By other" not in judged({"of": "relu", "is": "highest"}, {"relu": SLOW, "elu": FAST}).test
