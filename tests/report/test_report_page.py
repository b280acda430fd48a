"""The report in a browser: it fits, it is silent, it asks nobody, and hostile names create nothing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reluctant import report
from reluctant.study import Study
from tests.figures.test_figures import FOUR, contrast, made

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.chromium
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip

# Every text and block that ends beyond the window, unless a box of its own scrolls it.
BEYOND = """() => [...document.querySelectorAll('body *')].filter(e =>
  !e.closest('.scroll, pre') && (!e.closest('svg') || e.matches('svg, text')) &&
  e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1
).map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
COLOURS = """() => ['p', '.headline', '.note', 'figcaption', 'td', 'dt', 'summary', 'svg text'].map(name => {
  const s = getComputedStyle(document.querySelector(name));
  return [name, name.startsWith('svg') ? s.fill : s.color, getComputedStyle(document.body).backgroundColor];
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A Chromium without any errand of its own."""
    where = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if where is None:
        pytest.skip("there is no Chromium here; install it or name it in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=where, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain")
    study = Study(activation=(*FOUR, "tanh"), epochs=6, seed=(0, 1, 2))
    return report.write(made(path, study, {("tanh", 0): 1, ("tanh", 1): 2, ("elu", 2): 3}), path)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names that would act if anything let them."""
    act = "document.title=1;document.body.dataset.hit=1"
    names = (f"lab:f(t='<script>{act}</script>')", f"lab:g(t='\"><img src=x onerror={act}>')",
             f"lab:h(t='</text></svg><svg onload={act}>')", "lab:k(t='{{7*7}}')",
             f"lab:m(t='{'W' * 200}')")  # fmt: skip
    path = tmp_path_factory.mktemp("evil")
    study = Study(name=f"</title><script>{act}</script>", activation=names, epochs=2, seed=(0, 1))
    return report.write(made(path, study), path)


def opened(browser: "Browser", page: Path, width: int, scheme: Any) -> tuple["Page", list[str], Any]:
    """The page, what it said on the console or asked for from elsewhere, and its context to close."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab, said = context.new_page(), []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: said.append(request.url) if request.url != page.as_uri() else None)
    tab.goto(page.as_uri())
    return tab, said, context


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("which", ["plain", "evil"])
def test_it_fits_and_is_silent(
    browser: "Browser", request: pytest.FixtureRequest, which: str, width: int, scheme: str
) -> None:
    tab, said, context = opened(browser, request.getfixturevalue(which), width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate(BEYOND) == []
    assert said == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_can_be_read(browser: "Browser", plain: Path, scheme: str) -> None:
    tab, _, context = opened(browser, plain, 1440, scheme)
    for name, ink, ground in tab.evaluate(COLOURS):
        assert contrast(_hex(ink), _hex(ground)) >= 4.5, name
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    context.close()


def _hex(colour: str) -> str:
    red, green, blue = (int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_hostile_names_create_nothing(browser: "Browser", evil: Path) -> None:
    tab, said, context = opened(browser, evil, 1440, "light")
    assert tab.evaluate("document.querySelectorAll('script, img, iframe, [onload], [onerror]').length") == 0
    assert tab.evaluate("document.body.dataset.hit") is None
    assert tab.title().startswith("</title><script>")
    assert "{{7*7}}" in tab.inner_text("main")
    assert tab.evaluate("document.querySelectorAll('svg:not([role=img])').length") == 0
    assert said == []
    context.close()


def test_narrow_windows_get_their_own_figures(browser: "Browser", plain: Path) -> None:
    shown = (
        "[...document.querySelectorAll('.two > div')].filter(e => e.checkVisibility()).map(e => e.className)"
    )
    for width, name in ((360, "narrow"), (1440, "wide")):
        tab, _, context = opened(browser, plain, width, "light")
        assert set(tab.evaluate(shown)) == {name}
        context.close()


def test_printed_it_is_light_and_whole(browser: "Browser", plain: Path) -> None:
    tab, _, context = opened(browser, plain, 794, "dark")
    tab.emulate_media(media="print", color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 794
    assert tab.pdf(format="A4").startswith(b"%PDF")
    context.close()


def test_it_can_be_walked_with_the_keyboard(browser: "Browser", plain: Path) -> None:
    tab, _, context = opened(browser, plain, 1440, "light")
    for _ in range(3):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.tagName") == "A"
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == "#curves"
    assert tab.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0)")
    context.close()
