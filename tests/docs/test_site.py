"""The whole site, built once: links, pictures and code lead somewhere, nothing comes from outside, pages fit."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from docs.build.report_pages import STUDIES

from reluctant.catalogue import ACTIVATIONS
from tests.support.browser import BEYOND, launch_chromium

ROOT = Path(__file__).parents[2]
LOOKED_AT = (
    *(f"{name}.html" for name in ("index", "tutorial", "install", "pairing", "statistics", "inside", "study")),
    *(f"reference/{name}.html" for name in ("commands", "keys", "names", "python/index")),
    *(f"catalogue/{name}.html" for name in ("index", "gelu", "swiglu")),
    "reports/index.html",
)

pytestmark = [pytest.mark.site, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed; `make docs` installs it: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Page(HTMLParser):
    """What one page has and wants: its anchors, its links, and what a browser loads for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.ids |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.add(named["href"])
        elif tag == "link" and named.get("rel") in ("stylesheet", "icon", "preload", "preconnect", "modulepreload"):
            self.loaded.add(named["href"])
        elif tag in ("script", "img", "iframe", "source", "video", "audio", "embed") and "src" in named:
            self.loaded.add(named["src"])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}


def test_the_catalogue_has_a_page_for_every_activation(site: Path) -> None:
    names = {path.stem for path in (site / "catalogue").glob("*.html")}
    assert names == {row.name for row in ACTIVATIONS} | {"index"}
    assert len(names) > 137


def test_the_reports_of_real_studies_are_whole_pages(site: Path) -> None:
    names = {path.stem for path in (site / "reports").glob("*.html")}
    assert names == {*STUDIES, "table", "index"}
    for name in names - {"index"}:
        text = (site / "reports" / f"{name}.html").read_text("utf-8")
        assert text.startswith("<!doctype html>")
        assert 'id="verdicts"' in text


def test_every_link_and_every_anchor_is_there(site: Path, pages: dict[Path, Page]) -> None:
    lost = []
    for path, page in pages.items():
        for link in page.links | page.loaded:
            if link.startswith(("https://", "http://", "mailto:", "data:")):
                continue
            target, _, anchor = unquote(link).partition("#")
            other = (path.parent / target).resolve() if target else path
            inside = other in pages and (not anchor or anchor in pages[other].ids or anchor == "__codelineno")
            if not (inside or (other.is_file() and other not in pages)):
                lost.append((path.relative_to(site).as_posix(), link))
    assert lost == []


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    outside = [(path.name, each) for path, page in pages.items() for each in page.loaded if "//" in each]
    assert outside == []
    for sheet in site.rglob("*.css"):
        assert re.findall(r"url\(\s*['\"]?(?:https?:)?//|@import", sheet.read_text("utf-8")) == []


def test_the_python_of_every_page_compiles(site: Path, pages: dict[Path, Page]) -> None:
    blocks = 0
    for source in (ROOT / "docs").glob("*.md"):
        for block in re.findall(r"```python\n(.*?)```", source.read_text("utf-8"), re.DOTALL):
            compile(block, source.name, "exec")
            blocks += 1
    assert blocks > 20
    gelu = (site / "catalogue/gelu.html").read_text("utf-8")
    assert "reluctant.activations.make" in re.sub(r"<[^>]+>", "", gelu)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with launch_chromium() as each:
        yield each


@pytest.mark.chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_ask_for_nothing_from_outside(site: Path, browser: object, width: int, scheme: str) -> None:
    messages: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[attr-defined]
    tab = context.new_page()
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.on("request", lambda request: messages.append(request.url) if not request.url.startswith("file:") else None)
    reports = sorted(f"reports/{path.name}" for path in (site / "reports").glob("*.html"))
    for name in (*LOOKED_AT, *reports):
        tab.goto((site / name).as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, tab.evaluate(BEYOND))
        blank = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        assert tab.evaluate(blank) == [], name
        if name in LOOKED_AT:
            assert tab.locator("[data-md-color-scheme]").first.get_attribute("data-md-color-scheme") == (
                "slate" if scheme == "dark" else "default"
            ), name
    context.close()
    assert messages == []
