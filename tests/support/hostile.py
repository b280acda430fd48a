"""A study of a thousand runs in which every text that a user or a file can bring in is an attack."""

import base64
import json
import unicodedata
from pathlib import Path

from reluctant.catalogue.metrics import SPLITS
from reluctant.core.canonical_json import digest, dumps
from reluctant.records.parts import Json
from reluctant.records.schema import DataRecord, HistoryRecord
from reluctant.records.store import Store
from reluctant.study import Study
from tests.support.records import record, study_folder

ATTACKS = {
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
PRINTABLE = [text for text in ATTACKS.values() if all(sign.isprintable() for sign in text)]
NAMES = tuple(f"my_lab.acts:X(note={text!r})" for text in ATTACKS.values())
CLASSES = [*list(ATTACKS.values())[:8], ATTACKS["escape"], ATTACKS["turned"]]
SEEDS = 20


def acting_signs(text: str) -> list[str]:
    """The signs in a text that act on a terminal: control codes, and what turns the direction of reading."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        repr(c)
        for c in text
        if (unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t")
        or unicodedata.bidirectional(c) in turning
        or c in "\u200e\u200f"
    ]


def hostile_study() -> Study:
    """Twenty activations, twenty seeds."""
    claims = [{"says": text[:500], "of": NAMES[i], "is": "highest"} for i, text in enumerate(PRINTABLE)]
    everything = "".join(PRINTABLE)[:880]
    return Study(
        name='<script>window.hit=5</script>{{7*7}}"><img src=x>=cmd',
        about=everything,
        activation=NAMES,
        seed=tuple(range(SEEDS)),
        dataset=f"my_lab.data:D(note={ATTACKS['script'] + ATTACKS['formula'] + ATTACKS['escape']!r})",
        model=f"my_lab.nets:N(note={everything[:400]!r})",
        epochs=2,
        claim=claims,
    )


def hostile_folder(path: Path) -> Path:
    """The study's folder without its report; every text is once the traceback of a failed run."""
    study, texts = hostile_study(), list(ATTACKS.values())
    assert study.size == 400
    study_folder(path, study, skip=study.size)
    environments = {digest(each)[:16]: each for each in map(_environment, texts)}
    for name, environment in environments.items():
        (path / "environments" / f"{name}.json").write_text(dumps(environment))
    (path / "failed").mkdir()
    for number, run in enumerate(study.runs()):
        text = texts[number % len(texts)]
        if number % 19 == 5:
            (path / "failed" / f"{run.key}.txt").write_text(f"Traceback {text}\nError: {text}", "utf-8")
            continue
        diverged = 1 + int(run.seed) % 2 if number % 37 == 7 else None
        content = record(run, diverged=diverged).to_json()
        content |= {"warnings": [text], "environment": list(environments)[number % len(environments)]}
        content["layers"] = [{"name": text, "kind": text, "shape": [1], "parameters": 0}]
        Store(path / "runs").add(run.key, content)
    (path / "data").mkdir()
    labels = base64.b64encode(bytes(i % 10 for i in range(200))).decode()
    data = DataRecord(name=texts[0], sha256="1" * 64, classes=CLASSES, test_labels=labels,
                      images=dict.fromkeys(SPLITS, 200), warnings=texts)  # fmt: skip
    text = json.dumps(data.model_dump(exclude_unset=True))
    (path / "data" / f"{'1' * 16}.json").write_text(text)
    change = HistoryRecord(date=ATTACKS["script"], looked=True, changed={ATTACKS["image"]: [0, 1]})
    (path / "history.jsonl").write_text(json.dumps(change.model_dump()) + "\n")
    return path


def _environment(text: str) -> Json:
    content: Json = dict.fromkeys(("processor", "python", "system", "commit"), text)
    return content | {key: {text: text} for key in ("packages", "settings", "torch")}
