"""Commands that read: report, status, judge, export, upgrade, lists, the doctor; none imports torch needlessly."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reluctant.cli.main import CANNOT, DONE
from reluctant.records.store import Store
from reluctant.study import Study
from tests.support.commands import answer
from tests.support.records import study_folder

Capture = pytest.CaptureFixture[str]
TWO = Study(activation=["relu", "elu"], seed=[0, 1], epochs=1)


def test_report_and_status(here: Path, capsys: Capture) -> None:
    study_folder(here / "s", Study.read("small.toml"), skip=1)
    status, out, _ = answer(capsys, "status", "s")
    assert (status, out.strip()) == (DONE, "small: 3 of 4 runs finished")
    facts = json.loads(answer(capsys, "status", "s", "--json")[1])
    assert facts == {
        "schema": 1, "name": "small", "folder": "s", "finished": 3, "planned": 4, "diverged": 0, "failed": [],
        "damaged": [], "in_use_by": None,
    }  # fmt: skip
    status, out, _ = answer(capsys, "report", "s")
    assert status == DONE
    assert "report: s/report.html" in out
    assert (here / "s/report.html").is_file()
    status, _, _ = answer(capsys, "report", "s", "-o", "elsewhere.html")
    assert status == DONE
    assert (here / "elsewhere.html").is_file()


@pytest.mark.parametrize("command", ["report", "status", "judge", "upgrade"])
def test_a_folder_without_a_study(here: Path, capsys: Capture, command: str) -> None:
    status, _, err = answer(capsys, command, "nowhere")
    assert status == CANNOT
    assert "nowhere holds no study" in err


@pytest.mark.parametrize("kind", ["activations", "models", "datasets", "studies", "metrics", "optimizers"])
def test_lists_fit_eighty_columns(here: Path, capsys: Capture, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    status, out, _ = answer(capsys, "list", kind)
    assert status == DONE
    assert len(out.splitlines()) >= (24 if kind == "activations" else 1)
    assert all(len(line) <= 80 for line in out.splitlines())


def test_a_piped_list_is_one_name_a_line(here: Path, capsys: Capture) -> None:
    _, out, _ = answer(capsys, "list", "activations")
    assert {"relu", "gelu"} < set(out.split("\n"))
    entries = json.loads(answer(capsys, "list", "activations", "--json")[1])
    assert [each["name"] for each in entries] == out.split()
    assert all(each["purpose"] for each in entries)


def test_lists_print_square_brackets(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    _, out, _ = answer(capsys, "list", "initialisations")
    assert "1/√E[f(z)²]" in out


def test_show(here: Path, capsys: Capture) -> None:
    status, out, _ = answer(capsys, "show", "Leaky-ReLU")
    assert status == DONE
    assert "negative_slope = 0.01" in out
    assert "Maas" in out
    status, _, err = answer(capsys, "show", "geloo")
    assert status == CANNOT
    assert "did you mean 'gelu'" in err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f1", "F1 of each class, averaged over classes (macro)"),
        ("quick", 'metric   = "f1"'),
        ("step", "the rate"),
        ("cosine", "The same name is also that of a schedule:"),
        ("digits", "1,797 handwritten digits"),
    ],
)
def test_show_finds_everything_that_has_a_name(here: Path, capsys: Capture, name: str, text: str) -> None:
    status, out, err = answer(capsys, "show", name)
    assert (status, err) == (DONE, "")
    assert text in out


@pytest.mark.parametrize(("name", "status"), [("digits", DONE), ("cifar10", CANNOT), ("csv", CANNOT)])
def test_fetch_of_what_cannot_be_downloaded(here: Path, capsys: Capture, name: str, status: int) -> None:
    code, out, err = answer(capsys, "fetch", name)
    assert code == status
    assert (out == "digits comes with reluctant, nothing to fetch\n") == (status == DONE)
    assert bool(err) == (status == CANNOT)


def test_doctor(here: Path, capsys: Capture) -> None:
    status, out, _ = answer(capsys, "doctor", "small.toml")
    assert status == DONE
    assert "python: " in out
    assert "small: 4 runs; its data, activations and network work here" in out
    assert all(len(line) <= 80 for line in out.splitlines() if " " in line.partition(": ")[2])


def test_the_doctor_as_json_says_whether_the_study_works(here: Path, capsys: Capture) -> None:
    facts = json.loads(answer(capsys, "doctor", "small.toml", "--json")[1])
    assert facts["study"]["works_here"]
    assert facts["machine"]["packages"]["torch"]
    Path("wrong.toml").write_text('activation = "relu"\ndataset = "csv(path=\'none.csv\')"\n', "utf-8")
    status, out, err = answer(capsys, "doctor", "wrong.toml", "--json")
    assert status == CANNOT
    assert json.loads(out)["study"]["problem"] in err


def test_without_a_command_the_first_ones_are_named(here: Path, capsys: Capture) -> None:
    status, out, err = answer(capsys)
    assert (status, err) == (DONE, "")
    assert "reluctant run quick" in out.partition("Then:")[0]
    assert all(len(line) <= 80 for line in out.splitlines())


def test_judge_prints_the_sentence_and_the_table_within_eighty_columns(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    study = Study(activation=["relu", "leaky_relu(negative_slope=0.002)", "elu"], epochs=2)
    study_folder(here / "s", study)
    status, out, _ = answer(capsys, "judge", "s", "--metric", "accuracy", "--margin", "0.5")
    assert status == DONE
    assert "are the same within ±50 points of accuracy" in " ".join(out.split())
    assert out.count("= the same") == 2
    assert all(len(line) <= 80 for line in out.splitlines())


def test_judge_at_any_time(here: Path, capsys: Capture) -> None:
    study_folder(here / "s", Study(activation=["relu", "elu"], epochs=2), skip=3)
    status, out, _ = answer(capsys, "judge", "s")
    assert status == DONE
    assert out.startswith("7 of 10 runs so far. Verdicts hold at every look.")


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        (["--metric", "accuracy"], "metric"),
        (["--baseline", "elu"], "baseline"),
        (["--margin", "0.01", "--at", "best"], "margin and at"),
        ([], ""),
        (["--metric", "f1", "--baseline", "relu", "--at", "last"], ""),
    ],
)
def test_another_question_than_the_study_s_own_is_marked(
    here: Path, capsys: Capture, options: list[str], changed: str
) -> None:
    study_folder(here / "s", Study(activation=["relu", "elu"], epochs=2))
    _, out, _ = answer(capsys, "judge", "s", *options)
    text = " ".join(out.split())
    assert ("Exploratory" in text) == bool(changed)
    assert f"Exploratory: another {changed} than the study's own." in text or not changed


def test_compare_is_a_hidden_alias_of_judge(here: Path, capsys: Capture) -> None:
    study_folder(here / "s", TWO)
    judged = answer(capsys, "judge", "s", "--metric", "loss", "--at", "best")
    assert judged[0] == DONE
    status, out, err = answer(capsys, "compare", "s", "--metric", "loss", "--at", "best")
    assert (status, out) == judged[:2]
    assert err.strip() == "`reluctant compare` is now called `reluctant judge`."
    commands = {line.split()[0] for line in answer(capsys, "--help")[1].splitlines() if line.strip()}
    assert "judge" in commands
    assert "compare" not in commands


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metric", "f2"], "there is no metric 'f2'; there are accuracy, precision"),
        (["--baseline", "gelu"], "'gelu' is not part of the study; choose one of relu, elu"),
        (
            ["--margin", "-1"],
            "the margin is the largest difference that does not matter, a number that is 0 or more, not -1",
        ),
    ],
)
def test_a_wrong_question(here: Path, capsys: Capture, arguments: list[str], message: str) -> None:
    study_folder(here / "s", TWO)
    status, _, err = answer(capsys, "judge", "s", *arguments)
    assert status == CANNOT
    assert message in err


def test_claims_are_printed(here: Path, capsys: Capture) -> None:
    claim = {"says": "elu is best", "of": "elu", "is": "highest"}
    study_folder(here / "s", Study(activation=["relu", "elu"], epochs=1, claim=[claim]))
    _, out, _ = answer(capsys, "judge", "s")
    assert "Claims:\n   undecided: elu is best" in out


def test_a_claim_about_an_absent_activation_is_named(here: Path, capsys: Capture) -> None:
    claim = {"says": "gelu is best", "of": "gelu", "is": "highest"}
    study_folder(here / "s", Study(activation=["relu", "elu"], epochs=1, claim=[claim]))
    assert "not tested: gelu is best (gelu takes no part)" in answer(capsys, "judge", "s")[1]


def test_export(here: Path, capsys: Capture) -> None:
    study_folder(here / "s", TWO)
    status, out, _ = answer(capsys, "export", "s", "x.md")
    assert (status, out.strip()) == (DONE, "written: x.md")
    assert (here / "x.md").is_file()


def test_figures_are_exported_on_request(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    study_folder(here / "s", TWO)
    monkeypatch.setenv("FORCE_COLOR", "1")  # to rich it means a terminal
    status, out, err = answer(capsys, "export", "s", "slides", "--figures", "svg")
    files = {path.suffix for path in (here / "slides").iterdir()}
    assert (status, files) == (DONE, {".svg"})
    assert f"{len(list((here / 'slides').iterdir()))} figures in slides" in out
    assert "drawing figure " in err
    monkeypatch.delenv("FORCE_COLOR")
    assert answer(capsys, "report", "s")[2] == ""
    status, _, err = answer(capsys, "export", "s")
    assert status == CANNOT
    assert "--figures png" in err


def test_two_folders_are_laid_side_by_side(here: Path, capsys: Capture) -> None:
    for name in ("a", "b"):
        study_folder(here / name, TWO)
    status, out, _ = answer(capsys, "report", "a", "b")
    page = out.rpartition("report: ")[2].strip()
    assert (status, (here / page).is_file()) == (DONE, True)
    assert "same verdict in both" in out
    assert not (here / "a/report.html").exists()


def test_upgrade_writes_old_records_in_todays_schema(here: Path, capsys: Capture) -> None:
    folder = study_folder(here / "s", TWO)
    store = Store(folder / "runs")
    first, second, *_ = store
    for key in (first, second):
        old = store.content(key)
        store.add(key, {name: value for name, value in old.items() if name not in ("schema", "sha256")})
    store.path(second).write_text("{", "utf-8")
    status, out, err = answer(capsys, "upgrade", "s")
    assert (status, out.strip()) == (DONE, "1 record upgraded to schema 2, 2 had it already")
    assert err.startswith("left as it is: ")
    assert second in err
    assert json.loads(store.path(first).read_text("utf-8"))["schema"] == 2


def imported_modules(*arguments: str, cwd: Path) -> set[str]:
    """What a command had imported when it ended."""
    code = (
        "import sys; from reluctant.cli.main import execute; status = execute(sys.argv[1:]);"
        "print('MODULES', status, *sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=cwd)
    line = next(line for line in done.stdout.splitlines() if line.startswith("MODULES"))
    assert line.split()[1] == "0", done.stderr
    return set(line.split()[2:])


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["report", "s"], ["status", "s"], ["judge", "s"], ["list", "activations"]],
)
def test_help_and_the_reading_half_never_import_torch(tmp_path: Path, arguments: list[str]) -> None:
    study_folder(tmp_path / "s", Study(activation=["relu", "elu"], seed=[0, 1]))
    modules = imported_modules(*arguments, cwd=tmp_path)
    assert "torch" not in modules
    if "--help" in arguments:
        assert not modules & {"numpy", "pandas", "matplotlib", "pydantic", "rich"}


def test_a_closed_pipe_ends_a_command_quietly(here: Path) -> None:
    """As `reluctant judge … | head -1`: the reader is gone before anything is written."""
    study_folder(here / "out", Study(name="a", activation=["relu", "elu"], seed=[0, 1, 2], epochs=1))
    for arguments in (["judge", "out"], ["list", "activations"], ["--help"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "reluctant", *arguments], stdout=writer, stderr=subprocess.PIPE, check=False
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (141, b""), arguments


def test_the_terminal_says_that_all_runs_diverged(here: Path, capsys: Capture) -> None:
    study = Study(name="a", activation=["relu", "elu"], seed=[0, 1, 2], epochs=1)
    study_folder(here / "out", study, diverged=1)
    assert "All 6 finished runs diverged; there is no score to compare." in answer(capsys, "judge", "out")[1]
