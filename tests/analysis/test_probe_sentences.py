"""The inside of networks in sentences: what the numbers show, beside the verdicts, and no cause named."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reluctant.analysis import ReportData, SettingData
from reluctant.analysis.probe_sentences import (
    dead_units_sentence,
    depth_sentence,
    distribution_sentence,
    sentences_beside_verdicts,
)
from reluctant.records.parts import Json
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Study
from tests.support.records import changed_records, record, snapshots_of, study_records

FOUR = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "prelu")
MANY = tuple(f"leaky_relu(negative_slope={i / 100})" for i in range(2, 40))


def analysed(path: Path, study: Study) -> SettingData:
    return ReportData.of(study_records(path, study)).one_setting


def changed(path: Path, study: Study, change: Callable[[Json], None], arm: str = "") -> SettingData:
    return ReportData.of(changed_records(path, study, change, arm)).one_setting


def beside(data: SettingData) -> tuple[str, ...]:
    return sentences_beside_verdicts(data.comparison, data.probes)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> SettingData:
    return analysed(tmp_path_factory.mktemp("four"), Study(activation=FOUR, epochs=4))


def test_sentences_follow_the_numbers(data: SettingData) -> None:
    assert dead_units_sentence(data.probes, data.labels) == (
        "ReLU ends with the largest share of dead units, 25 % at site activation (at the start none). "
        "LeakyReLU 0.002, ELU and PReLU have none throughout."
    )
    assert depth_sentence(data.probes, data.labels) == (
        "The depth index is −1.3 for all at the end; −1 means a gradient ten times smaller at "
        "blocks.0.conv than at head.linear."
    )
    pattern = (
        r"The inputs vary most before \w+( 0\.002)? "
        r"at site \w+(\.\d)?: variance [\d.]+ at the end, [\d.]+ at the start; "
        r"(none|< 0\.01 %|[\d.]+ %) of them lie beyond ±5\.5\."
    )
    assert re.fullmatch(pattern, distribution_sentence(data.probes, data.labels))


def test_no_death_is_a_sentence_too(tmp_path: Path) -> None:
    data = analysed(tmp_path, Study(activation=("elu", "gelu"), epochs=2, seed=0))
    expected = "No activation has any dead units, at any site and in any snapshot."
    assert dead_units_sentence(data.probes, data.labels) == expected


def test_units_that_revive_leave_no_dead_ones(tmp_path: Path) -> None:
    def revive(content: Json) -> None:
        content["epochs"][-1]["probes"]["sites"]["activation"]["dead"] = 0

    data = changed(tmp_path, Study(activation=("relu", "elu"), epochs=2, seed=0), revive)
    assert dead_units_sentence(data.probes, data.labels) == (
        "No activation ends with dead units. ELU has none throughout."
    )


def test_indices_that_differ_are_a_range(tmp_path: Path) -> None:
    def shrink(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot["layers"]["blocks.0.conv"][0] *= 1e-3

    data = changed(tmp_path, Study(activation=("elu", "gelu"), epochs=2), shrink, "gelu")
    text = depth_sentence(data.probes, data.labels)
    assert text.startswith("The depth index runs from −4.3 for GELU to −1.3 for ELU at the end;")


def test_a_gradient_that_does_not_arrive_is_a_sentence(tmp_path: Path) -> None:
    def stop(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot["sites"]["activation"] |= {"in": [None, None], "gradient": None}
            snapshot["layers"]["blocks.0.conv"] = [0.0, None, 0.1]

    data = changed(tmp_path, Study(activation=("relu", "prelu"), epochs=2, seed=(0, 1)), stop)
    text = depth_sentence(data.probes, data.labels)
    assert text == "Under ReLU and PReLU no gradient reaches blocks.0.conv in some run."
    assert "activation" not in distribution_sentence(data.probes, data.labels)


def test_without_sites_or_layers_there_is_nothing_to_say(tmp_path: Path) -> None:
    def blind(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot |= {"sites": {}, "layers": {"blocks.0.conv": [1.0, 1.0, 1.0]}}

    data = changed(tmp_path, Study(activation=("relu", "elu"), epochs=2, seed=0), blind)
    assert dead_units_sentence(data.probes, data.labels) == ""
    assert depth_sentence(data.probes, data.labels) == ""
    assert distribution_sentence(data.probes, data.labels) == ""
    assert beside(data) == ()


# Beside the verdicts.


@pytest.mark.parametrize(
    ("margin", "clause"),
    [(0.5, "their macro F1 is the same within ±50 points."), (0.0, "whether their macro F1 differs is undecided.")],
)
def test_deaths_stand_beside_the_verdict_and_no_cause_is_named(tmp_path: Path, margin: float, clause: str) -> None:
    study = Study(activation=("relu", "elu"), epochs=3, compare={"margin": margin})
    (text,) = beside(analysed(tmp_path, study))
    assert text == f"At site activation, ReLU loses 25 % of its units by the first evaluation, ELU none; {clause}"
    assert not re.search(r"\b(because|since|therefore|due|cause[sd]?|so that|why)\b", text)


def test_a_difference_of_scores_is_a_clause_too(tmp_path: Path) -> None:
    def fall(content: Json) -> None:
        wrong = [[0, 20] + [0] * 8] * 10
        content["epochs"][-1]["confusion"]["test"] = wrong

    study = Study(activation=("relu", "elu"), epochs=3, compare={"margin": 0.001})
    (text,) = beside(changed(tmp_path, study, fall, "elu"))
    assert re.search(r"; ELU is worse than ReLU by \d\d\.\d\d points of macro F1\.$", text)


def test_gradients_and_saturated_values_are_mentioned_where_nothing_dies(tmp_path: Path) -> None:
    def shrink(content: Json) -> None:
        for snapshot in snapshots_of(content):
            snapshot["layers"]["blocks.0.conv"][0] *= 1e-3

    def saturate(content: Json) -> None:
        values = content["start"]["sites"]["activation"]["values"]
        for snapshot in snapshots_of(content)[1:]:
            snapshot["sites"]["activation"]["saturated"] = values

    study = Study(activation=("elu", "gelu"), epochs=2)
    (text,) = beside(changed(tmp_path / "a", study, shrink, "gelu"))
    assert text.startswith("The gradient at blocks.0.conv is 5e-05 times under GELU and 0.05 times under ELU that at")
    (text,) = beside(changed(tmp_path / "b", study, saturate, "gelu"))
    assert text.startswith(
        "At site activation, the share of values at which the slope of GELU is below 0.05 rises from 20 % to 100 % "
        "over the run; "
    )


def test_saturated_values_of_two_activations_are_not_compared(tmp_path: Path) -> None:
    """Half of ReLU's values are saturated by its nature (docs/inside.md)."""

    def saturate(content: Json) -> None:
        values = content["start"]["sites"]["activation"]["values"]
        for snapshot in snapshots_of(content):
            snapshot["sites"]["activation"]["saturated"] = values

    assert beside(changed(tmp_path, Study(activation=("elu", "gelu"), epochs=2), saturate, "gelu")) == ()


