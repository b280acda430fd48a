"""Comparisons: verdicts that follow from paired differences, ranks, picks, the noise floor, the sentence."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reluctant.records.study_results import Results
from scipy import stats

from reluctant.analysis.comparison import compare, sentence
from reluctant.core.errors import StudyError
from reluctant.records.run_result import Result
from reluctant.statistics import Verdict
from reluctant.study import Study
from tests.support.records import folder as made_up
from tests.support.scored import made, results

NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])


def arms(**shifts: float) -> dict[str, list[float]]:
    """Activations that differ from one another by these shifts, by seed nearly alike."""
    rng = np.random.default_rng(1)
    return {
        name: (0.95 + shift + NOISE + rng.normal(0, 0.0003, 5)).tolist() for name, shift in shifts.items()
    }


def verdicts(found: Results, **asked: object) -> dict[str, str]:
    (comparison,) = compare(found, **asked)  # type: ignore[arg-type]
    return {c.activation: c.verdict.value for c in comparison.family}


STUDY: dict[str, Any] = {"compare": {"metric": "accuracy", "margin": 0.005, "baseline": "relu"}}


def test_the_four_verdicts() -> None:
    scores = arms(relu=0, elu=0.02, gelu=-0.02, silu=0)
    scores["tanh"] = [0.93, 0.97, 0.95, 0.99, 0.91]
    found = verdicts(results(scores, **STUDY))
    assert found == {"elu": "better", "gelu": "worse", "silu": "the same", "tanh": "undecided"}


def test_for_a_loss_lower_is_better() -> None:
    scores = arms(relu=0, elu=0.02)
    losses = {"relu": [0.10, 0.11, 0.12, 0.10, 0.11], "elu": [0.20, 0.21, 0.22, 0.20, 0.212]}
    assert verdicts(results(scores, losses=losses, **STUDY), metric="loss") == {"elu": "worse"}
    assert verdicts(results(scores, losses=losses, **STUDY), metric="loss", baseline="elu") == {
        "relu": "better"
    }


def test_differences_are_paired_by_seed_and_equal_scipy_s() -> None:
    scores = arms(relu=0, elu=0.003)
    (comparison,) = compare(results(scores, **STUDY))
    first, second = (np.round(np.array(scores[name]), 3) for name in ("elu", "relu"))
    (contrast,) = comparison.family
    assert contrast.difference.mean == pytest.approx((first - second).mean())
    # the rounding of two scores to whole images is added to the spread
    spread = np.sqrt((first - second).var(ddof=1) + 0.001**2 / 6)
    t = (first - second).mean() / (spread / np.sqrt(5))
    assert contrast.difference.p == pytest.approx(2 * stats.t.sf(abs(t), 4))


def test_only_shared_seeds_count() -> None:
    found = results(arms(relu=0, elu=0.02), **STUDY)
    lost = replace(found, results=found.results[:-1])
    (comparison,) = compare(lost)
    assert comparison.family[0].difference.n == 4


def test_an_activation_with_diverged_runs_is_never_better_nor_the_same() -> None:
    scores = arms(relu=0, elu=0.02, gelu=-0.02, silu=0)
    found = results(scores, diverged=[("elu", 2), ("gelu", 2), ("silu", 2)], **STUDY)
    assert verdicts(found) == {"elu": "no verdict", "gelu": "worse", "silu": "no verdict"}


def test_one_seed_gives_no_verdict_and_says_why() -> None:
    found = results({"relu": [0.95], "elu": [0.97]}, **STUDY)
    (comparison,) = compare(found)
    assert comparison.family[0].verdict == Verdict.NONE
    assert "one seed" in sentence(comparison)


def test_a_study_that_has_grown_needs_more() -> None:
    scores = arms(relu=0)
    scores["elu"] = (np.array(scores["relu"]) + np.array([0.004, 0.012, 0.001, 0.009, 0.003])).tolist()
    (once,), (grown,) = compare(results(scores, **STUDY)), compare(results(scores, grown=True, **STUDY))
    assert once.family[0].difference.p is not None
    assert 0.025 < once.family[0].difference.p < 0.05
    assert once.family[0].verdict == Verdict.BETTER
    assert grown.family[0].verdict == Verdict.UNDECIDED


def test_ranks_come_from_the_pairs() -> None:
    (comparison,) = compare(results(arms(relu=0, elu=0.02, gelu=0.02, silu=-0.02), **STUDY))
    assert comparison.ranks == {"relu": (3, 3), "elu": (1, 2), "gelu": (1, 2), "silu": (4, 4)}


class TestSentence:
    def test_what_a_person_would_say(self) -> None:
        (comparison,) = compare(results(arms(relu=0, elu=0.02, gelu=-0.01, silu=0), **STUDY))
        said = sentence(comparison)
        assert "elu is better than relu by 1.9" in said or "elu is better than relu by 2.0" in said
        assert "gelu is worse than relu by" in said
        assert "silu is the same as relu within ±0.5 points of accuracy" in said

    def test_who_leads_and_how_far_the_others_are_behind(self) -> None:
        (comparison,) = compare(results(arms(relu=0, elu=0.02, gelu=0.02, silu=-0.01), **STUDY))
        said = sentence(comparison)
        lead = "elu and gelu lead; they are the same within ±0.5 points"
        assert said.endswith(f"Of all pairs: {lead}; relu and silu are behind by 2.00–3.00 points.")
        (level,) = compare(results(arms(relu=0, elu=0, gelu=0), **STUDY))
        assert "lead" not in sentence(level)

    def test_undecided_says_how_many_more(self) -> None:
        scores = {"relu": [0.95, 0.96, 0.95, 0.96, 0.95], "elu": [0.955, 0.958, 0.951, 0.968, 0.949]}
        (comparison,) = compare(results(scores, **STUDY))
        assert "undecided against relu on accuracy after 5 seeds: about" in sentence(comparison)

    def test_all_the_same(self) -> None:
        (comparison,) = compare(results(arms(relu=0, elu=0, gelu=0), **STUDY))
        assert sentence(comparison).startswith(
            "relu, elu and gelu are the same within ±0.5 points of accuracy."
        )

    def test_alone(self) -> None:
        (comparison,) = compare(results(arms(relu=0), **STUDY))
        assert "nothing to compare" in sentence(comparison)


class TestImages:
    def test_other_test_images_widen_the_interval(self) -> None:
        found = with_predictions(arms(relu=0, elu=0.02))
        (comparison,) = compare(found)
        (contrast,) = comparison.family
        assert contrast.both is not None
        d = contrast.difference
        assert d.low is not None
        assert d.high is not None
        low, high = contrast.both
        assert high - low > d.high - d.low
        assert low < d.mean < high

    def test_without_labels_it_is_said_that_they_are_not_accounted_for(self) -> None:
        (comparison,) = compare(results(arms(relu=0, elu=0.02), **STUDY))
        assert comparison.family[0].both is None
        assert "not accounted for" in sentence(comparison)


def with_predictions(scores: dict[str, list[float]]) -> Results:
    """Results whose predictions fit their confusion matrices, with labels kept."""
    found = results(scores, **STUDY)
    true = np.repeat([0, 1], 500)
    kept = []
    for result in found:
        cells = result.counts["test"][-1]
        predicted = np.concatenate([np.repeat([0, 1], row) for row in cells])
        text = base64.b64encode(predicted.astype(np.uint8).tobytes()).decode()
        kept.append(replace(result, record={**result.record, "test_predictions": text}))
    labels = base64.b64encode(true.astype(np.uint8).tobytes()).decode()
    data = {kept[0].record["data"]: {"classes": ["0", "1"], "test_labels": labels}}
    return replace(found, results=tuple(kept), data=data)


class TestNoiseFloor:
    def control(self, shift: float) -> Results:
        study = Study(activation=["relu", "elu"], seed=[0, 1, 2, 3, 4], epochs=1, control=True, **STUDY)
        scores = arms(relu=0, elu=0.02, again=shift)
        found = []
        for run in study.runs():
            again = run.seed in study.control_seeds
            name, seed = ("again", int(run.seed) - 5) if again else (run.activation, int(run.seed))
            found.append(Result.of(made(run, [scores[name][seed]])))
        return Results(study, tuple(found))

    def test_the_baseline_against_itself(self) -> None:
        found = self.control(0.0)
        assert len(found.control) == 5
        assert found.interval("accuracy", "relu").n == 5
        (comparison,) = compare(found)
        assert comparison.floor is not None
        assert comparison.floor.p is not None
        assert not comparison.doubtful

    def test_a_baseline_that_differs_from_itself_is_doubtful(self) -> None:
        (comparison,) = compare(self.control(0.03))
        assert comparison.doubtful


class TestChoose:
    def study(self, scores: dict[tuple[str, float], float]) -> Results:
        study = Study(
            activation=["relu", "elu"], seed=[0, 1, 2], epochs=1, lr=[0.1, 0.01, 0.001], choose="lr", **STUDY
        )
        shift = np.array([0.0, 0.002, -0.002])
        return Results(
            study,
            tuple(
                Result.of(made(r, [scores[r.activation, r.lr] + shift[int(r.seed)]])) for r in study.runs()
            ),
        )

    def test_each_activation_gets_the_rate_that_is_best_on_validation(self) -> None:
        scores = {("relu", 0.1): 0.90, ("relu", 0.01): 0.95, ("relu", 0.001): 0.91,
                  ("elu", 0.1): 0.97, ("elu", 0.01): 0.94, ("elu", 0.001): 0.92}  # fmt: skip
        *common, own = compare(self.study(scores))
        assert [c.setting for c in common] == [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.001}]
        assert [(p.activation, p.value, p.edge) for p in own.picks] == [
            ("relu", 0.01, False),
            ("elu", 0.1, True),
        ]
        assert own.family[0].difference.mean == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"metric": "f2"}, "no metric is called 'f2'"),
        ({"baseline": "gelu"}, "'gelu' takes no part in the study; choose one of relu, elu"),
        ({"margin": -1.0}, "below zero"),
        ({"at": "first"}, "not at 'first'"),
    ],
)
def test_a_wrong_question_is_answered_with_the_right_one(asked: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        compare(results(arms(relu=0, elu=0)), **asked)  # type: ignore[arg-type]


def test_ties_and_nothing_finished_make_no_noise(tmp_path: Path) -> None:
    (tied,) = compare(results({"relu": [0.9] * 5, "elu": [0.9] * 5}, **STUDY))
    assert tied.family[0].verdict == Verdict.SAME
    (empty,) = compare(Results.read(made_up(tmp_path, Study(activation=["relu", "elu"]), skip=10)))
    assert empty.family[0].verdict == Verdict.NONE


def test_a_diverged_baseline_or_rival_never_wins() -> None:
    scores = arms(relu=0.02, elu=0, gelu=0.02)
    found = results(scores, diverged=[("relu", 3), ("gelu", 1)], **STUDY)
    (comparison,) = compare(found)
    assert {c.verdict for c in comparison.family} == {Verdict.NONE}
    assert all(high == 3 for _, high in comparison.ranks.values())
    from reluctant.report.export import leaders

    assert leaders(comparison) == {"elu": "**"}


@pytest.mark.parametrize("margin", [float("nan"), float("inf")])
def test_a_margin_is_a_number(margin: float) -> None:
    with pytest.raises(StudyError, match="no number"):
        compare(results(arms(relu=0, elu=0)), margin=margin)
