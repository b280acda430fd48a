"""`reluctant run`: training, continuing, failing, planning, and what a user is told about each."""

import errno
import os
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from reluctant.cli.main import BUG, CANNOT, DONE, SOME_FAILED
from reluctant.core.canonical_json import digest, dumps
from reluctant.records.store import Store
from reluctant.records.study_dir import StudyDir
from reluctant.study import Study
from tests.support.commands import answer
from tests.support.records import ENVIRONMENT, study_folder

Capture = pytest.CaptureFixture[str]


def test_a_study_from_start_to_report_and_again(here: Path, capsys: Capture) -> None:
    status, out, err = answer(capsys, "run", "small.toml", "--engine", "serial", "-v")
    assert (status, err) == (DONE, "")
    assert "relu, seed 0: epoch 1/1" in out
    assert "\x1b" not in out
    assert (here / "out/small/report.html").is_file()
    times = {path: path.stat().st_mtime_ns for path in here.glob("out/small/runs/*.json")}
    assert len(times) == 4
    status, out, _ = answer(capsys, "run", "small.toml", "--engine", "serial")
    assert status == DONE
    assert "epoch" not in out.partition("report:")[0].replace("epochs", "")
    assert {path: path.stat().st_mtime_ns for path in here.glob("out/small/runs/*.json")} == times


def test_failed_runs_are_named_and_tried_again(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from reluctant.training import Training

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["reluctant.training.preflight"], "rehearse", lambda *_: None)
        patch.setattr(Training, "step", lambda *_: 1 / 0)
        status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
    assert status == SOME_FAILED
    assert "failed: relu, seed 0: ZeroDivisionError: division by zero" in err
    assert len(list(here.glob("out/small/failed/*.txt"))) == 4
    status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
    assert (status, err) == (DONE, "")
    assert not list(here.glob("out/small/failed/*.txt"))


def test_a_dry_run_prints_the_plan_and_trains_nothing(here: Path, capsys: Capture) -> None:
    status, out, _ = answer(capsys, "run", "small.toml", "--dry-run", "--workers", "2")
    assert status == DONE
    assert "small: 4 runs, 0 done, 4 to train" in out
    assert "relu on digits: 2 × about " in out
    assert "with 2 workers, in out/small" in out
    assert not (here / "out").exists()