def test_an_activation_whose_slope_is_nowhere_0_is_not_praised_for_having_no_dead_units(tmp_path: Path) -> None:
    def bend(content: Json) -> None:
        content["shape"]["slope"] = [max(slope, 0.01) for slope in content["shape"]["slope"]]

    study = Study(activation=("relu", "elu", "gelu"), epochs=3, compare={"margin": 0.0})
    study_records(tmp_path, study)
    for arm in ("elu", "gelu"):
        for run in study.runs():
            if run.activation == arm:
                content = record(run).to_json()
                bend(content)
                Store(tmp_path / "runs").add(run.key, content)
    data = ReportData.of(StudyRecords.read(tmp_path)).one_setting
    assert beside(data) == (
        "At site activation, ReLU loses 25 % of its units by the first evaluation; "
        "whether the macro F1 of ELU and GELU differs from that of ReLU is undecided.",
    )
    assert "throughout" not in dead_units_sentence(data.probes, data.labels)


def test_where_nothing_differs_nothing_is_mentioned(tmp_path: Path) -> None:
    assert beside(analysed(tmp_path, Study(activation=("elu", "gelu"), epochs=2))) == ()


def test_what_is_alike_is_one_sentence(tmp_path: Path) -> None:
    study = Study(activation=("relu", "prelu", *MANY), epochs=6, seed=(0, 1, 2), compare={"margin": 0.0})
    (text,) = beside(analysed(tmp_path, study))
    assert text == (
        "At site activation, ReLU loses 25 % of its units by the first evaluation, 39 activations none; "
        "whether the macro F1 of each differs from that of ReLU is undecided."
    )


def test_deaths_over_the_run_are_told_from_those_in_the_first_epoch(tmp_path: Path) -> None:
    def slowly(content: Json) -> None:
        for epoch, snapshot in enumerate(snapshots_of(content)):
            snapshot["sites"]["activation"]["dead"] = 8 * epoch

    def on(content: Json) -> None:
        for snapshot, dead in zip(snapshots_of(content), (0, 32, 48, 64), strict=True):
            snapshot["sites"]["activation"]["dead"] = dead

    study = Study(activation=("elu", "gelu"), epochs=3, seed=(0, 1))
    (text,) = beside(changed(tmp_path / "a", study, slowly, "gelu"))
    assert text.startswith("At site activation, GELU loses 19 % of its units over the run, ELU none;")
    (text,) = beside(changed(tmp_path / "b", study, on, "gelu"))
    start = (
        "At site activation, GELU loses 25 % of its units by the first evaluation and ends with 50 % dead, ELU none;"
    )
    assert text.startswith(start)


def test_many_activations_get_three_sentences_and_a_count(tmp_path: Path) -> None:
    names = ("elu", *(f"elu(alpha=1.{i})" for i in range(1, 9)))

    def die(content: Json) -> None:
        for snapshot in snapshots_of(content)[1:]:
            snapshot["sites"]["activation"]["dead"] = 5 * names.index(content["run"]["activation"])

    sentences = beside(changed(tmp_path, Study(activation=names, epochs=2, seed=(0, 1)), die))
    assert len(sentences) == 4
    assert sentences[-1] == "5 further activations differ inside from the baseline."
