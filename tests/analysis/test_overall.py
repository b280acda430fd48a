"""Several settings: one answer over all, verdicts at each decided together, tuned values chosen by earlier seeds."""

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reluctant import figures
from reluctant.analysis import ReportData
from reluctant.analysis.headline import headline
from reluctant.analysis.overall import overall_sentences
from reluctant.analysis.sentence import comparison_warnings
from reluctant.records.run_result import RunResult
from reluctant.records.schema import HistoryRecord
from reluctant.records.study_records import StudyRecords
from reluctant.statistics import Verdict, over_settings, paired
from reluctant.study import Run, Study
from tests.support.figures import words
from tests.support.scored import report_data, scored_record, scored_records

RATES = [0.001, 0.002, 0.003, 0.01]
BATCHES = [16, 32, 64, 128]
COMPARE = {"metric": "accuracy", "margin": 0.01}


def settings_data(level: Any, *, seeds: int = 5, **fields: Any) -> ReportData:
    """A study over batch sizes, every run with the accuracy that `level` gives it."""
    usual = {"activation": ["relu", "elu"], "seed": list(range(seeds)), "batch_size": BATCHES, "epochs": 1}
    study = Study(**{**usual, "compare": COMPARE, **fields})
    runs = tuple(RunResult.of(scored_record(run, [level(run)])) for run in study.runs())
    return ReportData.of(StudyRecords(study, runs))


def noise(run: Run) -> float:
    rng = np.random.default_rng(zlib.crc32(f"{run.activation} {run.seed} {run.batch_size} {run.lr}".encode()))
    return 0.002 * float(rng.standard_normal())


def better(run: Run) -> float:
    return 0.9 + (0.03 + 0.001 * BATCHES.index(run.batch_size)) * (run.activation == "elu") + noise(run)


def test_one_answer_over_all_settings() -> None:
    data = settings_data(better)
    (answer,) = data.overall
    assert (answer.arm, answer.verdict, answer.difference.settings) == ("elu", Verdict.BETTER, 4)
    values = [[c.scores.values("accuracy", arm) for arm in ("elu", "relu")] for c in data.comparisons]
    assert answer.difference == over_settings([one - other for one, other in values], resolution=0.001)
    text, varies = overall_sentences(data.comparisons, data.overall)
    assert text.startswith("Over 4 settings, on these test sets (accuracy): ELU is better than ReLU by 3.")
    assert varies.startswith("Standard deviation of the difference between settings, and what is expected in a new one")
    assert headline(data)[:2] == (text, varies)


def test_settings_are_decided_together() -> None:
    data = settings_data(better)
    for comparison in data.comparisons:
        (contrast,) = comparison.family
        values = [comparison.scores.values("accuracy", arm) for arm in ("elu", "relu")]
        expected = paired(*values, resolution=0.001, sequential=True, comparisons=4)
        assert contrast.difference.corrected == expected.corrected
        assert contrast.interval == expected.decides


@pytest.mark.parametrize("seeds", [2, 5])
def test_two_settings_have_no_answer_of_their_own(seeds: int) -> None:
    assert settings_data(better, batch_size=[16, 32], seeds=seeds).overall == ()
    assert settings_data(better, seeds=2).overall == ()


def test_an_arm_that_lost_runs_at_a_setting_is_not_better_over_all() -> None:
    def level(run: Run) -> float:
        collapsed = run.activation == "elu" and run.seed == 1 and run.batch_size == 16
        return 0.2 if collapsed else better(run)

    (answer,) = settings_data(level).overall
    assert answer.verdict == Verdict.NONE


@pytest.mark.parametrize(("arm", "verdict"), [("relu", Verdict.BETTER), ("gelu", Verdict.NONE)])
def test_a_run_that_collapsed_is_in_no_mean_over_settings(arm: str, verdict: Verdict) -> None:
    """A collapsed run of the baseline moved the mean of every arm by ten points."""

    def level(run: Run) -> float:
        collapsed = run.activation == arm and run.seed == 1 and run.batch_size == 16
        return 0.2 if collapsed else 0.88 + 0.08 * (run.activation != "relu") + noise(run)

    data = settings_data(level, activation=["relu", "gelu"])
    (answer,) = data.overall
    assert answer.verdict == verdict
    assert answer.difference.mean == pytest.approx(0.08, abs=0.005)


def test_settings_at_chance_are_no_lost_runs() -> None:
    data = settings_data(lambda run: 0.5 if run.batch_size == 16 else better(run))
    (answer,) = data.overall
    assert (answer.verdict, answer.difference.settings) == (Verdict.NONE, 3)
    assert "ELU has no verdict, because some settings have none" in overall_sentences(data.comparisons, data.overall)[0]