def test_a_dry_run_names_the_settings_and_refuses_what_the_folder_refuses(here: Path, capsys: Capture) -> None:
    StudyDir(here / "out/small").write_study(Study.read("small.toml"))
    status, out, _ = answer(capsys, "run", "small.toml", "--set", "lr=0.001,0.01", "--dry-run")
    assert status == DONE
    assert "relu on digits, lr = 0.01: 2 × about " in out
    status, out, err = answer(capsys, "run", "small.toml", "--set", "lr=0.01", "--dry-run")
    assert (status, out) == (CANNOT, "")
    assert "out/small holds another study" in err
    assert (
        "lr: the folder has 0.001, this study has 0.01. You may add values, not remove any: lr = [0.001, 0.01]" in err
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--address", "host:1"], "--address (in Python address) works only with --engine ray; leave it out"),
        (["--gpus-per-run", "0.5"], "--gpus-per-run (in Python gpus_per_run) works only with --engine ray"),
        (["--engine", "serial", "--workers", "2"], "--workers (in Python workers) works only with --engine local"),
        (
            ["--engine", "serial", "--run-timeout", "9"],
            "--run-timeout (in Python timeout) works only with --engine local",
        ),
        (["--device", "tpu"], "device 'tpu' cannot be used here: PyTorch knows no such device. Leave it out"),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_an_option_without_effect_or_device_is_refused_even_where_all_is_trained(
    here: Path, capsys: Capture, options: list[str], message: str, dry: list[str]
) -> None:
    study_folder(here / "out/small", Study.read("small.toml"))
    status, _, err = answer(capsys, "run", "small.toml", *options, *dry)
    assert status == CANNOT
    assert message in err


def test_the_address_of_a_cluster_in_the_environment_is_no_option(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "host:1")
    assert answer(capsys, "run", "small.toml", "--dry-run")[0] == DONE


def test_a_study_that_was_to_be_judged_once_and_is_extended_says_so(here: Path, capsys: Capture) -> None:
    text = Path("small.toml").read_text()
    once = 'looks = "at the end"'
    text = text.replace("[compare]", f"[compare]\n{once}") if "[compare]" in text else f"{text}\n[compare]\n{once}\n"
    Path("small.toml").write_text(text)
    folder = study_folder(here / "out/small", Study.read("small.toml"))
    StudyDir(folder).write_study(Study.read("small.toml", {"seed": [0, 1, 2]}))
    study_folder(folder, Study.read(folder / "study.toml"))
    status, out, _ = answer(capsys, "run", "small.toml", "--set", "seed=0..2")
    assert status == DONE
    assert "was to be judged once, at its end, and was extended after that" in " ".join(out.split())


def test_a_study_that_grows_chooses_its_seeds(here: Path, capsys: Capture) -> None:
    status, _, err = answer(capsys, "run", "small.toml", "--until-decided", "--set", "seed=0..9")
    assert status == CANNOT
    assert "--until-decided chooses the seeds itself; leave out --set seed" in err


def test_a_study_may_be_extended_and_not_changed(here: Path, capsys: Capture) -> None:
    study_folder(here / "out/small", Study.read("small.toml"))
    status, _, err = answer(capsys, "run", "small.toml", "--set", "seed=0")
    assert status == CANNOT
    assert "seed: the folder has 0, 1, this study has 0. You may add values, not remove any: seed = [0, 1]" in err


def test_a_full_disk_is_a_message(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/small/runs/x.json")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add", full)
        status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
    assert status == CANNOT
    assert "the disk is full" in err
    assert "Traceback" not in err
    assert answer(capsys, "run", "small.toml", "--engine", "serial")[0] == DONE


@pytest.mark.skipif(sys.platform != "linux", reason="the names of open files are read from /proc")
def test_a_disk_that_cannot_be_written_is_named(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system tells no name where an open file is written."""
    sync = os.fsync

    def fail_for_records(handle: int) -> None:
        if ".json." in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(handle)

    study_folder(here / "out/small", Study.read("small.toml"), skip=4)
    monkeypatch.setattr(os, "fsync", fail_for_records)
    status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
    assert status == CANNOT
    assert re.fullmatch(
        r"reluctant: Input/output error: out/small/data/\w+.json; the disk, or the network to it, has a fault; "
        r"finished runs are safe. Copy the folder to another disk\n", err
    )  # fmt: skip


def test_a_lack_of_memory_is_no_bug(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StudyDir, "missing", lambda *_: bytearray(1 << 60))
    status, _, err = answer(capsys, "run", "small.toml")
    assert status == CANNOT
    assert err == (
        "reluctant: there is not enough memory; all finished runs are safe. Close other programs, or train fewer runs "
        "at a time (run: --workers 1), and type the same command again.\n"
    )


def test_other_versions_in_a_folder_are_named(here: Path, capsys: Capture) -> None:
    folder = study_folder(here / "out/small", Study.read("small.toml"), skip=1)
    (environment,) = folder.glob("environments/*.json")
    older = {**ENVIRONMENT, "packages": {"torch": "1.0"}}
    environment.with_name(f"{digest(older)[:16]}.json").write_text(dumps(older))
    _, out, _ = answer(capsys, "run", "small.toml", "--engine", "serial")
    expected = (
        r"out/small holds runs that were trained with Python 3\.11, torch 1\.0.*, processor a processor; this is "
        rf"Python 3\S+, torch {re.escape(metadata.version('torch'))}, processor .*last digits may differ"
    )
    assert re.search(expected, " ".join(out.split()))


def test_a_bug_prints_its_traceback_and_is_called_a_bug(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StudyDir, "missing", lambda *_: 1 / 0)
    status, _, err = answer(capsys, "run", "small.toml")
    assert status == BUG
    assert "Traceback" in err
    assert "this is a bug in reluctant, not your mistake; all finished runs are safe" in err


def test_code_that_ends_the_program_is_a_failed_run(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sys.exit()` in the user's code ended a serial study with status 0 and without a word."""
    from reluctant.training import Training

    def leave(*_: object) -> None:
        raise SystemExit  # not by `sys.exit`, which wandb, once imported, replaces by a function of its own

    with monkeypatch.context() as patch:
        patch.setattr(Training, "step", leave)
        status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
        assert status == CANNOT, "the rehearsal exits, and a study without a run is not done"
        assert "fails in training on a batch" in err
        assert "SystemExit" in err
        patch.setattr(sys.modules["reluctant.training.preflight"], "rehearse", lambda *_: None)
        status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
    assert status == SOME_FAILED
    assert "failed: relu, seed 0: SystemExit" in err
    causes = [path.read_text() for path in here.glob("out/small/failed/*.txt")]
    assert len(causes) == 4
    for cause in causes:
        assert "code of the run ended the program (sys.exit(None)); let it return" in cause
