"""A thousand runs whose every text is an attack: inert in page, figures, files and on a terminal."""

import base64
import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
from markdown_it import MarkdownIt
from reluctant.figures.labels import clip
from reluctant.records.study_results import Results
from rich.console import Console

from reluctant import report
from reluctant.api.progress import Board, watch
from reluctant.cli.main import CANNOT, DONE, SOME_FAILED, execute
from reluctant.core.canonical_json import digest, dumps
from reluctant.core.display import visible
from reluctant.core.errors import StudyError
from reluctant.core.names import parse
from reluctant.engines import Failed, Message, Started
from reluctant.records.store import Store
from reluctant.report.export import export, tex
from reluctant.study import Run, Study
from tests.report import test_report_page as on_page
from tests.support import records

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog

browser = on_page.browser  # the fixture

EVIL = {
    "script": "<script>window.hit=1</script>",
    "image": '"><img src=x onerror="window.hit=2">',
    "drawing": "</text></svg><svg onload='window.hit=3'>",
    "style": "</style><style>body{display:none}</style></title>",
    "frame": "</pre></code><iframe src='javascript:window.hit=4'></iframe>",
    "template": "{{7*7}}",
    "directive": "{% raw %}{% include '/etc/passwd' %}",
    "formula": "=cmd|' /C calc'!A0",
    "later": ";=cmd|' /C calc'!A0;@SUM(1)",
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tex": "\\input{/etc/passwd}\\write18{ls}%",
    "math": "$x^$ _y_ #1 & ~ ^^5c",
    "cdata": "]]>--><!-- <![CDATA[",
    "entity": "&lt;script&gt; &#60;b&#62; &amp;",
    "link": "![x](http://127.0.0.1:9/x.png) [y](javascript:alert(1)) `c` | *s* <http://127.0.0.1:9>",
    "markup": "[bold red]b[/] [link=x]y[/link] :smile: \\",
    "escape": "\x1b[31mred\x1b]0;owned\x07\x9b2J\r",
    "turned": "\u202egnp.exe\u2066\u200f",
    "long": "W" * 700,
    "wide": "字 🎉 ﷽ Z̸̡̢̛͓͙̀",
}
PRINTED = [text for text in EVIL.values() if all(sign.isprintable() for sign in text)]
NAMES = tuple(f"my_lab.acts:X(note={text!r})" for text in EVIL.values())
CLASSES = [*list(EVIL.values())[:8], EVIL["escape"], EVIL["turned"]]
SEEDS = 50


def law(text: str) -> list[str]:
    """The signs in a text that act on a terminal: control codes, and what turns the direction of reading."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        repr(c)
        for c in text
        if (unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t")
        or unicodedata.bidirectional(c) in turning
        or c in "\u200e\u200f"
    ]


def study() -> Study:
    claims = [{"says": text[:500], "of": NAMES[i], "is": "highest"} for i, text in enumerate(PRINTED)]
    everything = "".join(PRINTED)[:880]
    return Study(
        name='<script>window.hit=5</script>{{7*7}}"><img src=x>=cmd',
        about=everything,
        activation=NAMES,
        seed=tuple(range(SEEDS)),
        dataset=f"my_lab.data:D(note={EVIL['script'] + EVIL['formula'] + EVIL['escape']!r})",
        model=f"my_lab.nets:N(note={everything[:400]!r})",
        epochs=2,
        claim=claims,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with its report: every text that a user or a file can bring in is hostile."""
    path = tmp_path_factory.mktemp("hostile") / "s"
    asked, texts = study(), list(EVIL.values())
    assert asked.size == 1000
    records.folder(path, asked, skip=asked.size)
    places = {digest(held)[:16]: held for held in map(_machine, texts)}
    for name, held in places.items():
        (path / "environments" / f"{name}.json").write_text(dumps(held))
    for number, run in enumerate(asked.runs()):
        text = texts[number % len(texts)]
        if number % 49 == 5:  # each text once
            (path / "failed").mkdir(exist_ok=True)
            (path / "failed" / f"{run.key}.txt").write_text(f"Traceback {text}\nError: {text}", "utf-8")
            continue
        made = records.record(run, diverged=1 + int(run.seed) % 2 if number % 89 == 7 else None)
        made |= {"warnings": [text], "environment": list(places)[number % len(places)]}
        made["layers"] = [{"name": text, "kind": text, "shape": [1], "parameters": 0}]
        Store(path / "runs").add(run.key, made)
    _describe(path, texts)
    line = {"date": EVIL["script"], "looked": True, "changed": {EVIL["image"]: [0, 1]}}
    (path / "history.jsonl").write_text(json.dumps(line) + "\n")
    report.write(Results.read(path), path)
    return path


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return Results.read(folder)


