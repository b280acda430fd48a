"""What is reported about data: warnings of items in train and test, and a description before training."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reluctant.api.execution import ExecutionOptions
from reluctant.api.run import run_events
from reluctant.cli import main
from reluctant.data import describe_dataset, load
from reluctant.data.checks import checked, overlap_warning
from reluctant.data.survey import item_digests
from reluctant.engines import Message, Started
from reluctant.records.study_dir import StudyDir
from reluctant.study import Study
from tests.support.data_files import unhurried

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (40, 3, 4, 4), dtype=np.uint8)


def test_splits_without_a_common_item_give_no_warning() -> None:
    assert overlap_warning(item_digests(PIXELS[:30]), item_digests(PIXELS[30:]), "images") == ""


def test_common_items_are_counted_and_the_first_pair_is_named() -> None:
    test = np.concatenate([PIXELS[30:], PIXELS[[7, 3]]])
    assert overlap_warning(item_digests(PIXELS[:30]), item_digests(test), "images") == (
        "2 of 12 test images occur in the training data too (the first: test image 10 is training image 7, "
        "counted from 0); scores on them say nothing about new images"
    )


def test_one_common_item_is_in_the_singular() -> None:
    assert overlap_warning(item_digests(PIXELS), item_digests(PIXELS[5:6]), "images") == (
        "1 of 1 test images occurs in the training data too (test image 0 is training image 5, counted from "
        "0); scores on it say nothing about new images"
    )


@unhurried
@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.lists(st.integers(0, 6), min_size=1, max_size=20))
def test_common_items_are_those_that_a_search_finds(train: list[int], test: list[int]) -> None:
    common = [value for value in test if value in train]
    in_train, in_test = (item_digests(np.array(part, np.float32)[:, None]) for part in (train, test))
    warning = overlap_warning(in_train, in_test, "rows")
    assert warning.startswith(f"{len(common)} of {len(test)} test rows " if common else "")
    assert bool(warning) == bool(common)
    if common:
        first = test.index(common[0])
        assert f"test row {first} is training row {train.index(common[0])}," in warning


def test_zero_equals_minus_zero() -> None:
    positive, negative = (item_digests(np.array([[zero]], np.float32)) for zero in (0.0, -0.0))
    assert overlap_warning(positive, negative, "rows")


@pytest.mark.parametrize("labels", [[0, 1] * 5, [1, 0] * 5])
def test_a_data_set_has_the_warning_whatever_the_labels(labels: list[int]) -> None:
    train: NDArray[Any] = np.arange(30, dtype=np.float32).reshape(10, 3)
    dataset = checked("mine", (train, [0, 1] * 5), (train, labels), title="Mine")
    assert len(dataset.warnings) == 1
    assert dataset.warnings[0].startswith("10 of 10 test rows occur in the training data too")


def test_a_warning_is_not_repeated() -> None:
    train = np.arange(30, dtype=np.float32).reshape(10, 3)
    once = checked("mine", (train, [0, 1] * 5), (train, [0, 1] * 5), title="Mine")
    again = checked(
        "mine",
        (once.train.inputs, once.train.targets),
        (once.test.inputs, once.test.targets),
        title="Mine",
        warnings=once.warnings,
    )
    assert again.warnings == once.warnings


def test_every_data_set_is_described_before_the_first_run_begins(tmp_path: Path) -> None:
    study = Study(activation=["relu"], dataset=["digits"], model=["mlp"], epochs=1, seed=[0])
    events = list(run_events(study, StudyDir(tmp_path / "out"), ExecutionOptions(engine="serial")))
    kinds = [type(event) for event in events]
    messages = [event for event in events if isinstance(event, Message)]
    assert [event.text for event in messages] == [describe_dataset(load("digits"))]
    assert kinds.index(Message) < kinds.index(Started)


def test_a_dry_run_shows_the_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    study = "name = 's'\nmodel = 'mlp'\nactivation = ['relu']\nseed = [0]\nepochs = 1\n"
    (tmp_path / "s.toml").write_text(study)
    monkeypatch.setattr(sys, "argv", ["reluctant", "run", "s.toml", "--dry-run"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert capsys.readouterr().out.startswith(describe_dataset(load("digits")) + "\ns: 1 runs, ")


@pytest.mark.parametrize("name", ["digits", "waves"])
def test_bundled_data_are_described_in_three_lines_of_a_terminal(name: str) -> None:
    lines = describe_dataset(load(name)).splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 79
