"""Texts that attack a terminal: commands, progress, tracebacks and messages print no code of others."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reluctant.api.progress import ProgressBoard
from reluctant.api.results import Results
from reluctant.cli.live import watch
from reluctant.cli.main import BUG, CANNOT, DONE, SOME_FAILED
from reluctant.core.display import visible
from reluctant.core.errors import StudyError
from reluctant.core.names import parse
from reluctant.engines import Failed, Message, Started
from reluctant.records.store import Store
from reluctant.records.study_records import StudyRecords
from reluctant.study import Run, Study
from tests.support.commands import answer
from tests.support.hostile import ATTACKS, NAMES, acting_signs, hostile_folder, hostile_study
from tests.support.records import record


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_folder(tmp_path_factory.mktemp("hostile") / "s")


@pytest.fixture(scope="module")
def records(folder: Path) -> StudyRecords:
    return StudyRecords.read(folder)


@pytest.fixture
def read_once(records: StudyRecords, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command gets the records that were read once; no page is drawn; lines are not wrapped."""
    monkeypatch.setenv("COLUMNS", "4000")
    monkeypatch.setattr(StudyRecords, "read", lambda _: records)
    for module in ("reluctant.report", "reluctant.verification.page"):
        monkeypatch.setattr(f"{module}.render_page", lambda *_, **__: "<!doctype html>")


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("command", ["judge", "status", "verify", "report"])
def test_commands_print_no_code_of_others(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, tmp_path: Path
) -> None:
    lock = {"process": 1, "machine": ATTACKS["escape"], "since": ATTACKS["turned"]}
    (folder / ".lock").write_text(json.dumps(lock))
    forged = Run(ATTACKS["escape"] + ATTACKS["turned"], seed=3)
    if command == "verify":
        Store(folder / "runs").add(forged.key, record(forged))
    options = ["-o", tmp_path / "x.html"] if command == "report" else []
    status, out, err = answer(capsys, command, folder, *options)
    (folder / ".lock").unlink()
    (folder / "runs" / f"{forged.key}.json").unlink(missing_ok=True)
    text = out + err
    assert text
    assert status == (SOME_FAILED if command == "verify" else DONE), text
    assert acting_signs(text) == []
    if command == "judge":
        assert "[bold red]b[/] [link=x]y[/link] :smile: " in text
        assert all(name in text for name in NAMES)
        assert all(claim.says in text for claim in hostile_study().claim)
    if command == "status":
        assert visible(f"process 1 on {ATTACKS['escape']}") in text
    if command == "verify":
        assert visible(ATTACKS["escape"] + ATTACKS["turned"]) in text


@pytest.mark.usefixtures("read_once")
def test_in_a_terminal_with_colours_only_our_own_codes_are_there(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    _, out, _ = answer(capsys, "judge", folder)
    assert "\x1b[" in out
    assert acting_signs(re.sub(r"\x1b\[[\d;]*m", "", out)) == []


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_progress_prints_texts_as_they_are(text: str, terminal: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, width=3000, height=40, force_terminal=terminal, color_system=None)
    run = Run(text, seed=1)
    around, watcher = watch(console, ProgressBoard([run]))
    with around:
        watcher(Started(run))
        watcher(Message(run, text))
        watcher(Message(None, text))
        watcher(Failed(run, f"Traceback\nError: {text}"))
    written = out.getvalue()
    if terminal:  # codes that move the cursor are ours
        written = re.sub(r"\x1b\[(?:\?25[lh]|2K|\d+A|1A)|\r", "", written)
    assert acting_signs(written) == []
    assert visible(text.rstrip("\r")).rstrip("\\r") in written


@pytest.mark.parametrize("field", ["name", "about", "says"])
@pytest.mark.parametrize("text", [ATTACKS["escape"], ATTACKS["turned"]], ids=["escape", "turned"])
def test_a_study_refuses_texts_that_cannot_be_printed(field: str, text: str) -> None:
    fields: dict[str, Any] = {"activation": ["relu", "elu"], field: text}
    if field == "says":
        fields = {"activation": ["relu", "elu"], "claim": [{"says": text, "of": "elu", "is": "highest"}]}
    with pytest.raises(StudyError, match="holds control characters; write plain text") as fault:
        Study(**fields)
    assert acting_signs(str(fault.value)) == []


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_a_name_holds_its_text_as_a_literal(text: str) -> None:
    name = str(parse(f"my_lab.acts:X(note={text!r})"))
    assert acting_signs(name) == []
    assert parse(name).arguments == {"note": text}


@pytest.mark.parametrize(
    "name",
    ["my:X(note=f('\x1b[31m\u202e'))", "my:X(note=\x1b)", "\x1b[31m", "relu\u202e", "my:X(\x1b=1)", "my:X('\x1b')"],
)
def test_the_message_about_a_bad_name_is_inert(capsys: pytest.CaptureFixture[str], name: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(f"activation = {json.dumps(name)}")
    status, out, err = answer(capsys, "run", tmp_path / "bad.toml")
    assert status == CANNOT
    assert acting_signs(out + err) == []


def test_the_traceback_of_a_bug_is_inert(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(ATTACKS["escape"])

    monkeypatch.setattr(Results, "read", fail)
    status, out, err = answer(capsys, "report", "s")
    assert status == BUG
    assert acting_signs(out + err) == []
    assert "RuntimeError: \\x1b[31mred" in err


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain ± − ’ 字 🎉 é\u00a0x\tand\nlines", "plain ± − ’ 字 🎉 é\u00a0x\tand\nlines"),
        ("\x1b[0m\x00\x7f\x9b\r", "\\x1b[0m\\x00\\x7f\\x9b\\r"),
        ("a\u202eb\u2066c\u200fd\u2028e\ufeff", "a\\u202eb\\u2066c\\u200fd\\u2028e\\ufeff"),
        ("\ud800\uffff\U000e0041", "\\ud800\\uffff\\U000e0041"),
    ],
)
def test_signs_that_act_become_visible_and_nothing_else_changes(text: str, printed: str) -> None:
    assert visible(text) == printed
    assert visible(printed) == printed
