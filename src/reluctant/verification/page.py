"""The report and its figures, drawn again from the records and compared with the files in the folder."""

import re
import tempfile
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path

from reluctant.analysis import ReportData
from reluctant.figures.card import card_png
from reluctant.records.study_records import StudyRecords
from reluctant.report import CARD, drawn_with, render_page
from reluctant.verification.findings import Finding, remark

_COMMAND = re.compile(r"(To (?:repeat|draw)[^<]*<code>).*?(</code>)", re.DOTALL)  # both commands have the folder
_GENERATOR = re.compile(r'<meta name="generator" content="([^"]*)">')
_CARD = re.compile(r'(<meta property="og:image" content=")https?://[^"]*/(card\.png">)')  # the page's own address
_RUNS = re.compile(r"</span> (([\d,]+)(?: of [\d,]+)? runs(?:, complete)?)</p>")
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_LABEL = re.compile(r'aria-label="([^"]*)"')


def check_page(folder: Path) -> Iterator[Finding]:
    """Where `report.html` and `figures/` are not what the records of the folder give."""
    path = folder / "report.html"
    if not path.is_file():
        yield remark(path, "is not there; `reluctant report` draws it")
        return
    old = path.read_text("utf-8", errors="replace")
    version = _generator(old).partition(";")[0]
    if version != drawn_with().partition(";")[0]:
        by = version if " " in version else "another version"
        yield remark(path, f"was drawn by {by}, so it is not compared; `reluctant report` draws it again")
        return
    with tempfile.TemporaryDirectory() as scratch:
        try:
            for dots in (folder / "figures").glob("*.png"):
                (Path(scratch) / dots.name).touch()  # an exported figure is drawn again beside the page's drawing
            data = ReportData.of(StudyRecords.read(folder))
            new, card = render_page(data, Path(scratch)), card_png(data)
        except (ValueError, KeyError, TypeError, IndexError) as fault:
            yield Finding(path, f"cannot be drawn again from these records: {type(fault).__name__}: {fault}")
            return
        yield from compare_page(path, old, new, Path(scratch), card)


def compare_page(path: Path, old: str, new: str, figures: Path, card: bytes) -> Iterator[Finding]:
    """Where a page, its card and the files in `figures/` differ from the `new` page, `figures` and `card`."""
    (old_runs, old_number), (new_runs, new_number) = _runs(old), _runs(new)
    if old_runs and old_runs != new_runs and old_number <= new_number:
        message = f"is older than the records: it was drawn from {old_runs}, and now there are {new_runs}"
        yield remark(path, f"{message}; `reluctant report` draws it again")
    elif old_number > new_number:
        yield Finding(path, f"is of {old_runs}, and the records that can be trusted are {new_runs}")
    else:
        if difference := _text_difference(old, new):
            yield Finding(path, difference)
        yield from _compare_drawings(path, old, new, figures, card)


def _generator(page: str) -> str:
    match = _GENERATOR.search(page)
    return unescape(match[1]) if match else ""


def _runs(page: str) -> tuple[str, int]:
    """How many runs a page is of, in its words and as a number."""
    match = _RUNS.search(page)
    return (match[1], int(match[2].replace(",", ""))) if match else ("", 0)


def _text_difference(old: str, new: str) -> str:
    """Where a page differs outside its drawings, in words; '' where it does not."""
    before, after = _without_drawings(old), _without_drawings(new)
    if before == after:
        return ""
    end = ("its end", "nothing")
    for (heading, text), (_, expected) in zip_longest(page_texts(before), page_texts(after), fillvalue=end):
        if text != expected:
            return f"says {_clipped(text)} under “{heading}”, where the records give {_clipped(expected)}"
    return "has the texts that the records give, but its markup is not what is drawn from them"


def _clipped(text: str) -> str:
    return f"“{text}”" if len(text) <= 160 else f"“{text[:159]}…”"


def _without_drawings(page: str) -> str:
    """The page with the label of each drawing in its place, without its folder and what it was drawn with."""
    text = _DRAWING.sub(lambda drawing: _label(drawing[0]), page)
    return _GENERATOR.sub("", _CARD.sub(r"\1\2", _COMMAND.sub(r"\1\2", text)))


def _label(drawing: str) -> str:
    return " ".join(_LABEL.findall(drawing)[:1])


class _TextReader(HTMLParser):
    """Collects the texts of a page, each with the heading it stands under."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self._tag, self._heading = "", "its head"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.texts += [(self._heading, str(value)) for name, value in attrs if name == "aria-label"]

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._tag in ("h1", "h2", "h3"):
            self._heading = text
        if text and self._tag != "style":
            self.texts.append((self._heading, text))


def page_texts(page: str) -> list[tuple[str, str]]:
    """(heading, text) of every piece of text in a page, in order."""
    reader = _TextReader()
    reader.feed(page)
    reader.close()
    return reader.texts


def _compare_drawings(path: Path, old: str, new: str, figures: Path, card: bytes) -> Iterator[Finding]:
    """Drawings in the page and files in `figures/` that differ from those of the records.

    Another matplotlib or other type faces draw other coordinates, which contradicts nothing.
    """
    differing = [
        Finding(path, f"has another drawing than the records give: {_clipped(name or 'one without a name')}")
        for drawing, expected in zip_longest(_DRAWING.findall(old), _DRAWING.findall(new), fillvalue="")
        if _LABEL.sub("", drawing, count=1) != _LABEL.sub("", expected, count=1)
        for name in [unescape(_label(drawing))]
    ]
    expected = {path.parent / "figures" / each.name: each.read_bytes() for each in sorted(figures.iterdir())}
    expected[path.parent / CARD] = card
    for file, content in expected.items():
        if not file.is_file():
            yield remark(file, "is not there; `reluctant report` draws it")
        elif content and file.read_bytes() != content:
            differing.append(Finding(file, "is not the figure that the records give"))
    if differing and _generator(old) != drawn_with():
        library = _generator(old).partition("; ")[2]
        yield remark(path, f"was drawn with {library}: its words are compared, its drawings are not")
    else:
        yield from differing