def _machine(text: str) -> dict[str, Any]:
    one: dict[str, Any] = dict.fromkeys(("processor", "python", "system", "commit"), text)
    return one | {key: {text: text} for key in ("packages", "settings", "torch")}


def _describe(path: Path, texts: list[str]) -> None:
    labels = base64.b64encode(bytes(i % 10 for i in range(200))).decode()
    held = {"name": texts[0], "sha256": "1" * 64, "classes": CLASSES, "test_labels": labels,
            "images": {"train": 200, "valid": 200, "test": 200}, "warnings": texts}  # fmt: skip
    (path / "data").mkdir()
    (path / "data" / f"{'1' * 16}.json").write_text(json.dumps(held))


# In a browser.

_TAGS = """html head meta title style body header main section nav p span h1 h2 h3 ul li a figure figcaption
div details summary table caption thead tbody tr th td small strong em code pre dl dt dd br
svg g path rect text tspan use defs clippath"""
_SHAPES = """svg g path rect text tspan use defs clipPath style metadata RDF Work type title date format
creator Agent"""
FOUND = """() => ({
  tags: [...new Set([...document.querySelectorAll('*')].map(e => e.tagName.toLowerCase()))],
  acting: [...document.querySelectorAll('*')]
    .flatMap(e => [...e.attributes].map(a => a.name + '=' + a.value))
    .filter(a => /^(on|(src|srcdoc|action|formaction|xlink:href)=|href=(?!#))/i.test(a)),
  hit: window.hit === undefined ? 'nothing' : window.hit,
  styles: document.querySelectorAll('style').length,
  shown: getComputedStyle(document.body).display,
  text: document.body.textContent,
})"""


@pytest.mark.chromium
@pytest.mark.parametrize("guarded", [True, False], ids=["as it is", "without its security policy"])
def test_in_a_browser_nothing_acts_and_all_is_shown(
    browser: "Browser", folder: Path, tmp_path: Path, guarded: bool
) -> None:
    html = (folder / "report.html").read_text("utf-8")
    page = tmp_path / "page.html"
    page.write_text(html if guarded else re.sub(r"<meta http-equiv=[^>]*>", "", html), "utf-8")
    tab, said = browser.new_page(), []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: said.append(request.url) if request.url != page.as_uri() else None)

    def dismissed(dialog: "Dialog") -> None:
        said.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", dismissed)
    tab.goto(page.as_uri())
    found = tab.evaluate(FOUND)
    title = tab.title()
    tab.close()
    assert said == []
    assert found["hit"] == "nothing"
    assert set(found["tags"]) <= set(_TAGS.split())
    assert found["acting"] == []
    assert (found["styles"], found["shown"]) == (1, "block")
    assert title.startswith(study().name)
    assert [text for text in wanted() if " ".join(text.split()) not in " ".join(found["text"].split())] == []
    assert law(found["text"]) == []


def wanted() -> Iterator[str]:
    """What a reader of the page must find word for word, with what cannot be seen as an escape."""
    asked = study()
    yield from (asked.name, asked.about, *(claim.says for claim in asked.claim))
    yield from NAMES
    yield from map(clip, CLASSES)
    for text in EVIL.values():
        yield f"{visible(text)} ("  # a warning, with the number of its runs
        yield visible(f"Error: {text}".rstrip("\r"))  # which ends a line


def test_figures_are_drawings_and_nothing_else(folder: Path) -> None:
    drawings = sorted((folder / "figures").glob("*.svg"))
    assert len(drawings) > 3 * len(NAMES)
    for path in drawings:
        assert re.fullmatch(r"[A-Za-z0-9.=_-]+", path.name)
        for element in ElementTree.parse(path).iter():
            tag = str(element.tag).rpartition("}")[2]
            assert tag in _SHAPES.split(), (path.name, tag)
            names = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
            assert not [name for name in names if name.startswith("on")]
            assert names.get("href", "#").startswith("#")
            if tag == "style":
                assert element.text == "*{stroke-linejoin: round; stroke-linecap: butt}"


