"""The gallery of activations: one page with all cards, its search, its behaviour in a browser."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pytest

from reluctant.cards.card import build_card
from reluctant.cards.gallery import render_gallery
from reluctant.cards.svg import curve_svg, simplify
from reluctant.catalogue import ACTIVATIONS
from reluctant.cli.main import CANNOT, DONE
from reluctant.figures.style import MUTED, PAPER
from tests.support.browser import BEYOND, launch_chromium, open_page
from tests.support.commands import answer
from tests.support.figures import contrast
from tests.support.loops import faults

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

ROWS = tuple(ACTIVATIONS)
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gallery") / "gallery.html"
    path.write_text(render_gallery(), "utf-8")
    return path


def test_the_page_is_one_small_file_without_external_resources(page: Path) -> None:
    html = page.read_text("utf-8")
    assert len(html.encode()) < 3_000_000
    assert not re.search(r"<(?:link|img|iframe|object)\b|\bsrc=|@import|url\(", html)
    other_hosts = re.findall(r"https?://[^/]+", " ".join(row.identifier for row in ROWS))
    assert set(re.findall(r'href="(https?://[^/"]+)', html)) <= {
        "https://arxiv.org", "https://doi.org", *other_hosts,
    }  # fmt: skip


def test_every_row_is_on_the_page_once(page: Path) -> None:
    html = page.read_text("utf-8")
    assert len(re.findall(r'<details class="card" id="([^"]*)"', html)) == len(ROWS)
    for row in ROWS:
        assert f"<code>{row.name}</code>" in html
    assert len(set(re.findall(r'\bid="([^"]*)"', html))) == len(re.findall(r'\bid="([^"]*)"', html))


def test_the_same_page_has_the_same_bytes() -> None:
    names = ["gelu", "hardshrink", "elu(alpha=0.5)"]
    code = (
        "import sys; from reluctant.cards.gallery import render_gallery; "
        f"sys.stdout.buffer.write(render_gallery({names}).encode())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert other == render_gallery(names).encode()


def test_the_command_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, page: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = answer(capsys, "gallery")
    assert (status, out) == (DONE, "gallery: gallery.html\n")
    assert (tmp_path / "gallery.html").read_bytes() == page.read_bytes()
    status, _, err = answer(capsys, "gallery", "-o", "nowhere/gallery.html")
    assert status == CANNOT
    assert "there is no folder nowhere" in err


def test_a_drawing_is_simplified_and_has_gaps_at_jumps() -> None:
    line = np.column_stack([np.arange(50.0), 2 * np.arange(50.0)])
    assert simplify(line).tolist() == [[0, 0], [49, 98]]
    facts = build_card("threshold").facts
    assert facts is not None
    paths = re.findall(r'd="([^"]*)"', curve_svg(facts))
    assert [path.count("M") for path in paths[2:]] == [2, 2]


def test_muted_text_has_enough_contrast() -> None:
    assert contrast(MUTED, PAPER) >= 4.5


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with launch_chromium() as chromium:
        yield chromium


class OpenPage(NamedTuple):
    """The gallery in a browser, and what it printed to the console or requested."""

    tab: "Tab"
    errors: list[str]

    def reset(self, width: int, scheme: Literal["light", "dark"]) -> "Tab":
        """The tab with this window, all cards closed and an empty search."""
        self.tab.set_viewport_size({"width": width, "height": 900})
        self.tab.emulate_media(media="screen", color_scheme=scheme)
        self.tab.fill("#search", "")
        self.tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")
        return self.tab


@pytest.fixture(scope="module")
def gallery(browser: "Browser", page: Path) -> Iterator[OpenPage]:
    tab, errors, context = open_page(browser, page, 1440, "light")
    yield OpenPage(tab, errors)
    context.close()


@pytest.mark.chromium
def test_the_page_fits_every_window_and_prints_no_errors(gallery: OpenPage) -> None:
    beyond = BEYOND.replace(".scroll, pre", ".formula, .skip, summary svg")

    def check(window: tuple[int, Literal["light", "dark"]]) -> None:
        width, scheme = window
        tab = gallery.reset(width, scheme)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(beyond) == []

    assert faults(check, [(w, s) for w in (360, 768, 1440) for s in SCHEMES]) == {}
    assert gallery.errors == []


@pytest.mark.chromium
def test_the_page_can_be_searched(gallery: OpenPage) -> None:
    tab = gallery.reset(1440, "light")
    visible = "[...document.querySelectorAll('.card')].filter(e => e.checkVisibility()).map(e => e.id)"
    assert tab.inner_text("#count") == f"{len(ROWS)} functions"
    for text, name in (("Leaky-ReLU", "leaky_relu"), ("hendrycks 2016", "gelu"), ("lrelu", "leaky_relu")):
        tab.fill("#search", text)
        ids = tab.evaluate(visible)
        assert name.replace("_", "-") in ids
        assert len(ids) < len(ROWS) / 2
        assert tab.inner_text("#count") == f"{len(ids)} of {len(ROWS)} functions"
    tab.fill("#search", "stochastic")
    names = {row.name.replace("_", "-") for row in ROWS if "stochastic" in row.traits}
    assert names <= set(tab.evaluate(visible))
    tab.fill("#search", "zqzq")
    assert tab.evaluate(visible) == []
    assert tab.evaluate("[...document.querySelectorAll('.family')].every(e => e.hidden)")
    tab.fill("#search", "")
    assert len(tab.evaluate(visible)) == len(ROWS)
    assert gallery.errors == []


@pytest.mark.chromium
def test_without_javascript_every_card_is_visible(browser: "Browser", page: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(page.as_uri())
    assert tab.locator(".card:visible").count() == len(ROWS)
    assert not tab.locator("#find").is_visible()
    context.close()


@pytest.mark.chromium
def test_the_keyboard_reaches_the_first_card(browser: "Browser", page: Path) -> None:
    tab, _, context = open_page(browser, page, 1440, "light")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    first = ROWS[0].name.replace("_", "-")
    assert tab.evaluate("document.querySelector('.card[open]').id") == first
    context.close()


@pytest.mark.chromium
def test_an_address_opens_its_card(browser: "Browser", page: Path) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.as_uri() + "#gelu")
    assert tab.evaluate("document.getElementById('gelu').open")
    context.close()


@pytest.mark.chromium
def test_a_print_is_light_and_complete(gallery: OpenPage) -> None:
    tab = gallery.reset(794, "dark")
    tab.emulate_media(media="print", color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 794
    assert tab.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.chromium
def test_text_has_enough_contrast(gallery: OpenPage) -> None:
    colours = """() => ['.lead', 'h3', 'dt', 'dd', 'figcaption', '#count', 'svg text'].map(name => {
      const s = getComputedStyle(document.querySelector(name));
      const ground = getComputedStyle(document.body).backgroundColor;
      return [name, name.startsWith('svg') ? s.fill : s.color, ground];
    })"""
    for scheme in SCHEMES:
        for name, ink, ground in gallery.reset(1440, scheme).evaluate(colours):
            assert contrast(_hex(ink), _hex(ground)) >= 4.5, (scheme, name)


def _hex(colour: str) -> str:
    red, green, blue = (int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"
