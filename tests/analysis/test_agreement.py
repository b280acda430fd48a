"""Records of one seed agree where they must; otherwise there is no verdict, and the reason is said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reluctant.analysis.agreement import withheld_verdicts
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.study_facts import warnings
from reluctant.records.parts import Json
from reluctant.records.study_records import StudyRecords
from reluctant.statistics.verdict import Verdict
from reluctant.study import Study
from tests.support.records import changed_records, snapshots_of, study_records
from tests.support.scored import scored_records

SCORES = {
    "relu": [0.9, 0.901, 0.902, 0.9, 0.902],
    "gelu": [0.95, 0.952, 0.951, 0.95, 0.952],
    "elu": [0.93, 0.931, 0.929, 0.93, 0.93],
}
CLAIM = {"says": "GELU is better", "of": "gelu", "is": "higher", "than": "relu"}
STUDY = Study(activation=["relu", "gelu", "prelu"], seed=[0, 1], epochs=2)


def changed(activation: str, seed: int, **fields: Any) -> StudyRecords:
    """The records of a study with other fields in the record of one run."""
    records = scored_records(SCORES, claim=[CLAIM])
    runs = tuple(
        replace(result, record=result.record.model_copy(update=fields))
        if (result.arm, result.seed) == (activation, seed)
        else result
        for result in records.runs
    )
    return replace(records, runs=runs)


def verdicts(records: StudyRecords) -> dict[str, Verdict]:
    return {each.arm: each.decision.verdict for each in ReportData.of(records).one_setting.comparison.family}


def other_start(content: Json) -> None:
    content["start"]["layers"]["blocks.1.conv"][1] += 1e-6


def test_a_sound_study_has_verdicts(tmp_path: Path) -> None:
    records = scored_records(SCORES)
    assert withheld_verdicts(records.runs) == {}
    assert set(verdicts(records).values()) == {Verdict.BETTER}
    assert withheld_verdicts(study_records(tmp_path, STUDY)) == {}


def test_runs_on_different_data_have_no_verdict() -> None:
    records = changed("gelu", 1, data="2" * 64)
    assert set(verdicts(records).values()) == {Verdict.NONE}
    reason = "the runs were trained on different data (checksums 1111111111 and 2222222222 of digits)"
    assert f"No verdict: {reason}" in warnings(records)
    (claim,) = ReportData.of(records).one_setting.claims
    assert claim.outcome == "undecided"
    assert claim.test.endswith(f"{reason}, so no claim is tested")


def test_two_activations_with_the_same_final_weights_have_no_verdict() -> None:
    records = changed("gelu", 0, weights=scored_records(SCORES).runs[0].record.weights)
    assert verdicts(records) == {"gelu": Verdict.NONE, "elu": Verdict.BETTER}
    (warning,) = [text for text in warnings(records) if text.startswith("No verdict")]
    assert warning.startswith("No verdict: gelu and relu: both ended with the same weights for seed 0: the network")


def test_runs_that_start_with_different_weights_have_no_verdict(tmp_path: Path) -> None:
    records = changed_records(tmp_path, STUDY, other_start, "gelu")
    (reason,) = withheld_verdicts(records).values()
    assert reason == "relu and gelu started with different weights in blocks.1.conv for seed 0"


@pytest.mark.parametrize("init", ["kaiming", "as_made"])
def test_initial_weights_that_depend_on_the_activation_may_differ(tmp_path: Path, init: str) -> None:
    study = Study(activation=["relu", "gelu"], seed=[0, 1], epochs=2, init=init)
    assert withheld_verdicts(changed_records(tmp_path, study, other_start, "gelu")) == {}


def other_start_by_its_own_code(content: Json) -> None:
    other_start(content)
    content["sources"] = {"my_nets:Net: initial weights": "own"}


def test_a_network_that_draws_its_weights_itself_may_begin_with_others(tmp_path: Path) -> None:
    assert withheld_verdicts(changed_records(tmp_path, STUDY, other_start_by_its_own_code)) == {}
    changed = changed_records(tmp_path, STUDY, other_start_by_its_own_code, "relu")
    assert withheld_verdicts(changed) == {}


def parts_of_the_activation(content: Json) -> None:
    """An activation with a layer of its own, which begins with another value in every arm."""
    size = 0.1 if content["run"]["activation"] == "relu" else 0.4
    content["layers"].append({"name": "activation.inner", "kind": "Linear", "shape": [128], "parameters": 1})
    for snapshot in snapshots_of(content):
        snapshot["layers"]["activation.inner"] = [0.1, size, 0.0]


def only_later(content: Json) -> None:
    """A layer that the first snapshot lacks."""
    for snapshot in snapshots_of(content)[1:]:
        snapshot["layers"]["blocks.1.norm"] = [0.1, 2.0, 0.0]


@pytest.mark.parametrize("change", [parts_of_the_activation, only_later])
def test_what_cannot_be_compared_is_no_difference(tmp_path: Path, change: Callable[[Json], None]) -> None:
    assert withheld_verdicts(changed_records(tmp_path, STUDY, change)) == {}
