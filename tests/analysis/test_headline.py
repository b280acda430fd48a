"""The sentences at the top of a report: what is better than what, and no more than the runs show."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reluctant.analysis import headline
from reluctant.analysis.headline import nothing_learned
from reluctant.analysis.report_data import ReportData
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.figures import FOUR
from tests.support.records import record, study_folder, study_records
from tests.support.scored import report_data, scored_records


def leveled(path: Path, study: Study, accuracy: Callable[[Run], float | None]) -> ReportData:
    """The analysis of runs that have about this accuracy; None diverges."""
    study_folder(path, study, skip=study.size)
    for run in study.runs():
        level = accuracy(run)
        content = record(run, accuracy=level or 0.9, images=2000, diverged=None if level else 1)
        Store(path / "runs").add(run.key, content)
    return ReportData.of(StudyRecords.read(path))


def sentences(data: ReportData) -> str:
    return " ".join(headline(data))


def of_study(path: Path, study: Study) -> str:
    return sentences(ReportData.of(study_records(path, study)))


def test_the_headline_gives_the_verdicts_and_the_data(tmp_path: Path) -> None:
    level = {"relu": 0.9, "elu": 0.99, "gelu": 0.8}
    data = leveled(tmp_path, Study(activation=tuple(level), epochs=3), lambda run: level[run.activation])
    better = data.scores.interval("f1", "elu").mean - data.scores.interval("f1", "relu").mean
    text = sentences(data)
    assert text.startswith(
        f"On this test set, ELU is better than ReLU by {100 * better:.2f} points of macro F1. On this "
    )
    assert "Measured on scikit-learn digits (" in text
    assert "only the paired comparison can tell" not in text


def test_of_the_loss_the_lower_is_better(tmp_path: Path) -> None:
    level = {"relu": 0.9, "elu": 0.99}
    study = Study(activation=tuple(level), epochs=3, compare={"metric": "loss"})
    text = sentences(leveled(tmp_path, study, lambda run: level[run.activation]))
    assert text.startswith("On this test set, ELU is better than ReLU by 0.")
    assert "nats of " in text


@pytest.mark.parametrize(
    ("seeds", "part", "absent"),
    [
        (1, "With one seed there is no interval", "fewer than five"),
        (3, "Intervals over fewer than five seeds are wide and uncertain.", "one seed"),
        (5, "Measured on", "five seeds"),
    ],
)
def test_the_headline_depends_on_the_number_of_seeds(tmp_path: Path, seeds: int, part: str, absent: str) -> None:
    text = of_study(tmp_path, Study(activation=FOUR, epochs=2, seed=tuple(range(seeds))))
    assert part in text
    assert absent not in text


def test_one_activation_is_not_compared(tmp_path: Path) -> None:
    text = of_study(tmp_path, Study(activation="relu", epochs=2))
    pattern = r"On scikit-learn digits \(.*\), ReLU ends at a mean macro F1 of 0\.\d{4} ± 0\.\d{4} \(5 seeds\)"
    assert re.match(pattern, text)
    assert "comparison" not in text


def test_one_activation_at_two_settings_is_not_compared(tmp_path: Path) -> None:
    text = of_study(tmp_path, Study(activation="relu", epochs=2, lr=(0.1, 0.01)))
    assert text.startswith("Only ReLU takes part, at two settings; there is nothing to compare.")


def test_an_activation_without_a_score_gets_no_verdict(tmp_path: Path) -> None:
    study = Study(activation=FOUR, epochs=2)
    text = sentences(leveled(tmp_path, study, lambda run: None if run.activation == "gelu" else 0.9))
    assert "o verdict for GELU: no seed has two finished runs" in text
    assert "Lost runs: GELU: 5 diverged of 5 runs." in text


@pytest.mark.parametrize("scores", [[0.5, 0.51, 0.49], [0.54, 0.5, 0.5]])
def test_networks_at_chance_are_named_first(scores: list[float]) -> None:
    data = report_data({"relu": scores, "elu": scores[::-1]})
    assert headline(data)[0] == (
        "No network has learned anything: no accuracy is above chance. More seeds decide nothing here; try another "
        "learning rate, more epochs or another network."
    )
    one = report_data({"relu": scores, "elu": [0.9, 0.5, 0.5]})
    assert nothing_learned(one).startswith("ReLU has learned nothing: no accuracy is above chance.")
    assert not nothing_learned(report_data({"relu": [0.5, 0.6, 0.5], "elu": [0.5, 0.56, 0.5]}))


@pytest.mark.parametrize(("hits", "learned"), [(0, False), (3, False), (60, True)])
def test_rare_classes_may_be_learned_below_the_share_of_the_most_frequent_one(hits: int, learned: bool) -> None:
    """Of 10,000 items 100 are rare; 120 are predicted so. Predicting none would be right in 99 %."""
    matrix = [[9_900 - (120 - hits), 120 - hits], [100 - hits, hits]]
    records = scored_records({"relu": [0.9, 0.9], "elu": [0.9, 0.9]})
    runs = tuple(replace(run, counts={**run.counts, "test": np.array([matrix])}) for run in records.runs)
    assert bool(nothing_learned(ReportData.of(replace(records, runs=runs)))) != learned
