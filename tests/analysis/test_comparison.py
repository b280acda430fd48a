"""Comparisons: verdicts that follow from paired differences, ranks, test items, chosen values, the noise floor."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from reluctant.analysis import Comparison, ReportData
from reluctant.analysis.sentence import comparison_warnings
from reluctant.core.errors import StudyError
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.statistics import Verdict, paired, welch
from reluctant.study import Study
from tests.support.records import study_folder
from tests.support.scored import report_data, scored_record, scored_records

NOISE = np.array([0.0, 0.002, -0.001, 0.001, -0.002])
STUDY: dict[str, Any] = {"compare": {"metric": "accuracy", "margin": 0.005, "baseline": "relu"}}


def arms(**shifts: float) -> dict[str, list[float]]:
    """Activations that differ from one another by these shifts, by seed nearly alike."""
    rng = np.random.default_rng(1)
    return {name: (0.95 + shift + NOISE + rng.normal(0, 0.0003, 5)).tolist() for name, shift in shifts.items()}


ONCE_EXTENDED: dict[str, Any] = {"once": True, "extended": True}


def compared(scores: dict[str, Any], *, once: bool = False, **options: Any) -> Comparison:
    study = {"compare": {**STUDY["compare"], "looks": "at the end"}} if once else STUDY
    return report_data(scores, **study, **options).one_setting.comparison


def comparison_of(records: StudyRecords, **question: Any) -> Comparison:
    """The comparison by another question than the study's own."""
    return ReportData.of(records, **question).one_setting.comparison


def verdicts(comparison: Comparison) -> dict[str, str]:
    return {contrast.arm: contrast.verdict.value for contrast in comparison.family}


def ranks(comparison: Comparison) -> dict[str, tuple[int, int] | None]:
    return {row.arm: row.rank for row in comparison.rows}


def test_the_four_verdicts() -> None:
    scores = arms(relu=0, elu=0.02, gelu=-0.02, silu=0)
    scores["tanh"] = [0.93, 0.97, 0.95, 0.99, 0.91]
    expected = {"elu": "better", "gelu": "worse", "silu": "the same", "tanh": "undecided"}
    assert verdicts(compared(scores)) == expected


def test_for_a_loss_lower_is_better() -> None:
    losses = {"relu": [0.10, 0.11, 0.12, 0.10, 0.11], "elu": [0.20, 0.21, 0.22, 0.20, 0.212]}
    records = scored_records(arms(relu=0, elu=0.02), losses=losses, **STUDY)
    assert verdicts(comparison_of(records, metric="loss")) == {"elu": "worse"}
    assert verdicts(comparison_of(records, metric="loss", baseline="elu")) == {"relu": "better"}


def test_differences_are_paired_by_seed_and_equal_scipy_s() -> None:
    scores = arms(relu=0, elu=0.003)
    (contrast,) = compared(scores).family
    first, second = (np.round(np.array(scores[name]), 3) for name in ("elu", "relu"))
    assert contrast.difference.mean == pytest.approx((first - second).mean())
    # the rounding of two scores to whole images is added to the spread
    spread = np.sqrt((first - second).var(ddof=1) + 0.001**2 / 6)
    t = (first - second).mean() / (spread / np.sqrt(5))
    once = compared(scores, once=True).family[0]
    assert once.difference.p == pytest.approx(2 * stats.t.sf(abs(t), 4))
    assert once.interval == pytest.approx((once.difference.low, once.difference.high))
    assert contrast.difference.p is not None
    assert once.difference.p is not None
    assert contrast.difference.p > once.difference.p  # after every seed
    assert (contrast.difference.low, contrast.difference.high) == (once.difference.low, once.difference.high)


def test_every_family_is_corrected_by_itself() -> None:
    scores = {name: np.round(values, 3) for name, values in arms(relu=0, elu=0.001, gelu=0.002).items()}
    comparison = compared({name: values.tolist() for name, values in scores.items()})

    def expected(pairs: list[tuple[str, str]]) -> list[float | None]:
        options: dict[str, Any] = {"resolution": 0.001, "sequential": True, "comparisons": len(pairs)}
        return [paired(scores[one], scores[other], **options).corrected for one, other in pairs]

    assert [c.difference.corrected for c in comparison.family] == expected([("elu", "relu"), ("gelu", "relu")])
    pairs = [("relu", "elu"), ("relu", "gelu"), ("elu", "gelu")]
    assert [(c.arm, c.other) for c in comparison.pairs] == pairs
    assert [c.difference.corrected for c in comparison.pairs] == expected(pairs)