def test_each_seed_is_compared_at_the_value_that_earlier_seeds_chose() -> None:
    """The validation scores favour .01 in the first three seeds, and .002 in the later ones."""

    def level(run: Run) -> float:
        favoured = 0.01 if int(run.seed) < 3 else 0.002
        return 0.95 if run.lr == favoured and run.activation == "elu" else 0.9 + 0.001 * RATES.index(run.lr)

    data = settings_data(level, lr=RATES, batch_size=32, choose="lr", seeds=9)
    selected = next(c for c in data.comparisons if c.selected)
    rates = {run.seed: run.value("lr") for run in selected.scores.of("elu")}
    assert rates == {2: 0.01, 3: 0.01, 4: 0.01, 5: 0.01, 6: 0.01, 7: 0.002, 8: 0.002}
    assert {each.arm: each.value for each in selected.selected} == {"relu": 0.01, "elu": 0.002}
    assert selected.family[0].difference.n == 7


def test_the_question_of_a_study_is_the_one_before_its_first_result() -> None:
    """A baseline or margin that is shopped for afterwards leaves its mark, by an option or in the file."""
    scores = {"relu": [0.9, 0.91, 0.905], "elu": [0.95, 0.951, 0.952], "gelu": [0.93, 0.931, 0.929]}
    records = scored_records(scores, compare={**COMPARE, "margin": 0.02, "baseline": "gelu"})
    assert ReportData.of(records).question.changed == ()
    first = {"metric": "accuracy", "margin": 0.01, "baseline": None, "at": "last"}
    now = {"metric": "accuracy", "margin": 0.02, "baseline": "gelu", "at": "last", "looks": "any"}
    for looked, expected in ((True, ("baseline", "margin")), (False, ())):
        change = HistoryRecord(date="2026-01-01", looked=looked, changed={"compare": [first, now]})
        changed = replace(records, history=(change,))
        assert ReportData.of(changed).question.changed == expected
    assert any("Exploratory: another baseline and margin" in text for text in headline(ReportData.of(
        replace(records, history=(HistoryRecord(date="2026-01-01", looked=True, changed={"compare": [first, now]}),))
    )))  # fmt: skip


def test_networks_at_chance_are_given_no_seeds_but_another_recipe() -> None:
    scores = {"relu": [0.5, 0.51, 0.49, 0.5, 0.505], "elu": [0.49, 0.5, 0.51, 0.5, 0.495]}
    text = " ".join(headline(report_data(scores, compare=COMPARE)))
    assert text.startswith("No network has learned anything")
    assert "No verdict for ELU: no network has learned anything." in text
    assert "more seeds would decide" not in text


def test_clean_runs_say_what_they_do_not_exclude(tmp_path: Path) -> None:
    scores = {"relu": [0.9, 0.91, 0.905, 0.9, 0.91], "elu": [0.9, 0.91, 0.905, 0.9, 0.91]}
    assert "No run diverged or collapsed; 5 runs do not exclude that up to 45 % do." in headline(report_data(scores))
    scores["elu"][2] = 0.1
    assert "Lost runs: ELU: 1 collapsed of 5 runs." in headline(report_data(scores))


def test_arms_that_were_added_later_are_named() -> None:
    scores = {"relu": [0.9, 0.91, 0.905], "elu": [0.95, 0.951, 0.952]}
    change = HistoryRecord(date="2026-01-01", looked=True, changed={"activation": [["relu"], ["relu", "elu"]]})
    records = scored_records(scores, compare=COMPARE)
    assert not any("were added" in text for text in headline(ReportData.of(records)))
    text = headline(ReportData.of(replace(records, history=(change,))))
    assert any(each.startswith("Activations were added when there were results already") for each in text)


def test_an_arm_of_another_spread_is_named_where_a_verdict_hangs_on_it() -> None:
    scores = {"relu": [0.9, 0.9, 0.901, 0.9, 0.9, 0.901], "elu": [0.95, 0.96, 0.97, 0.945, 0.955, 0.965]}
    (comparison,) = report_data(scores, compare=COMPARE).comparisons
    assert comparison.family[0].verdict == Verdict.BETTER
    ratio = comparison.spread_ratio("elu")
    assert ratio > 3
    (warning,) = comparison_warnings(comparison)
    assert warning.startswith(
        f"The standard deviation of ELU is {ratio:.2g} times that of ReLU. If scores are skewed, "
    )
    alike = {**scores, "relu": [value - 0.05 for value in scores["elu"]]}
    assert comparison_warnings(report_data(alike, compare=COMPARE).comparisons[0]) == ()


def test_a_study_that_is_judged_once_is_provisional_until_it_is_complete() -> None:
    scores = {"relu": [0.9, 0.91, 0.905, 0.9], "elu": [0.95, 0.951, 0.952, 0.95]}
    whole = scored_records(scores, compare={**COMPARE, "looks": "at the end"})
    part = replace(whole, runs=whole.runs[:6])
    assert "2 of" not in " ".join(headline(ReportData.of(whole)))
    data = ReportData.of(part)
    assert "6 of 8 runs so far. Verdicts are provisional until all runs have finished." in headline(data)
    figure = figures.differences(data.one_setting.comparison)
    assert "rings: provisional, runs are missing" in words(figure)
    assert "so far" in words(figure)
    always = replace(
        part, study=part.study.model_copy(update={"compare": scored_records(scores, compare=COMPARE).study.compare})
    )
    assert "6 of 8 runs so far. Verdicts hold at every look." in headline(ReportData.of(always))
