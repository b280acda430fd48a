"""Verification by training again: a sample of runs gives the same records to the bit."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from reluctant.cli.main import CANNOT, DONE, SOME_FAILED
from reluctant.core.environment import environment_id
from reluctant.training.checkpoints import Checkpoint
from reluctant.verification.folder import verify_folders
from reluctant.verification.retraining import first_difference, retrain, sample_runs
from tests.support.small import SMALL
from tests.support.verified import contradictions, forge, move_image, record_files, set_loss, snapshot, verify


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, None),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ("a.b[1].c", "2", "3")),
        ({"a": 1}, {"b": 1}, ("a", "1", "nothing")),
        ([1, 2], [1], ("", "a list of 2", "a list of 1")),
        (1, 1.0, ("", "1", "1.0")),
        (0.0, -0.0, ("", "0.0", "-0.0")),
        (True, 1, ("", "true", "1")),
        (0.1 + 0.2, 0.3, ("", "0.30000000000000004", "0.3")),
    ],
)
def test_first_difference(one: Any, other: Any, expected: tuple[str, str, str] | None) -> None:
    assert first_difference(one, other) == expected


def test_a_sample_trained_again_is_the_same_to_the_bit(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpoint, "restore", lambda *_: 1 / 0)  # no checkpoint may be used
    before = snapshot(folder)
    status, out, err = verify(capsys, folder, "--retrain", "2")
    assert (status, err) == (DONE, "")
    lines = out.splitlines()
    assert [line.partition(":")[0] for line in lines if "is trained again" in line] == ["1 of 2", "2 of 2"]
    assert sum(line.endswith("trained again, it is the same to the bit") for line in lines) == 2
    assert snapshot(folder) == before


def test_the_sample_is_the_same_for_the_same_folder(folder: Path, tmp_path: Path) -> None:
    (checked,) = verify_folders(folder).folders
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    keys = [each.run.key for each in sample_runs(checked, 3)]
    assert [each.run.key for each in sample_runs(verify_folders(other).folders[0], 3)] == keys
    assert [each.run.key for each in sample_runs(checked, 1)] == keys[:1]
    assert len(sample_runs(checked, 99)) == 4
    record_files(other)[0].unlink()
    others = [each.run.key for each in sample_runs(verify_folders(other).folders[0], 3)]
    assert len(set(others)) == 3


def test_a_record_that_training_does_not_give_is_found(folder: Path) -> None:
    """A change that no check of one record can see: a loss, well within what is possible."""
    (checked,) = verify_folders(folder).folders
    path = sample_runs(checked, 1)[0].path
    loss = json.loads(path.read_text())["epochs"][0]["loss"]["valid"]
    forge(path, set_loss(loss + 1e-12))
    assert contradictions(folder) == []
    (finding,) = retrain(checked, 1)
    assert finding.is_contradiction
    assert finding.path == path
    assert finding.message == (
        f"trained again, it differs: epochs[0].loss.valid is {loss + 1e-12} in the record, and {loss} now"
    )


def test_another_machine_is_named_where_bits_differ(folder: Path) -> None:
    (path,) = (folder / "environments").glob("*.json")
    environment = json.loads(path.read_text())
    environment["processor"], environment["packages"]["torch"] = "an older one", "2.1"
    path.with_name(f"{environment_id(environment)}.json").write_text(json.dumps(environment))
    (checked,) = verify_folders(folder).folders
    changes = {"weights": "0" * 64, "environment": environment_id(environment)}
    forge(sample_runs(checked, 1)[0].path, lambda r: r.update(changes))
    (finding,) = retrain(checked, 1)
    assert 'weights is "' + "0" * 58 + "… in the record" in finding.message
    assert "; made with another processor (an older one there, " in finding.message
    assert "torch (2.1 there, " in finding.message
    assert finding.message.endswith("where other bits are to be expected")


def test_what_cannot_be_trained_here(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in record_files(folder):
        forge(path, lambda r: r["sources"].update({SMALL: "e" * 64}))
    status, _, err = verify(capsys, folder, "--retrain", "1")
    assert status == CANNOT
    assert f"the code of {SMALL} is not the code" in err
    forge(record_files(folder)[0], lambda r: move_image(r, "test"))
    status, out, err = verify(capsys, folder, "--retrain", "1")
    assert status == SOME_FAILED
    assert "not trained again: the code of" in out
