"""Runs trained by a command: its arguments, its result in every form, and every way in which it fails."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reluctant
from reluctant.cli.main import CANNOT, DONE
from reluctant.core.errors import StudyError
from reluctant.study import Run
from reluctant.trials.command import arguments, command_words, read_result
from tests.support.commands import answer

Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures
SCRIPT = """
import json, os, signal, sys
act, seed, how, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else ""
score = 0.9 + 0.01 * seed + 0.001 * len(act) * (seed + 1)
rows = [{"epoch": e, "accuracy": score - 0.1 / e} for e in (1, 2)]
if how == "json":
    json.dump({"accuracy": score, "note": "x", "arguments": {"a": 1}}, open(out, "w"))
elif how == "csv":
    open(out, "w").write("epoch,accuracy\\n" + "".join(f"{r['epoch']},{r['accuracy']}\\n" for r in rows))
elif how == "lines":
    open(out, "w").write("".join(json.dumps(r) + "\\n" for r in rows))
elif how == "print":
    print("x" * 100_000)
    print(json.dumps({"accuracy": score}))
elif how == "half":
    open(out, "w").write('{"accuracy": 0.9')
elif how == "text":
    json.dump({"accuracy": "high"}, open(out, "w"))
elif how == "status":
    sys.exit("no such data")
elif how == "signal":
    os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.fixture(autouse=True)
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(SCRIPT)


def compared(how: str, result: str = "{result}", **options: Any) -> Any:
    command = f"{sys.executable} train.py {{activation}} {{seed}} {how} {result}"
    return reluctant.compare(
        ["relu", "gelu"], command=command, **{"seeds": 3, "engine": "serial", "folder": how, **options}
    )


@pytest.mark.parametrize(("how", "result"), [("json", "{result}"), ("json", "{result}.json"), ("print", "")])
def test_a_result_is_read_from_a_file_or_the_last_line(how: str, result: str) -> None:
    results = compared(how, result)
    assert results.scores("accuracy").loc["gelu"].tolist() == [0.904, 0.918, 0.932]
    assert list(results.data.scores.metrics) == ["accuracy"]


@pytest.mark.parametrize("how", ["csv", "lines"])
def test_a_result_by_epoch_gives_curves(how: str) -> None:
    curves = compared(how).curves("accuracy")
    assert curves["relu", 1].tolist() == pytest.approx([0.818, 0.868])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("half", "is no whole JSON"),
        ("text", "holds no number"),
        ("nothing", "wrote no result to {result}"),
        ("status", "ended with status 1"),
        ("signal", "was killed by SIGTERM"),
    ],
)
def test_a_command_that_fails_says_why_once(how: str, message: str) -> None:
    with pytest.raises(StudyError) as error:
        compared(how)
    assert message in str(error.value)
    assert "no more were started" in str(error.value)
    assert ("no such data" in str(error.value)) == (how == "status")


def test_a_last_line_that_is_no_json_is_refused() -> None:
    with pytest.raises(StudyError, match="the last line that the command printed is no JSON object"):
        compared("nothing", "")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("pyhton train.py {activation} {seed}", "there is no program 'pyhton'"),
        ("python train.py {activation}", "{seed} is missing"),
        ("python train.py {seed}", "{activation} is missing"),
        ("python train.py {activation} {sed}", "did you mean 'seed'"),
        ("python 'train.py {activation} {seed}", "No closing quotation"),
        ("  ", "command is empty"),
    ],
)
def test_a_command_is_checked_before_training(command: str, message: str) -> None:
    with pytest.raises(StudyError) as error:
        reluctant.compare(["relu", "gelu"], command=command, seeds=3, engine="serial", folder="x")
    assert message in str(error.value)
    assert not Path("x").exists()


def test_a_changed_script_is_not_mixed_with_old_numbers() -> None:
    compared("json")
    Path("train.py").write_text(SCRIPT + "\n# another")
    with pytest.raises(StudyError, match=r"the code of train\.py is not the code"):
        compared("json", seeds=4)


def test_no_shell_sees_the_arguments() -> None:
    run = Run("relu; rm -rf *", 3, lr=0.5, command="prog --act={arm} '{seed} x' {lr} {result} {{}} $HOME")
    words = arguments(run.command, run, Path("/r"))
    assert words == ["prog", "--act=relu; rm -rf *", "3 x", "0.5", "/r", "{{}}", "$HOME"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40))
def test_an_arm_of_any_letters_is_one_argument(arm: str) -> None:
    run = Run(arm, 0, command="prog {arm} {seed}")
    assert arguments(run.command, run, Path("/r")) == ["prog", arm, "0"]
    assert command_words(run.command) == ["prog", "{arm}", "{seed}"]


@given(
    st.lists(st.dictionaries(st.sampled_from(["accuracy", "loss"]), st.floats(), min_size=1), min_size=1, max_size=5)
)
def test_results_of_any_numbers_are_read_as_they_are(rows: list[dict[str, float]]) -> None:
    forms = [json.dumps(rows), "\n".join(map(json.dumps, rows))]
    for text in forms:
        scores = [scores for _, scores in read_result(text.encode())]
        assert repr(scores) == repr(rows)


@given(st.binary(max_size=60))
@example(b"\x00\r\x00")
@example(b"a\n" + b"1" * 200_000)  # longer than a field of CSV may be
def test_a_result_of_any_bytes_is_read_or_refused_in_one_message(content: bytes) -> None:
    try:
        reports = read_result(content)
    except StudyError as fault:
        message = str(fault)
    else:
        message = "result of the command"
        assert all(isinstance(value, float) for _, scores in reports for value in scores.values())
    assert "result of the command" in message


def test_a_study_file_has_a_command(capsys: Capture) -> None:
    command = f"{sys.executable} train.py {{activation}} {{seed}} json {{result}}"
    Path("mine.toml").write_text(f"activation = ['relu', 'elu']\nseed = [0, 1, 2]\ncommand = '{command}'\n")
    status, out, _ = answer(capsys, "run", "mine.toml", "--workers", "2", "--check-repeatable", "-v")
    assert status == DONE
    assert "relu, seed 0: epoch 1, accuracy" in out
    assert "repeatable" in out
    assert answer(capsys, "run", "mine.toml", "--set", "command=", "--dry-run")[0] == CANNOT
