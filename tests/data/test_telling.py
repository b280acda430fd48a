"""A description of the data comes before anything trains, and in a dry run."""

import sys
from pathlib import Path

import pytest

from reluctant.api.run import Means, conduct
from reluctant.cli import main
from reluctant.data import described, load
from reluctant.engines import Message, Started
from reluctant.records.study_dir import Folder
from reluctant.study import Study

NAMES = ("digits", "waves")


def test_every_data_set_is_described_before_the_first_run_begins(tmp_path: Path) -> None:
    study = Study(activation=["relu"], dataset=["digits"], model=["mlp"], epochs=1, seed=[0])
    events = list(conduct(study, Folder(tmp_path / "out"), Means(engine="serial")))
    kinds = [type(event) for event in events]
    said = [event for event in events if isinstance(event, Message)]
    assert [event.text for event in said] == [described(load("digits"))]
    assert kinds.index(Message) < kinds.index(Started)


def test_a_dry_run_shows_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    written = "name = 's'\nmodel = 'mlp'\nactivation = ['relu']\nseed = [0]\nepochs = 1\n"
    (tmp_path / "s.toml").write_text(written)
    monkeypatch.setattr(sys, "argv", ["reluctant", "run", "s.toml", "--dry-run"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert capsys.readouterr().out.startswith(described(load("digits")) + "\ns: 1 runs, ")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_bundled_is_told_in_two_lines_of_a_terminal(name: str) -> None:
    lines = described(load(name)).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 79