def test_only_shared_seeds_count() -> None:
    records = scored_records(arms(relu=0, elu=0.02), **STUDY)
    assert comparison_of(replace(records, runs=records.runs[:-1])).family[0].difference.n == 4


def test_an_arm_with_diverged_runs_is_never_better_nor_the_same() -> None:
    scores = arms(relu=0, elu=0.02, gelu=-0.02, silu=0)
    comparison = compared(scores, diverged=[("elu", 2), ("gelu", 2), ("silu", 2)])
    assert verdicts(comparison) == {"elu": "no verdict", "gelu": "worse", "silu": "no verdict"}


def test_a_diverged_baseline_or_rival_never_wins() -> None:
    scores = arms(relu=0.02, elu=0, gelu=0.02)
    comparison = compared(scores, diverged=[("relu", 3), ("gelu", 1)])
    assert {contrast.verdict for contrast in comparison.family} == {Verdict.NONE}
    assert comparison.family[0].decision.reason == "1 of 5 runs diverged of relu"
    assert all(rank is not None and rank[1] == 3 for rank in ranks(comparison).values())
    assert {row.arm: row.standing for row in comparison.rows} == {"relu": "", "elu": "best", "gelu": ""}


def test_one_seed_gives_no_verdict_and_a_reason() -> None:
    (contrast,) = compared({"relu": [0.95], "elu": [0.97]}).family
    assert contrast.verdict == Verdict.NONE
    assert contrast.decision.reason == "one seed has no spread"
    assert contrast.interval is None


def test_one_look_at_the_end_needs_less_until_the_study_is_extended() -> None:
    scores = arms(relu=0)
    scores["elu"] = (np.array(scores["relu"]) + np.array([0.004, 0.012, 0.001, 0.009, 0.003])).tolist()
    always, once, extended = (compared(scores, **how).family[0] for how in ({}, {"once": True}, ONCE_EXTENDED))
    assert once.verdict == Verdict.BETTER
    assert always.verdict == extended.verdict == Verdict.UNDECIDED
    assert always.interval == extended.interval
    question = report_data(scores, **STUDY, extended=True).question
    assert question.sequential
    assert question.changed == ()


def test_collapsed_runs_are_left_out_and_named() -> None:
    scores = arms(relu=0, elu=0.02, gelu=0, silu=-0.02)
    scores["elu"][1] = scores["gelu"][3] = scores["silu"][0] = 0.2
    comparison = compared(scores)
    assert comparison.collapsed == {"elu": 1, "gelu": 1, "silu": 1}
    assert verdicts(comparison)["elu"] == verdicts(comparison)["gelu"] == "no verdict"
    elu, gelu, silu = comparison.family
    assert elu.difference.n == 4
    assert elu.difference.mean == pytest.approx(0.02, abs=0.002)
    assert elu.decision.reason == "1 of 5 runs collapsed; its other runs are better"
    assert gelu.decision.reason.startswith("1 of 5 runs collapsed; its other runs are ")
    assert comparison.may_be_best == ("relu",)
    assert silu.verdict in (Verdict.WORSE, Verdict.NONE)


def test_a_baseline_that_collapsed_wins_nothing() -> None:
    scores = arms(relu=0.02, elu=0)
    scores["relu"][2] = 0.1
    (contrast,) = compared(scores).family
    assert contrast.verdict != Verdict.WORSE


def test_ranks_come_from_the_pairs() -> None:
    comparison = compared(arms(relu=0, elu=0.02, gelu=0.02, silu=-0.02))
    assert ranks(comparison) == {"relu": (3, 3), "elu": (1, 2), "gelu": (1, 2), "silu": (4, 4)}


