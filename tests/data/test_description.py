"""A description of the data comes before anything trains, and in a dry run."""

import sys
from pathlib import Path

import pytest

from reluctant.api.run import Means, conduct
from reluctant.cli import main
from reluctant.data import describe_dataset, load
from reluctant.engines import Said, Started
from reluctant.records.study_dir import Folder
from reluctant.study import Study

NAMES = ("digits", "waves")


def test_every_data_set_is_described_before_the_first_run_begins(tmp_path: Path) -> None:
    study = Study(activation=["relu"], dataset=["digits"], model=["mlp"], epochs=1, seed=[0])
    events = list(conduct(study, Folder(tmp_path / "out"), Means(engine="serial")))
    kinds = [type(event) for event in events]
    messages = [event for event in events if isinstance(event, Said)]
    assert [event.text for event in messages] == [describe_dataset(load("digits"))]
    assert kinds.index(Said) < kinds.index(Started)


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


@pytest.mark.parametrize("name", NAMES)
def test_bundled_data_are_described_in_two_lines_of_a_terminal(name: str) -> None:
    lines = describe_dataset(load(name)).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 79