# As files.


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_no_cell_of_a_csv_file_is_a_formula_and_numbers_stay(results: Results, tmp_path: Path) -> None:
    rows = cells(export(results, tmp_path / "x.csv"))
    frame = results.frame(["f1", "mcc", "loss"])
    assert len(rows) == len(frame) > 5000
    for name in ("f1", "mcc", "loss"):
        assert [float(row[name]) for row in rows] == frame[name].tolist()
    for row in rows:
        for value in (row["activation"], row["model"], row["dataset"]):
            assert not re.search(r"(^|[;\t\r\n])\s*[=+@-]", value)
            assert law(value) == []
    assert {re.sub(r";'([=+@-])", r";\1", row["activation"]) for row in rows} == set(NAMES)


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\t=", " =", "＝", "＋", "－", "＠", "\n=", "x;=", "x; -"]
)
def test_what_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(
    results: Results, tmp_path: Path, start: str
) -> None:
    forged = replace(results.results[0], run=replace(results.results[0].run, model=f"{start}1+1"))
    value = cells(export(replace(results, results=(forged,)), tmp_path / "x.csv"))[0]["model"]
    where = start.index(";") + 1 if ";" in start else 0
    assert value[where] in ("'", "\\")
    assert value.replace("'", "") == visible(f"{start}1+1")


def test_a_negative_number_in_a_csv_file_is_a_number(results: Results, tmp_path: Path) -> None:
    worst = results.results[0]
    turned = {split: np.flip(matrix, axis=2) for split, matrix in worst.counts.items()}
    rows = cells(export(replace(results, results=(replace(worst, counts=turned),)), tmp_path / "x.csv"))
    assert [float(row["mcc"]) for row in rows] == [float(row["mcc"].replace("'", "")) for row in rows]
    assert min(float(row["mcc"]) for row in rows) < 0


COMMANDS = r"\\(?:textbackslash|textasciitilde|textasciicircum|textless|textgreater)\{\}|\\[&%$#_{}]|\$\\pm\$|\$-\$"


@pytest.mark.parametrize("text", [*EVIL.values(), *NAMES, study().model[0]])
def test_no_text_holds_a_command_of_latex(text: str) -> None:
    """A strict law instead of a compiler: without the few escapes, no sign is left that means anything."""
    left = re.sub(COMMANDS, "", tex(text))
    assert not set(left) & set("\\{}$&#%_^~\n\r")
    assert law(left) == []


def test_a_latex_file_holds_its_table_and_nothing_else(results: Results, tmp_path: Path) -> None:
    lines = export(results, tmp_path / "x.tex").read_text("utf-8").splitlines()
    ours = (r"% needs \usepackage{booktabs}", r"\begin{tabular}{lrlll}", r"\toprule", r"\midrule",
            r"\bottomrule", r"\end{tabular}")  # fmt: skip
    rows = [line for line in lines if line not in ours]
    assert len(rows) == 1 + len(NAMES)
    for row in rows:
        inside = re.sub(r"\\text(?:bf|it)\{([^{}]*)\}", r"\1", re.sub(COMMANDS, "", row.removesuffix(r" \\")))
        assert not set(inside.replace(" & ", "")) & set("\\{}$&#%_^~")
        assert inside.count(" & ") == 4


def test_a_markdown_file_shows_every_name_as_it_is(results: Results, tmp_path: Path) -> None:
    text = export(results, tmp_path / "x.md").read_text("utf-8")
    assert "{{" not in text
    assert "{%" not in text
    inline = [t.children or [] for t in MarkdownIt("commonmark").enable("table").parse(text) if t.type == "inline"]
    kinds = {child.type for children in inline for child in children}
    assert kinds <= {"text", "text_special", "strong_open", "strong_close", "em_open", "em_close"}
    shown = ["".join(child.content for child in children) for children in inline]
    assert shown[5:-1:5] == [visible(name) for name in NAMES]
    assert len(shown) == 5 * (1 + len(NAMES)) + 1


# On a terminal.


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    status = execute(list(map(str, words)))
    out, err = capsys.readouterr()
    return status, out + err


