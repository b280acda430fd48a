"""Claims: every kind comes out supported, contradicted and undecided, on made-up records."""

from typing import Any

import numpy as np
import pytest
from reluctant.records.study_results import Results

from reluctant.analysis.claims import Finding, judge
from reluctant.core.errors import StudyError
from reluctant.study import Claim, Study
from tests.support.scored import results

NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])
WILD = np.array([0.0, 0.05, -0.04, 0.03, -0.06])
SLOW = [[0.5, 0.6, 0.7, 0.8, 0.85 + 0.01 * s, 0.9] for s in range(5)]
FAST = [[0.5, 0.88 + 0.01 * s, 0.9, 0.9, 0.9, 0.9] for s in range(5)]
MIXED = [SLOW[0], FAST[1], SLOW[2], FAST[3], FAST[4]]


def level(value: float, noise: Any = NOISE) -> list[float]:
    levels: list[float] = (value + noise).tolist()
    return levels


LOW = level(0.94)


def found(claim: dict[str, Any], scores: dict[str, Any], **more: Any) -> Finding:
    given = {"says": "so it is", "metric": "accuracy", "margin": 0.005, **claim}
    return judge(results(scores, **more), Claim(**given)).finding


S, C, U = Finding.SUPPORTED, Finding.CONTRADICTED, Finding.UNDECIDED


@pytest.mark.parametrize(
    ("claim", "scores", "finding"),
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
        ({"of": "elu", "reaches": 0.89, "by_epoch": 3}, {"relu": SLOW, "elu": FAST}, S),
        ({"of": "relu", "reaches": 0.9, "by_epoch": 3}, {"relu": SLOW, "elu": FAST}, C),
        ({"of": "elu", "reaches": 0.89, "by_epoch": 3, "only": True}, {"relu": SLOW, "elu": FAST}, S),
        ({"of": "elu", "reaches": 0.9, "only": True}, {"relu": SLOW, "elu": FAST}, C),
        ({"similar": ["relu", "elu"]}, {"relu": level(0.95), "elu": level(0.951)}, S),
        ({"similar": ["relu", "elu"]}, {"relu": level(0.95), "elu": level(0.99)}, C),
        ({"similar": ["relu", "elu"]}, {"relu": level(0.95), "elu": level(0.95, WILD)}, U),
    ],
)  # fmt: skip
def test_every_kind_of_claim(claim: dict[str, Any], scores: dict[str, Any], finding: Finding) -> None:
    assert found(claim, scores) == finding


def test_a_loss_is_best_when_lowest() -> None:
    scores = {"relu": level(0.9), "elu": level(0.9)}
    losses = {"relu": level(0.3), "elu": level(0.2, -NOISE)}
    assert found({"metric": "loss", "of": "elu", "is": "lowest"}, scores, losses=losses) == S
    assert found({"metric": "loss", "of": "elu", "reaches": 0.2}, scores, losses=losses) == S
    assert found({"metric": "loss", "of": "relu", "reaches": 0.2}, scores, losses=losses) == C


def test_one_seed_decides_nothing() -> None:
    for claim in (
        {"of": "relu", "is": "highest"},
        {"of": "relu", "between": [0.1, 0.99]},
        {"similar": ["relu", "elu"]},
    ):
        assert found(claim, {"relu": [0.95], "elu": [0.9]}) == U


def test_the_evidence_is_what_was_tested() -> None:
    given = results({"relu": level(0.97), "elu": level(0.95, -NOISE)})
    judged = judge(given, Claim(says="x", metric="accuracy", of="relu", **{"is": "highest"}))  # type: ignore[arg-type]
    (evidence,) = judged.evidence
    assert evidence.about == ("relu", "elu")
    assert evidence.mean == pytest.approx(0.02)
    assert evidence.n == 5
    assert "relu is highest" in judged.test


def test_convergence_is_measured_on_the_run_s_own_way() -> None:
    given: Results = results({"relu": [[0.5, 0.7, 0.9, 1.0]], "elu": [[0.9, 0.9, 0.9, 0.9]]})
    relu, elu = given
    assert relu.converged("accuracy") == pytest.approx(3.5)  # 0.95 lies half-way between epochs 3 and 4
    assert elu.converged("accuracy") == 1.0


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ({"of": "relu"}, "exactly one of is, between, reaches, similar"),
        ({"is": "highest"}, "`of` names the activation"),
        ({"of": ["relu", "elu"], "is": "highest"}, "is about one activation"),
        ({"similar": ["relu"]}, "at least two"),
        ({"of": "relu", "between": [2, 1]}, "between wants"),
        ({"of": "relu", "is": "highest", "only": True}, "only goes with"),
        ({"of": "relu", "is": "highest", "by_epoch": 2}, "by_epoch goes with reaches"),
        ({"of": "relo", "is": "highest"}, "did you mean 'relu'"),
        ({"of": "relu", "is": "biggest"}, "highest"),
        ({"of": "relu", "is": "highest", "metrik": "f1"}, "did you mean 'metric'"),
    ],
)
def test_a_claim_that_cannot_be_tested_is_refused(claim: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words) as fault:
        Study(
            activation=["relu", "elu"],
            claim=[{"says": "fine", "of": "relu", "is": "lowest"}, {"says": "x", **claim}],
        )
    assert "claim.2" in str(fault.value)


def test_the_article_states_six_claims_and_they_survive_writing() -> None:
    study = Study.read("article")
    assert len(study.claims) == 6
    import tomllib

    assert Study(**tomllib.loads(study.to_toml())) == study
    fewer = Study.read("article", {"activation": ["relu", "elu"]})
    assert len(fewer.claims) == 4
