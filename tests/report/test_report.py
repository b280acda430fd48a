"""The report: all of it there, nothing claimed too much, nothing of others able to act."""

import dataclasses
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from reluctant.records.study_results import Results
from reluctant.report.headline import sentence

from reluctant import report
from reluctant.records.store import Store
from reluctant.report import tables, words
from reluctant.study import Run, Study
from tests.figures.test_figures import FOUR, HOSTILE, lost, made
from tests.support import records

EVIL = "</pre></title></style><script>alert(9)</script><img src=x onerror=alert(8)>{{7*7}}{% raw %}"


class Seen(HTMLParser):
    """What a parser sees in a page: (tag, attributes) in order, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._in: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._in.append("/" + tag)

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of four activations, with its report."""
    path = tmp_path_factory.mktemp("four")
    report.write(made(path, Study(name="quick", activation=FOUR, epochs=5)), path)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study in which everything that comes from elsewhere is an attack."""
    path = tmp_path_factory.mktemp("hostile")
    study = Study(name=EVIL, about=EVIL, activation=HOSTILE, epochs=2, seed=(0, 1),
                  dataset=f"lab:d(x={EVIL!r})", model=f"lab:net(x={EVIL!r})")  # fmt: skip
    made(path, study)
    runs = list(study.runs())
    record: dict[str, Any] = {
        **records.record(runs[0]),
        "warnings": [EVIL],
        "data": EVIL,
        "environment": EVIL,
    }
    record["layers"] = [{"name": EVIL, "kind": EVIL, "shape": [1], "parameters": 0}]
    Store(path / "runs").add(runs[0].key, record)
    (path / "runs" / f"{runs[-1].key}.json").unlink()
    (path / "failed").mkdir()
    (path / "failed" / f"{runs[-1].key}.txt").write_text(f"Traceback\nError: {EVIL}", "utf-8")
    results = dataclasses.replace(
        Results.read(path), environments={EVIL: {"processor": EVIL, "packages": {EVIL: EVIL}}}
    )
    report.write(results, path)
    return path


def html(path: Path) -> str:
    return (path / "report.html").read_text("utf-8")


def test_every_figure_is_saved_twice_and_shown(folder: Path) -> None:
    saved = sorted(p.name for p in (folder / "figures").iterdir())
    stems = {name.rpartition(".")[0] for name in saved}
    assert saved == sorted(f"{stem}.{kind}" for stem in stems for kind in ("png", "svg"))
    assert {"final_f1", "f1", "loss", "shapes", "training_gelu", "confusion_gelu", "shape_gelu"} <= stems
    assert "differences_f1" in stems
    assert {f"inside_{name}" for name in ("dead", "gradients", "values", "updates")} <= stems
    assert html(folder).count("<figure") == len(stems) == 10 + 3 * 4


def test_every_picture_is_xml_with_words_and_numbers(folder: Path) -> None:
    page = html(folder)
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) > 20
    for picture in pictures:
        element = ElementTree.fromstring(picture)
        assert element.attrib["role"] == "img"
        assert element.attrib["aria-label"]
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        assert "<details><summary>The numbers</summary>" in figure
        assert "<table>" in figure


def test_ids_are_unique_and_links_lead_somewhere(folder: Path) -> None:
    page = html(folder)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="|url\()#([^")]+)', page) + re.findall(r'aria-labelledby="([^"]+)"', page)
    assert len(targets) > 10
    assert set(targets) <= set(ids)


def test_the_page_needs_nothing_from_outside(folder: Path) -> None:
    page = html(folder)
    seen = Seen(page)
    assert "default-src 'none'" in page
    assert not [tag for tag, _ in seen.tags if tag in ("script", "link", "img", "iframe", "object", "embed")]
    assert set(re.findall(r"https?://[^\"' <]+", page)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in page


def test_headings_step_down_one_by_one(folder: Path) -> None:
    levels = [int(tag[1]) for tag, _ in Seen(html(folder)).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_table_headers_say_what_they_head(folder: Path) -> None:
    heads = Seen(html(folder)).all("th")
    assert heads
    assert all(head.get("scope") in ("col", "row") for head in heads)


def test_it_tells_what_was_trained_and_where(folder: Path) -> None:
    text = Seen(html(folder)).text
    for said in ("not MNIST", "Learning rate", "5 (0 to 4), the same for every activation", "a processor",
                 "torch 2.13.0", "1" * 64, "110,922", "32 × 26 × 26", "blocks.0.conv",
                 f"{folder}/study.toml -o {folder}", "The default of most networks",
                 "200 test images", "Fukushima 1969"):  # fmt: skip
        assert said in text
    assert "of training and evaluation" in text


def test_the_table_holds_the_scores(folder: Path) -> None:
    results = Results.read(folder)
    table = tables.final(results)
    assert table.strong is not None
    assert table.columns[table.strong] == "Macro F1\u00a0*"
    for row, activation in zip(table.rows, FOUR, strict=True):
        interval = results.interval("f1", activation)
        assert row[table.strong] == f"{interval.mean:.4f} ± {interval.half:.4f}"
        assert row[1] == "5"
        assert row[-2] == f"{min(r.score('f1') for r in results.of(activation)):.4f}"
        assert row[-1] == "0"
        assert f"{interval.mean:.4f}" in html(folder)


def test_the_same_results_make_the_same_page(folder: Path) -> None:
    results = Results.read(folder)
    assert report.render(results) == html(folder)


def test_to_writes_the_page_and_nothing_else(tmp_path: Path) -> None:
    results = made(tmp_path / "read", Study(activation="relu", epochs=1, seed=0))
    before = sorted(tmp_path.rglob("*"))
    path = report.write(results, tmp_path / "read", to=tmp_path / "elsewhere" / "page.html")
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert sorted(set(tmp_path.rglob("*")) - set(before)) == [path.parent, path]


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = made(tmp_path, Study(activation="relu", epochs=1, seed=0))
    (tmp_path / "report.html").write_text("old", "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        report.write(results, tmp_path)
    assert html(tmp_path) == "old"
    assert not list(tmp_path.glob(".*part"))


# What may be there, and what may not.


def test_no_run_yet(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(Study(activation=FOUR).to_toml(), "utf-8")
    report.write(Results.read(tmp_path), tmp_path)
    text = Seen(html(tmp_path)).text
    assert "No run has finished yet: 0 of 20." in text
    assert "<figure" not in html(tmp_path)


def test_all_diverged(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=3, seed=(0, 1))
    report.write(made(tmp_path, study, lost(study)), tmp_path)
    text = Seen(html(tmp_path)).text
    assert "All 4 finished runs diverged; there is no score to compare." in text
    assert text.count("the loss was no longer finite") == 4
    assert "2 of 2" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_diverged_and_failed_runs_are_listed(tmp_path: Path) -> None:
    study = Study(activation=FOUR, epochs=3)
    results = made(tmp_path, study, {("elu", 1): 2, ("elu", 4): 3})
    gone = [run for run in study.runs() if run.activation == "gelu" and run.seed == 3]
    results = dataclasses.replace(
        results,
        results=tuple(r for r in results if r.run not in gone),
        failures={gone[0]: "Traceback (most recent call last):\n  deep\nMemoryError: too much"},
    )
    report.write(results, tmp_path)
    seen = Seen(html(tmp_path))
    assert "Diverged: ELU in 2 of 5 runs." in seen.text
    assert "19 of 20 runs so far." in seen.text
    assert "elu, seed 1" in seen.text
    assert "diverged in epoch 2: the loss was no longer finite" in seen.text
    assert "gelu, seed 3" in seen.text
    assert "failed: MemoryError: too much" in seen.text
    assert "Traceback (most recent call last):\n  deep" in seen.text
    table = tables.final(results)
    assert [row[1] for row in table.rows] == ["5", "5", "3", "4"]
    assert table.rows[2][-2:] == ("diverged", "2 of 5")


def test_warnings_stand_at_the_top(tmp_path: Path) -> None:
    study = Study(activation="relu", epochs=1, seed=(0, 1))
    results = made(tmp_path, study)
    for run in study.runs():
        Store(tmp_path / "runs").add(run.key, {**records.record(run), "warnings": ["the sum is another"]})
    results = Results.read(tmp_path)
    report.write(results, tmp_path)
    page = html(tmp_path)
    assert "the sum is another (2 runs)" in page
    assert page.index("the sum is another") < page.index('id="scores"')


@pytest.mark.parametrize(
    ("rates", "every"), [((0.1, 0.01), True), (tuple(0.1 / (i + 1) for i in range(7)), False)]
)
def test_settings(tmp_path: Path, rates: tuple[float, ...], every: bool) -> None:
    results = made(tmp_path, Study(activation=("relu", "elu"), lr=rates, epochs=2, seed=(0, 1)))
    report.write(results, tmp_path)
    page = html(tmp_path)
    assert page.count("Final scores on the test images") >= len(rates)
    assert (tmp_path / "figures" / "final_f1_lr=0.1.svg").is_file()
    assert (tmp_path / "figures" / "training_relu_lr=0.1.svg").is_file() == every
    assert ("the curves are left out of the page" in page) != every
    number = "Two" if every else "Seven"
    assert f"{number} settings of lr, {len(rates)} comparisons with ReLU: " in Seen(page).text
    assert page.count("the difference from ReLU</strong>") == len(rates)


def test_files_of_names_that_differ_in_signs_alone_do_not_clash(tmp_path: Path) -> None:
    names = ("lab:f(t='a/b')", "lab:f(t='a?b')", "lab:F(t='a b')")
    report.write(made(tmp_path, Study(activation=names, epochs=1, seed=0)), tmp_path)
    assert len(list((tmp_path / "figures").glob("confusion_*.png"))) == 3
    assert not any(set(p.name) & set("/?:'( ") for p in (tmp_path / "figures").iterdir())


def test_one_environment_missing_is_said(tmp_path: Path) -> None:
    results = made(tmp_path, Study(activation="relu", epochs=1, seed=0))
    page = report.render(dataclasses.replace(results, environments={}))
    assert "its description is missing from the folder" in page


def test_nothing_of_others_acts(hostile: Path) -> None:
    page = html(hostile)
    seen = Seen(page)
    known = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "p",
             "span", "h1", "h2", "h3", "ul", "li", "a", "figure", "figcaption", "div", "details", "summary",
             "table", "caption", "thead", "tbody", "tr", "th", "td", "small", "strong", "em", "code", "pre",
             "dl", "dt", "dd", "br", "svg", "g", "path", "rect", "text", "tspan", "use", "defs",
             "clippath"}  # fmt: skip
    assert {tag for tag, _ in seen.tags} <= known
    assert not [
        key for _, attributes in seen.tags for key in attributes if key.startswith("on") or key == "src"
    ]
    assert page.count("<title>") == page.count("</title>") == page.count("<style>") == 1
    assert "{{7*7}}" in seen.text
    assert EVIL in seen.text
    for picture in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(picture)


def test_files_of_hostile_names_stay_in_their_folder(hostile: Path) -> None:
    for file in (hostile / "figures").iterdir():
        assert re.fullmatch(r"[A-Za-z0-9.=_-]+", file.name)
        if file.suffix == ".svg":
            ElementTree.fromstring(file.read_text("utf-8"))


# The sentence at the top.

Cases = dict[tuple[str, int], float | None]


def scored(path: Path, study: Study, accuracy: Callable[[Run], float | None]) -> Results:
    """Results whose runs have about this accuracy; None diverges."""
    records.folder(path, study)
    for run in study.runs():
        level = accuracy(run)
        record = records.record(run, accuracy=level or 0.9, images=2000, diverged=None if level else 1)
        Store(path / "runs").add(run.key, record)
    return Results.read(path)


def test_the_sentence_gives_the_verdicts_and_the_data(tmp_path: Path) -> None:
    level = {"relu": 0.9, "elu": 0.99, "gelu": 0.8}
    results = scored(tmp_path, Study(activation=tuple(level), epochs=3), lambda run: level[run.activation])
    said = sentence(results)
    better = results.interval("f1", "elu").mean - results.interval("f1", "relu").mean
    assert said.startswith(
        f"ELU is better than ReLU by {100 * better:.2f} points of macro F1; GELU is worse than ReLU"
    )
    assert "Measured on scikit-learn digits (" in said
    assert "only the paired comparison can tell" not in said


def test_of_the_loss_the_lower_is_better(tmp_path: Path) -> None:
    level = {"relu": 0.9, "elu": 0.99}
    study = Study(activation=tuple(level), epochs=3, compare={"metric": "loss"})
    said = sentence(scored(tmp_path, study, lambda run: level[run.activation]))
    assert said.startswith("ELU is better than ReLU by 0.")
    assert "nats of " in said


@pytest.mark.parametrize(
    ("seeds", "words", "silent"),
    [
        (1, "With one seed there is no interval", "fewer than five"),
        (3, "Intervals over fewer than five seeds are wide and uncertain.", "one seed"),
        (5, "Measured on", "five seeds"),
    ],
)
def test_the_sentence_knows_how_many_seeds(tmp_path: Path, seeds: int, words: str, silent: str) -> None:
    results = made(tmp_path, Study(activation=FOUR, epochs=2, seed=tuple(range(seeds))))
    assert words in sentence(results)
    assert silent not in sentence(results)


def test_one_activation_is_not_compared(tmp_path: Path) -> None:
    results = made(tmp_path, Study(activation="relu", epochs=2))
    said = sentence(results)
    assert re.match(
        r"On scikit-learn digits \(.*\), ReLU ends at a mean macro F1 of 0\.\d{4} ± 0\.\d{4} \(5", said
    )
    assert "comparison" not in said
    assert 'id="verdicts"' not in report.render(results)


def test_one_activation_at_two_settings_is_not_compared(tmp_path: Path) -> None:
    said = sentence(made(tmp_path, Study(activation="relu", epochs=2, lr=(0.1, 0.01))))
    assert said.startswith("Only ReLU takes part, at two settings; there is nothing to compare.")


def test_an_activation_without_a_score_gets_no_verdict(tmp_path: Path) -> None:
    study = Study(activation=FOUR, epochs=2)
    said = sentence(scored(tmp_path, study, lambda run: None if run.activation == "gelu" else 0.9))
    assert "o verdict for GELU: there is no seed with two finished runs" in said
    assert "Diverged: GELU in 5 of 5 runs." in said


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.24, "4.2 s"), (59.7, "60 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds).replace("1 min 0 s", "60 s") == text


def test_long_studies_are_thinned_in_tables() -> None:
    shown = tables.epochs_shown(1000)
    assert shown[0] == 1
    assert shown[-1] == 1000
    assert len(shown) == tables.MOST
    assert tables.epochs_shown(3) == [1, 2, 3]