@pytest.mark.parametrize("command", ["compare", "status", "verify", "report"])
def test_commands_print_no_code_of_others(
    folder: Path,
    results: Results,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("COLUMNS", "4000")
    monkeypatch.setattr(Results, "read", lambda _: results)  # once is enough, and so is one page
    page = (folder / "report.html").read_text("utf-8")
    monkeypatch.setattr("reluctant.report.render", lambda *_: page)
    monkeypatch.setattr("reluctant.verification.page.render_page", lambda *_: page)
    (folder / ".lock").write_text(json.dumps({"process": 1, "machine": EVIL["escape"], "since": EVIL["turned"]}))
    if command == "verify":
        forged = records.record(Run(EVIL["escape"] + EVIL["turned"], seed=3))
        Store(folder / "runs").add(Run.from_dict(forged["run"]).key, forged)
    status, out = said(capsys, command, folder, *(["-o", tmp_path / "x.html"] if command == "report" else []))
    (folder / ".lock").unlink()
    assert out == "" or status != 70, out
    assert status == (SOME_FAILED if command == "verify" else DONE)
    assert law(out) == []
    if command == "compare":
        assert "[bold red]b[/] [link=x]y[/link] :smile: " in out
        assert all(name in out for name in NAMES)
        assert all(claim.says in out for claim in study().claim)
    if command == "status":
        assert visible(f"process 1 on {EVIL['escape']}") in out
    if command == "verify":
        assert visible(EVIL["escape"] + EVIL["turned"]) in out


def test_on_a_terminal_with_colours_only_our_own_codes_are_there(
    folder: Path, results: Results, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "4000")
    monkeypatch.setattr(Results, "read", lambda _: results)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    _, out = said(capsys, "compare", folder)
    assert "\x1b[" in out
    assert law(re.sub(r"\x1b\[[\d;]*m", "", out)) == []


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_progress_shows_texts_as_they_are(text: str, terminal: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, width=3000, height=40, force_terminal=terminal, color_system=None)
    run = Run(text, seed=1)
    around, tell = watch(console, Board([run]))
    with around:
        tell(Started(run))
        tell(Message(run, text))
        tell(Message(None, text))
        tell(Failed(run, f"Traceback\nError: {text}"))
    written = out.getvalue()
    if terminal:  # what moves the cursor is ours
        written = re.sub(r"\x1b\[(?:\?25[lh]|2K|\d+A|1A)|\r", "", written)
    assert law(written) == []
    assert visible(text.rstrip("\r")).rstrip("\\r") in written


@pytest.mark.parametrize("field", ["name", "about", "says"])
@pytest.mark.parametrize("text", [EVIL["escape"], EVIL["turned"]], ids=["escape", "turned"])
def test_a_study_refuses_what_cannot_be_printed(field: str, text: str) -> None:
    given: dict[str, Any] = {"activation": ["relu", "elu"], field: text}
    if field == "says":
        given = {"activation": ["relu", "elu"], "claim": [{"says": text, "of": "elu", "is": "highest"}]}
    with pytest.raises(StudyError, match="holds control characters; write plain text") as fault:
        Study(**given)
    assert law(str(fault.value)) == []


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_a_name_holds_its_text_as_a_literal(text: str) -> None:
    name = str(parse(f"my_lab.acts:X(note={text!r})"))
    assert law(name) == []
    assert parse(name).arguments == {"note": text}


@pytest.mark.parametrize(
    "name",
    ["my:X(note=f('\x1b[31m\u202e'))", "my:X(note=\x1b)", "\x1b[31m", "relu\u202e", "my:X(\x1b=1)", "my:X('\x1b')"],
)
def test_the_message_about_a_bad_name_is_inert(capsys: pytest.CaptureFixture[str], name: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(f"activation = {json.dumps(name)}")
    status, out = said(capsys, "run", tmp_path / "bad.toml")
    assert status == CANNOT
    assert law(out) == []


def test_the_traceback_of_a_bug_is_inert(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError(EVIL["escape"])

    monkeypatch.setattr(Results, "read", fails)
    _, out = said(capsys, "report", folder)
    assert law(out) == []
    assert "RuntimeError: \\x1b[31mred" in out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ± − ’ 字 🎉 é\u00a0x\tand\nlines", "plain ± − ’ 字 🎉 é\u00a0x\tand\nlines"),
        ("\x1b[0m\x00\x7f\x9b\r", "\\x1b[0m\\x00\\x7f\\x9b\\r"),
        ("a\u202eb\u2066c\u200fd\u2028e\ufeff", "a\\u202eb\\u2066c\\u200fd\\u2028e\\ufeff"),
        ("\ud800\uffff\U000e0041", "\\ud800\\uffff\\U000e0041"),
    ],
)
def test_what_acts_is_made_visible_and_nothing_else_changes(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown
