"""The facts of a study that no score holds: what was trained, where, what went wrong, what changed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reluctant.analysis import machines, study_facts
from reluctant.core.environment import environment_id
from reluctant.records.schema import HistoryRecord
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.records import ENVIRONMENT, record, study_folder, study_records
from tests.support.regressed import regression_records

STUDY = Study(activation=["relu", "elu"], seed=[0, 1, 2], epochs=2)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> StudyRecords:
    return study_records(tmp_path_factory.mktemp("facts"), STUDY)


def facts(study: Study) -> dict[str, str]:
    return dict(study_facts.recipe(StudyRecords(study, ()), "images"))


def test_the_recipe_in_terms_and_values(records: StudyRecords) -> None:
    terms = dict(study_facts.recipe(records, "images"))
    assert terms["About"] == "How do 2 activations compare?"
    assert terms["Images"] == (
        "200 for training, 200 for validation (used for choices such as the learning rate), "
        "200 test images to report on"
    )
    assert terms["Activations"] == "relu, elu"
    assert terms["Network"].startswith("convnet: ")
    assert terms["Seeds"] == "3 (0 to 2), the same for every activation"
    assert terms["Runs"] == "6 of 6 finished"
    assert not {"Schedule", "Gradients", "Labels", "Augmentation", "Early stopping"} & set(terms)


def test_options_stand_in_the_recipe_where_they_differ_from_the_defaults() -> None:
    terms = facts(
        Study(
            activation="relu", seed=[4, 7], schedule="cosine(warmup=1)", clip_norm=[0.0, 2.0], label_smoothing=0.1,
            augment="flip", patience=1, about="Why?",
        )
    )  # fmt: skip
    assert terms["About"] == "Why?"
    assert terms["Schedule"].startswith("cosine(warmup=1): ")
    assert terms["Gradients"] == "unchanged; scaled down to a total norm of 2 where it is larger"
    assert terms["Labels"] == "smoothed: a share of 0.1 goes to all classes alike"
    assert terms["Augmentation"].startswith("flip: ")
    assert terms["Early stopping"] == "after 1 epoch without a lower validation loss"
    assert terms["Seeds"] == "2 (4, 7), the same for every activation"
    assert terms["Images"] == "not known before a first epoch has ended"
    assert facts(Study(activation="relu", seed=3))["Seeds"] == "one (3)"


def test_the_user_s_own_objects_have_their_names() -> None:
    terms = facts(Study(activation="relu", model="tests.support.own_models:Small"))
    assert terms["Network"] == "tests.support.own_models:Small"


def test_the_inputs_are_called_as_the_data_call_them(tmp_path: Path, records: StudyRecords) -> None:
    assert study_facts.items_of(records) == "images"
    rows = regression_records(tmp_path / "rows")
    assert study_facts.items_of(rows) == "rows"
    data = next(iter(rows.data.values()))
    several = {each.sha256: each for each in (data, data.model_copy(update={"sha256": "2", "items": "signals"}))}
    assert study_facts.items_of(replace(rows, runs=(), data=several)) == "inputs"


def test_classes_have_names_where_they_are_known(records: StudyRecords) -> None:
    digits = tuple(str(i) for i in range(10))
    assert study_facts.class_names(records, 10) == digits
    assert study_facts.class_names(records, 3) == ("0", "1", "2")
    fashion = StudyRecords(Study(activation="relu", dataset="fashion_mnist"), ())
    assert "Trouser" in study_facts.class_names(fashion, 10)


def test_a_run_is_named_by_what_tells_it_from_the_others() -> None:
    study = Study(activation=["relu", "gelu"], lr=[0.1, 0.01])
    assert study_facts.run_text(Run("gelu", 3, lr=0.01), study) == "gelu, seed 3, lr = 0.01"
    assert study_facts.run_text(Run("gelu", 3), STUDY) == "gelu, seed 3"
    control = Study(activation=["relu", "gelu"], seed=[0, 1], lr=[0.1, 0.01], control=True)
    assert study_facts.run_text(Run("relu", 3, lr=0.01), control) == "relu, seed 3 (control), lr = 0.01"
    assert study_facts.run_text(Run("relu", 1), None) == "relu, seed 1"


def test_warnings_are_counted_and_damage_is_named(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    runs = list(STUDY.runs())
    store = Store(tmp_path / "runs")
    for run in runs[:2]:
        store.add(run.key, record(run).model_copy(update={"warnings": ["no gradient arrives"]}))
    store.path(runs[2].key).write_text("{")
    (tmp_path / "history.jsonl").write_text("{")
    assert study_facts.warnings(StudyRecords.read(tmp_path)) == (
        "no gradient arrives (2 runs)",
        "1 record damaged and left out; `reluctant run` trains the runs again",
        "Damaged and left out: history.jsonl",
    )


def test_a_table_of_seeds_is_a_warning() -> None:
    table = StudyRecords(Study(activation="relu", seed={"init": [0, 1]}), ())
    (warning,) = study_facts.warnings(table)
    assert warning.startswith("A table of seeds: runs share weights, orders or splits")


def test_different_machines_are_a_warning_and_listed(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    other: dict[str, Any] = {**ENVIRONMENT, "processor": "another", "packages": {"torch": "2.14.0"}}
    (tmp_path / "environments" / f"{environment_id(other)}.json").write_text(json.dumps(other))
    run = next(STUDY.runs())
    changes = {"environment": environment_id(other)}
    Store(tmp_path / "runs").add(run.key, record(run).model_copy(update=changes))
    records = StudyRecords.read(tmp_path)
    processor, torch = study_facts.warnings(records)
    assert processor == (
        "Runs were trained with different processor: another (1 run), a processor (5 runs). Last digits may differ"
    )
    assert "different torch: 2.14.0 (1 run), 2.13.0 (5 runs)" in torch
    first, second = map(dict, machines.environments(records))
    assert (first["Processor"], first["Runs"], second["Runs"]) == ("another", "1", "5")
    assert second["Packages"] == "torch 2.13.0"


def test_a_missing_environment_is_listed_as_missing(tmp_path: Path) -> None:
    study_folder(tmp_path, STUDY)
    for path in (tmp_path / "environments").iterdir():
        path.unlink()
    (pairs,) = machines.environments(StudyRecords.read(tmp_path))
    assert pairs == [("Machine", "its description is missing from the folder"), ("Runs", "6")]


def test_provenance_adds_the_times_of_all_runs(records: StudyRecords) -> None:
    terms = dict(machines.provenance(records))
    assert terms["Data, SHA-256"] == "1" * 64
    assert terms["Version of the training code"] == "2"
    assert terms["Time"] == "41 s of training and evaluation, all runs together"  # 6 · 2 · 3.4
    nothing = dict(machines.provenance(StudyRecords(STUDY, ())))
    assert nothing["Data, SHA-256"] == "not known"


def test_changes_of_the_study_are_lines() -> None:
    changes = (
        HistoryRecord(date="2026-01-01", looked=False, changed={"seed": [[0], [0, 1]]}),
        HistoryRecord(date="2026-01-02", looked=True, changed={"seed": [], "about": []}),
    )
    assert study_facts.history(StudyRecords(STUDY, (), history=changes)) == (
        "2026-01-01: seed changed",
        "2026-01-02: seed, about changed, when there were results already",
    )


def test_the_command_repeats_the_study(records: StudyRecords) -> None:
    folder = records.folder
    command = f"reluctant run {folder}/study.toml -o {folder}"
    assert study_facts.command_to_repeat(records) == command
    quick = StudyRecords(Study.read("quick"), ())
    assert study_facts.command_to_repeat(quick) == "reluctant run quick"
    changed = StudyRecords(Study.read("quick", {"seed": [9]}), ())
    assert study_facts.command_to_repeat(changed).startswith("reluctant run out/quick/study.toml")


def test_the_layers_are_those_of_the_first_record_that_lists_them(records: StudyRecords) -> None:
    layers, parameters = study_facts.network_layers(records)
    assert [layer.name for layer in layers][:2] == ["blocks.0.conv", "blocks.0.norm"]
    assert parameters == 110922
    assert study_facts.network_layers(StudyRecords(STUDY, ())) == ([], None)
