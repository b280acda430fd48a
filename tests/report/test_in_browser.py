"""The report in a browser: it fits, it prints no message, it requests nothing, hostile names do nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reluctant.analysis.report_data import ReportData
from reluctant.report import write_report
from reluctant.study import Study
from tests.support.browser import BEYOND, launch_chromium, open_page
from tests.support.figures import FOUR, contrast
from tests.support.records import study_records

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.chromium

COLOURS = """() => ['p', '.headline', '.note', 'figcaption', 'td', 'dt', 'summary', 'svg text'].map(name => {
  const s = getComputedStyle(document.querySelector(name));
  return [name, name.startsWith('svg') ? s.fill : s.color, getComputedStyle(document.body).backgroundColor];
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with launch_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain")
    study = Study(activation=(*FOUR, "tanh"), epochs=6, seed=(0, 1, 2))
    diverged = {("tanh", 0): 1, ("tanh", 1): 2, ("elu", 2): 3}
    return write_report(ReportData.of(study_records(path, study, diverged)), path, to=path / "page.html")


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names that would act if anything let them."""
    act = "document.title=1;document.body.dataset.hit=1"
    names = (f"lab:f(t='<script>{act}</script>')", f"lab:g(t='\"><img src=x onerror={act}>')",
             f"lab:h(t='</text></svg><svg onload={act}>')", "lab:k(t='{{7*7}}')",
             f"lab:m(t='{'W' * 200}')")  # fmt: skip
    path = tmp_path_factory.mktemp("evil")
    study = Study(name=f"</title><script>{act}</script>", activation=names, epochs=2, seed=(0, 1))
    return write_report(ReportData.of(study_records(path, study)), path, to=path / "page.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("which", ["plain", "evil"])
def test_it_fits_and_prints_no_message(
    browser: "Browser", request: pytest.FixtureRequest, which: str, width: int, scheme: str
) -> None:
    tab, messages, context = open_page(browser, request.getfixturevalue(which), width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate(BEYOND) == []
    assert messages == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_can_be_read(browser: "Browser", plain: Path, scheme: str) -> None:
    tab, _, context = open_page(browser, plain, 1440, scheme)
    for name, ink, ground in tab.evaluate(COLOURS):
        assert contrast(hexadecimal(ink), hexadecimal(ground)) >= 4.5, name
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    context.close()


def hexadecimal(colour: str) -> str:
    red, green, blue = (int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_hostile_names_do_nothing(browser: "Browser", evil: Path) -> None:
    tab, messages, context = open_page(browser, evil, 1440, "light")
    assert tab.evaluate("document.querySelectorAll('script, img, iframe, [onload], [onerror]').length") == 0
    assert tab.evaluate("document.body.dataset.hit") is None
    assert tab.title().startswith("</title><script>")
    assert "{{7*7}}" in tab.inner_text("main")
    assert tab.evaluate("document.querySelectorAll('svg:not([role=img])').length") == 0
    assert messages == []
    context.close()


def test_narrow_windows_get_their_own_figures(browser: "Browser", plain: Path) -> None:
    visible = "[...document.querySelectorAll('.two > div')].filter(e => e.checkVisibility()).map(e => e.className)"
    for width, name in ((360, "narrow"), (1440, "wide")):
        tab, _, context = open_page(browser, plain, width, "light")
        assert set(tab.evaluate(visible)) == {name}
        context.close()


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four activations, every section of the page present."""
    path = tmp_path_factory.mktemp("heights")
    study = Study(activation=FOUR, epochs=6, seed=(0, 1, 2, 3, 4))
    return write_report(ReportData.of(study_records(path, study)), path)


def test_four_activations_fit_6000_pixels_as_the_page_opens(browser: "Browser", four: Path) -> None:
    tab, _, context = open_page(browser, four, 1280, "light")
    assert tab.evaluate("document.documentElement.scrollHeight") <= 6000
    first = "[...document.querySelectorAll('.headline, .answer figure svg, .answer table')]"
    tops = tab.evaluate(f"{first}.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().top)")
    assert len(tops) == 3, "the sentence, the figure of differences, the table"
    assert max(tops) < 900, "all three begin on the first screen"
    context.close()


def test_a_link_unfolds_what_it_leads_to(browser: "Browser", four: Path) -> None:
    tab, _, context = open_page(browser, four, 1280, "light")
    visible = "e => document.querySelector(e).checkVisibility({contentVisibilityAuto: true})"
    assert not tab.evaluate(visible, "#method p")
    tab.click('nav a[href="#method"]')
    tab.wait_for_function("document.querySelector('#method p').checkVisibility()")
    assert 0 <= tab.evaluate("document.querySelector('#method').getBoundingClientRect().top") < 900
    context.close()


def test_printed_nothing_is_folded(browser: "Browser", four: Path) -> None:
    tab, _, context = open_page(browser, four, 794, "light")
    tab.emulate_media(media="print")
    folded = (
        "[...document.querySelectorAll('.fold > section, .part > *')].filter(e => !e.getBoundingClientRect().height)"
    )
    assert tab.evaluate(f"{folded}.map(e => e.id || e.tagName)") == []
    assert tab.evaluate("document.querySelector('nav').checkVisibility()")
    context.close()


def test_on_a_phone_a_table_that_goes_on_has_a_shadow_at_its_edge(browser: "Browser", four: Path) -> None:
    tab, _, context = open_page(browser, four, 390, "light")
    shown = "[...document.querySelectorAll('.scroll')].filter(e => e.checkVisibility())"
    cut = f"{shown}.filter(e => e.scrollWidth > e.clientWidth)"
    styles = tab.evaluate(f"{cut}.map(e => getComputedStyle(e).backgroundAttachment)")
    assert styles
    assert set(styles) == {"local, local, scroll, scroll"}
    context.close()


def test_printed_it_is_light_and_complete(browser: "Browser", plain: Path) -> None:
    tab, _, context = open_page(browser, plain, 794, "dark")
    tab.emulate_media(media="print", color_scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 794
    assert tab.pdf(format="A4").startswith(b"%PDF")
    context.close()


def test_the_keyboard_reaches_every_link(browser: "Browser", plain: Path) -> None:
    tab, _, context = open_page(browser, plain, 1440, "light")
    for _ in range(3):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.tagName") == "A"
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == "#curves"
    assert tab.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0)")
    context.close()