def test_an_arm_that_cannot_be_the_best_is_not_first() -> None:
    """All pairs together show less than the question which arm is best."""
    scores = {
        "relu": [0.95, 0.96, 0.955],
        "elu": [0.96, 0.969, 0.962],
        "gelu": [0.958, 0.968, 0.966],
        "silu": [0.957, 0.97, 0.963],
    }
    comparison = compared(scores, once=True)
    assert comparison.may_be_best == ("elu", "gelu", "silu")
    assert ranks(comparison) == {"relu": (2, 4), "elu": (1, 4), "gelu": (1, 4), "silu": (1, 4)}
    assert ranks(compared(arms(relu=0, elu=0.02), once=True)) == {"relu": (2, 2), "elu": (1, 1)}


def test_the_best_mean_and_those_not_told_from_it() -> None:
    scores = {**arms(relu=0, elu=0.02, gelu=0.02), "silu": (0.96 + 20 * NOISE).tolist()}
    standings = {row.arm: row.standing for row in compared(scores).rows}
    assert standings == {"relu": "", "elu": "best", "gelu": "tied", "silu": "tied"}


def test_equal_scores_are_the_same() -> None:
    comparison = compared({"relu": [0.9] * 5, "elu": [0.9] * 5})
    assert comparison.family[0].verdict == Verdict.SAME


def test_nothing_finished_is_no_verdict(tmp_path: Path) -> None:
    study_folder(tmp_path, Study(activation=["relu", "elu"]), skip=10)
    comparison = comparison_of(StudyRecords.read(tmp_path))
    assert comparison.family[0].verdict == Verdict.NONE
    assert ranks(comparison) == {"relu": None, "elu": None}


# Test items.


def with_predictions(scores: dict[str, list[float]]) -> StudyRecords:
    """Records whose predictions fit their confusion matrices, with the true classes."""
    records = scored_records(scores, **STUDY)
    truth = np.repeat([0, 1], 500)
    runs = []
    for run in records.runs:
        predicted = np.concatenate([np.repeat([0, 1], row) for row in run.counts["test"][-1]])
        text = base64.b64encode(predicted.astype(np.uint8).tobytes()).decode()
        record = run.record.model_copy(update={"test_predictions": text})
        runs.append(replace(run, record=record, truth=truth))
    return replace(records, runs=tuple(runs))


def test_other_test_images_widen_the_interval() -> None:
    (contrast,) = comparison_of(with_predictions(arms(relu=0, elu=0.02))).family
    assert contrast.with_items is not None
    d = contrast.difference
    assert d.low is not None
    assert d.high is not None
    low, high = contrast.with_items
    assert high - low > d.high - d.low
    assert low < d.mean < high


def test_without_the_true_classes_test_images_are_not_accounted_for() -> None:
    assert compared(arms(relu=0, elu=0.02)).family[0].with_items is None
    records = with_predictions(arms(relu=0, elu=0.02))
    assert comparison_of(records, at="best").family[0].with_items is None  # predictions are those of the last epoch
    partly = replace(records, runs=(replace(records.runs[0], truth=None), *records.runs[1:]))
    assert comparison_of(partly).family[0].with_items is None


# The noise floor.


def controlled(shift: float) -> ReportData:
    """A study with a control: the baseline again under other seeds, this much better."""
    study = Study(activation=["relu", "elu"], seed=[0, 1, 2, 3, 4], epochs=1, control=True, **STUDY)
    scores = arms(relu=0, elu=0.02, again=shift)
    runs = []
    for run in study.runs():
        again = run.seed in study.control_seeds
        name, seed = ("again", int(run.seed) - 5) if again else (run.activation, int(run.seed))
        runs.append(RunResult.of(scored_record(run, [scores[name][seed]])))
    return ReportData.of(StudyRecords(study, tuple(runs)))


def test_the_baseline_is_compared_with_itself() -> None:
    data = controlled(0.0)
    assert len(data.scores.control) == 5
    assert data.scores.interval("accuracy", "relu").n == 5
    comparison = data.one_setting.comparison
    assert comparison.floor is not None
    again = [run.score("accuracy") for run in data.scores.control]
    assert comparison.floor == welch(data.scores.values("accuracy", "relu"), again)
    assert not comparison.baseline_differs_from_itself
    assert comparison_warnings(comparison) == ()


