"""The command line: its answers, its exit status, one clear message for every fault."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reluctant.cli.main import BUG, CANNOT, DONE, SOME_FAILED, execute
from reluctant.study import Study
from tests.support.records import folder as finished
from tests.support.small import SMALL

STUDY = f"""
name = "small"
model = "{SMALL}"
activation = ["relu", "elu"]
epochs = 1
seed = [0, 1]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELUCTANT_DATA", raising=False)
    (tmp_path / "small.toml").write_text(STUDY)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = execute(list(words))
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["quick", "--set", "activation=relo"],
            "activation: no activation is called 'relo'; did you mean 'relu'",
        ),
        (["quick", "--set", "model=vgg"], "model: no model is called 'vgg'"),
        (["quick", "--set", "dataset=mnits"], "did you mean 'mnist'"),
        (["quick", "--set", "rate=0.1"], "no key is called 'rate'"),
        (["quick", "--set", "lr=fast"], "lr: a number is wanted, not 'fast'"),
        (["quick", "--set", "activation=silu,swish"], "stands here twice"),
        (["quick", "--set", "optimizer=sgd(beta1=0.9)"], "sgd has no parameter 'beta1'"),
        (["quick", "--set", "seed=0..99999"], "400,000 runs are more than 10,000; add --yes if you mean it"),
        (["quick", "--set", "activation=softmax"], "it couples all units of a layer"),
        (["quick", "--set", "seed=9..0"], "runs backwards"),
        (["quick", "--set", "activation=relu,no_such_module:F"], "no module 'no_such_module'"),
        (
            ["quick", "--set", "activation=relu,tests.support.own_activations:narrowing"],
            "an activation keeps the shape",
        ),
        (["quick", "--set", "activation=relu,tests.support.own_activations:unlucky"], "NaN or infinity"),
        (["quick", "--set", "dataset=mnist"], "reluctant fetch mnist"),
        (["quick", "--device", "cuda:99"], "device 'cuda:99' cannot be used here"),
        (["quik"], "no study is called 'quik'; did you mean 'quick'"),
        (["none.toml"], "there is no file none.toml"),
        (["empty.toml"], "activation: an empty list; give at least one value"),
        (["broken.toml"], "broken.toml is not TOML"),
    ],
)
def test_a_mistake_gets_one_message_and_nothing_is_trained(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    (here / "empty.toml").write_text("activation = []")
    (here / "broken.toml").write_text("activation = [")
    status, _, err = answer(capsys, "run", *words)
    assert status == CANNOT
    assert message in err
    assert "Traceback" not in err
    assert not list(here.glob("out/*/runs/*.json"))


def test_every_fault_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.toml").write_text('activation = ["relo", "gelu"]\nlr = true\nepohcs = 3\n')
    status, _, err = answer(capsys, "run", "bad.toml")
    assert status == CANNOT
    assert all(words in err for words in ("3 faults", "relo", "lr", "did you mean 'epochs'"))


class TestRun:
    def test_a_study_from_start_to_report_and_again(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status, out, err = answer(capsys, "run", "small.toml", "--engine", "serial")
        assert (status, err) == (DONE, "")
        assert "relu, seed 0: epoch 1/1" in out
        assert "\x1b" not in out
        assert (here / "out/small/report.html").is_file()
        kept = {path: path.stat().st_mtime_ns for path in here.glob("out/small/runs/*.json")}
        assert len(kept) == 4
        status, out, _ = answer(capsys, "run", "small.toml", "--engine", "serial")
        assert status == DONE
        assert "epoch" not in out.partition("report:")[0].replace("epochs", "")
        assert {path: path.stat().st_mtime_ns for path in here.glob("out/small/runs/*.json")} == kept

    def test_failed_runs_are_named_and_tried_again(
        self, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from reluctant.training import Training

        with monkeypatch.context() as patch:
            patch.setattr(Training, "step", lambda *_: 1 / 0)
            status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
        assert status == SOME_FAILED
        assert "failed: relu, seed 0: ZeroDivisionError: division by zero" in err
        assert len(list(here.glob("out/small/failed/*.txt"))) == 4
        status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
        assert (status, err) == (DONE, "")
        assert not list(here.glob("out/small/failed/*.txt"))

    def test_a_dry_run_tells_and_trains_nothing(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, _ = answer(capsys, "run", "small.toml", "--dry-run", "--workers", "2")
        assert status == DONE
        assert "small: 4 runs, 0 done, 4 to train" in out
        assert "with 2 workers, in out/small" in out
        assert not (here / "out").exists()

    def test_growth_is_fine_and_another_study_is_not(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        finished(here / "out/small", Study.read("small.toml"))
        status, _, err = answer(capsys, "run", "small.toml", "--set", "seed=0")
        assert status == CANNOT
        assert "seed: the folder has 0, 1, yours leaves out 1" in err

    def test_a_full_disk_is_a_message(
        self, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from reluctant.records.store import Store

        def full(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/small/runs/x.json")

        with monkeypatch.context() as patch:
            patch.setattr(Store, "add", full)
            status, _, err = answer(capsys, "run", "small.toml", "--engine", "serial")
        assert status == CANNOT
        assert "the disk is full" in err
        assert "Traceback" not in err
        assert answer(capsys, "run", "small.toml", "--engine", "serial")[0] == DONE

    def test_a_bug_of_ours_keeps_its_traceback_and_says_so(
        self, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from reluctant.records.study_dir import Folder

        monkeypatch.setattr(Folder, "missing", lambda *_: 1 / 0)
        status, _, err = answer(capsys, "run", "small.toml")
        assert status == BUG
        assert "Traceback" in err
        assert "this is a bug of reluctant's" in err


class TestLooking:
    def test_report_and_status(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        finished(here / "s", Study.read("small.toml"), skip=1)
        status, out, _ = answer(capsys, "status", "s")
        assert (status, out.strip()) == (DONE, "small: 3 of 4 runs finished")
        status, out, _ = answer(capsys, "report", "s")
        assert status == DONE
        assert "report: s/report.html" in out
        assert (here / "s/report.html").is_file()
        status, _, _ = answer(capsys, "report", "s", "-o", "elsewhere.html")
        assert status == DONE
        assert (here / "elsewhere.html").is_file()

    @pytest.mark.parametrize("command", ["report", "status"])
    def test_a_folder_without_a_study(
        self, here: Path, capsys: pytest.CaptureFixture[str], command: str
    ) -> None:
        status, _, err = answer(capsys, command, "nowhere")
        assert status == CANNOT
        assert "nowhere holds no study" in err

    @pytest.mark.parametrize(
        "kind", ["activations", "models", "datasets", "studies", "metrics", "optimizers"]
    )
    def test_lists_fit_eighty_columns(
        self, here: Path, capsys: pytest.CaptureFixture[str], kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        status, out, _ = answer(capsys, "list", kind)
        assert status == DONE
        assert len(out.splitlines()) >= (24 if kind == "activations" else 1)
        assert all(len(line) <= 80 for line in out.splitlines())

    def test_show(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, _ = answer(capsys, "show", "Leaky-ReLU")
        assert status == DONE
        assert "negative_slope = 0.01" in out
        assert "Maas" in out
        status, _, err = answer(capsys, "show", "geloo")
        assert status == CANNOT
        assert "did you mean 'gelu'" in err

    def test_doctor(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, _ = answer(capsys, "doctor", "small.toml")
        assert status == DONE
        assert "python: " in out
        assert "small: 4 runs; its data, activations and network work here" in out


def imports(*words: str, cwd: Path) -> set[str]:
    """What a command had imported when it ended."""
    code = (
        "import sys; from reluctant.cli.main import carry_out; status = carry_out(sys.argv[1:]);"
        "print('MODULES', status, *sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=cwd
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("MODULES"))
    assert line.split()[1] == "0", done.stderr
    return set(line.split()[2:])


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["report", "s"], ["status", "s"], ["list", "activations"]]
)
def test_help_and_the_reading_half_never_import_torch(tmp_path: Path, words: list[str]) -> None:
    finished(tmp_path / "s", Study(activation=["relu", "elu"], seed=[0, 1]))
    loaded = imports(*words, cwd=tmp_path)
    assert "torch" not in loaded
    if "--help" in words:
        assert not loaded & {"numpy", "pandas", "matplotlib", "pydantic", "rich"}


class TestVerdicts:
    def test_compare_prints_the_sentence_the_table_and_nothing_past_eighty_columns(
        self, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        finished(here / "s", Study(activation=["relu", "leaky_relu(negative_slope=0.002)", "elu"], epochs=2))
        status, out, _ = answer(capsys, "compare", "s", "--metric", "accuracy", "--margin", "0.5")
        assert status == DONE
        assert "are the same within ±50 points of accuracy" in out.replace("\n", " ")
        assert out.count("= the same") == 2
        assert all(len(line) <= 80 for line in out.splitlines())

    def test_compare_at_any_time(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        finished(here / "s", Study(activation=["relu", "elu"], epochs=2), skip=3)
        status, out, _ = answer(capsys, "compare", "s")
        assert status == DONE
        assert out.startswith("7 of 10 runs so far")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--metric", "f2"], "no metric is called 'f2'"),
            (["--baseline", "gelu"], "'gelu' takes no part in the study"),
            (["--margin", "-1"], "below zero"),
        ],
    )
    def test_a_wrong_question(
        self, here: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
    ) -> None:
        finished(here / "s", Study(activation=["relu", "elu"], seed=[0, 1], epochs=1))
        status, _, err = answer(capsys, "compare", "s", *words)
        assert (status, message in err) == (CANNOT, True)

    def test_claims_are_told(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        claim = {"says": "elu is best", "of": "elu", "is": "highest"}
        finished(here / "s", Study(activation=["relu", "elu"], epochs=1, claim=[claim]))
        _, out, _ = answer(capsys, "compare", "s")
        assert "undecided: elu is best" in out

    def test_export(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        finished(here / "s", Study(activation=["relu", "elu"], seed=[0, 1], epochs=1))
        status, out, _ = answer(capsys, "export", "s", "x.md")
        assert (status, out.strip()) == (DONE, "written: x.md")
        assert (here / "x.md").is_file()
