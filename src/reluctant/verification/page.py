"""The report and its figures, drawn again from the records and compared with what lies in the folder."""

import re
import tempfile
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path

from reluctant.core.errors import ReluctantError
from reluctant.records.study_results import Results
from reluctant.report import drawn_with, render
from reluctant.verification.finding import Finding, remark

_AGAIN = re.compile(r"(To repeat or continue this study: <code>).*?(</code>)", re.DOTALL)  # names the folder
_MADE_BY = re.compile(r'<meta name="generator" content="([^"]*)">')
_RUNS = re.compile(r"</span> (([\d,]+)(?: of [\d,]+)? runs(?:, complete)?)</p>")
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_LABEL = re.compile(r'aria-label="([^"]*)"')


def findings(folder: Path) -> Iterator[Finding]:
    """Where `report.html` and `figures/` are not what the records of the folder give."""
    path = folder / "report.html"
    if not path.is_file():
        yield remark(path, "is not there; `reluctant report` draws it")
        return
    old = path.read_text("utf-8", errors="replace")
    version = _maker(old).partition(";")[0]
    if version != drawn_with().partition(";")[0]:
        told = version if " " in version else "another version"
        yield remark(path, f"was drawn by {told}, so it is not compared; `reluctant report` draws it again")
        return
    with tempfile.TemporaryDirectory() as scratch:
        try:
            new = render(Results.read(folder), Path(scratch))
        except (ReluctantError, ValueError, KeyError, TypeError, IndexError) as fault:
            yield Finding(path, f"cannot be drawn again from these records: {type(fault).__name__}: {fault}")
            return
        yield from compared(path, old, new, Path(scratch))


def compared(path: Path, old: str, new: str, scratch: Path) -> Iterator[Finding]:
    """Where a page and the figures beside it are not what was drawn of the records: `new`, in `scratch`."""
    if older := _older(old, new):
        yield remark(path, f"{older}; `reluctant report` draws it again")
    elif more := _more(old, new):
        yield Finding(path, more)
    else:
        if told := _written(old, new):
            yield Finding(path, told)
        yield from _drawings(path, old, new, scratch)


def _maker(page: str) -> str:
    found = _MADE_BY.search(page)
    return unescape(found[1]) if found else ""


def _runs(page: str) -> tuple[str, int]:
    """How many runs a page tells of, in its words and as a number."""
    found = _RUNS.search(page)
    return (found[1], int(found[2].replace(",", ""))) if found else ("", 0)


def _older(old: str, new: str) -> str:
    (then, before), (now, after) = _runs(old), _runs(new)
    if then and then != now and before <= after:
        return f"is older than the records: it was drawn from {then}, and now there are {now}"
    return ""


def _more(old: str, new: str) -> str:
    (then, before), (now, after) = _runs(old), _runs(new)
    return f"tells of {then}, and the records that can be trusted are {now}" if before > after else ""


def _written(old: str, new: str) -> str:
    """Where the page differs outside its drawings, in words; '' where it does not."""
    before, after = _outside(old), _outside(new)
    if before == after:
        return ""
    for (where, said), (_, given) in zip_longest(
        words(before), words(after), fillvalue=("its end", "nothing")
    ):
        if said != given:
            return f"says {_short(said)} under “{where}”, where the records give {_short(given)}"
    return "says what the records give, but its markup is not what is drawn from them"


def _short(text: str) -> str:
    return f"“{text}”" if len(text) <= 160 else f"“{text[:159]}…”"


def _outside(page: str) -> str:
    """The page without its drawings, of which the words that stand for them stay, and without its place."""
    kept = _DRAWING.sub(lambda drawing: " ".join(_LABEL.findall(drawing[0])[:1]), page)
    return _MADE_BY.sub("", _AGAIN.sub(r"\1\2", kept))


class _Words(HTMLParser):
    """The words of a page, each with the heading they stand under."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._tag, self._heading = "", "its head"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.found += [(self._heading, str(value)) for name, value in attrs if name == "aria-label"]

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._tag in ("h1", "h2", "h3"):
            self._heading = text
        if text and self._tag != "style":
            self.found.append((self._heading, text))


def words(page: str) -> list[tuple[str, str]]:
    """(heading, text) of every piece of text in a page, in order."""
    reader = _Words()
    reader.feed(page)
    reader.close()
    return reader.found


def _drawings(path: Path, old: str, new: str, scratch: Path) -> Iterator[Finding]:
    """Drawings in the page and files in `figures/` that are not those of the records.

    Another matplotlib or other type faces draw other coordinates, which contradicts nothing.
    """
    differing = [
        Finding(path, f"has another drawing than the records give: {_short(unescape(_named(drawing)))}")
        for drawing, given in zip_longest(_DRAWING.findall(old), _DRAWING.findall(new), fillvalue="")
        if _LABEL.sub("", drawing, count=1) != _LABEL.sub("", given, count=1)
    ]
    for given in sorted(scratch.iterdir()):
        kept = path.parent / "figures" / given.name
        if not kept.is_file():
            yield remark(kept, "is not there; `reluctant report` draws it")
        elif kept.read_bytes() != given.read_bytes():
            differing.append(Finding(kept, "is not the figure that the records give"))
    if differing and _maker(old) != drawn_with():
        with_ = _maker(old).partition("; ")[2]
        yield remark(path, f"was drawn with {with_}: its words are compared, its drawings are not")
    else:
        yield from differing


def _named(drawing: str) -> str:
    return " ".join(_LABEL.findall(drawing)[:1]) or "one without a name"