def test_a_baseline_that_differs_from_itself_is_a_warning() -> None:
    comparison = controlled(0.03).one_setting.comparison
    assert comparison.baseline_differs_from_itself
    (warning,) = comparison_warnings(comparison)
    assert warning.startswith("Do not trust these verdicts: ReLU differs from itself under other seeds")


# A value of its own for every arm.


def choosing(scores: dict[tuple[str, float], float], lost: object = None) -> ReportData:
    """A study that chooses a learning rate; the run `lost` (activation, rate, seed) diverged."""
    rates = [0.1, 0.01, 0.001]
    study = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=1, lr=rates, choose="lr", **STUDY)
    shift = np.array([0.0, 0.002, -0.002])
    runs = []
    for run in study.runs():
        diverged = 1 if (run.activation, run.lr, run.seed) == lost else None
        record = scored_record(run, [scores[run.activation, run.lr] + shift[int(run.seed)]], diverged=diverged)
        runs.append(RunResult.of(record))
    return ReportData.of(StudyRecords(study, tuple(runs)))


RATES = {("relu", 0.1): 0.90, ("relu", 0.01): 0.95, ("relu", 0.001): 0.91,
         ("elu", 0.1): 0.97, ("elu", 0.01): 0.94, ("elu", 0.001): 0.92}  # fmt: skip


def test_each_arm_gets_the_rate_that_is_best_on_validation() -> None:
    *common, own = choosing(RATES).comparisons
    assert [c.setting for c in common] == [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.001}]
    assert all(c.selected == () for c in common)
    assert [(s.arm, s.axis, s.value, s.at_edge) for s in own.selected] == [
        ("relu", "lr", 0.01, False),
        ("elu", "lr", 0.1, True),
    ]
    assert own.family[0].difference.mean == pytest.approx(0.02)
    (warning,) = comparison_warnings(own)
    assert warning.startswith("ELU (lr = 0.1): the value chosen is at an end of the list")


def test_a_rate_at_which_a_run_diverged_is_not_chosen() -> None:
    *_, own = choosing(RATES, lost=("elu", 0.1, 2)).comparisons
    assert [s.value for s in own.selected] == [0.01, 0.01]


# Another question than the study's own.


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"metric": "f2"}, "there is no metric 'f2'"),
        ({"baseline": "gelu"}, "'gelu' is not part of the study; choose one of relu, elu"),
        (
            {"margin": -1.0},
            "the margin is the largest difference that does not matter, a number that is 0 or more, not -1.0",
        ),
        ({"margin": float("nan")}, "a number that is 0 or more, not nan"),
        ({"margin": float("inf")}, "a number that is 0 or more, not inf"),
        ({"at": "first"}, "at is last, best or mean, not 'first'"),
    ],
)
def test_a_wrong_question_is_refused(question: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        comparison_of(scored_records(arms(relu=0, elu=0)), **question)


def test_another_question_replaces_the_study_s() -> None:
    records = scored_records(arms(relu=0, elu=0.003), **STUDY)
    assert verdicts(comparison_of(records)) == {"elu": "the same"}
    assert verdicts(comparison_of(records, margin=0.0)) == {"elu": "better"}
    assert verdicts(comparison_of(records, baseline="ELU(alpha=1.0)")) == {"relu": "the same"}
    other = comparison_of(records, metric="f1")
    assert other.question.margin == 0.002  # of the metric, since the study's margin is for accuracy
    assert verdicts(other) == {"elu": "better"}


def test_the_score_that_counts_may_be_the_best_or_the_mean() -> None:
    falling = [[0.9 + x, 0.99 + x, 0.5 + x] for x in NOISE]
    level = [[0.9 - x, 0.9 - x, 0.9 - x] for x in NOISE]
    records = scored_records({"relu": level, "elu": falling}, **STUDY)
    assert verdicts(comparison_of(records)) == {"elu": "worse"}
    assert verdicts(comparison_of(records, at="best")) == {"elu": "better"}
    mean = comparison_of(records, at="mean").family[0].difference.mean
    assert mean == pytest.approx((0.9 + 0.99 + 0.5) / 3 - 0.9, abs=1e-3)
