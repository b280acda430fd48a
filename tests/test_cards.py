"""Cards and the gallery: known constants, the catalogue's word, plots, the page in a browser."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from math import inf, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from reluctant.activations.laws.exemptions import EXEMPTIONS
from reluctant.cards.card import Card, Facts, card, link
from reluctant.cards.drawing import panel, thinned
from reluctant.cards.formula import plain
from reluctant.cards.gallery import gallery
from reluctant.cards.plot import Canvas, framed, window
from reluctant.cards.text import lines, writable
from reluctant.catalogue import ACTIVATIONS
from reluctant.cli.main import CANNOT, DONE, execute
from reluctant.core.errors import StudyError
from reluctant.figures.style import MUTED, PAPER
from tests import reference_activations as classic
from tests.test_figures import contrast

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROWS = tuple(ACTIVATIONS)
CORNERS = ("smu", "smu_1")  # smooth, but on a scale of a millionth: their rows say so in a note
CURVES = [row for row in ROWS if row.family != "block"]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
each_curve = pytest.mark.parametrize("row", CURVES, ids=lambda row: row.name)


def facts(name: str) -> Facts:
    """The facts of an activation that is a curve."""
    found = card(name).facts
    assert found is not None
    return found


# What was found out, against the catalogue's own statements: two derivations of the same thing.


@each_curve
def test_what_is_found_is_what_the_row_says(row: Any) -> None:
    found = facts(row.name)
    assert (row.name, "monotone") in EXEMPTIONS or found.monotone == ("monotone" in row.traits)
    if row.name not in CORNERS:
        assert found.smooth == ("smooth" in row.traits)
    assert bool(found.jumps) == ("discontinuous" in row.traits)
    assert found.range == pytest.approx(row.range, abs=1e-5)
    for end, stated in zip(found.ends, row.limits, strict=True):
        assert stated is None or end.limit == pytest.approx(stated, abs=2e-6)
    for place in (*found.jumps, *found.bends):
        assert min(abs(place - kink) for kink in row.kinks) < 1e-9


@each_curve
def test_the_numbers_of_a_card_agree_with_each_other(row: Any) -> None:
    found = facts(row.name)
    low, high = found.range
    assert low - 1e-9 <= found.f.min() <= found.f.max() <= high + 1e-9
    assert not found.honest or found.lipschitz >= np.abs(found.slope).max() * (1 - 1e-9)
    assert 0 <= found.sparsity <= 1
    assert found.square >= found.mean**2 - 1e-12
    if found.lowest:
        assert found.lowest.value == pytest.approx(low, abs=1e-9)
    if found.highest:
        assert found.highest.value == pytest.approx(high, abs=1e-9)
    assert not found.monotone or not found.lowest or not found.honest or found.range[0] == found.lowest.value


@pytest.mark.parametrize(
    ("name", "value"),
    [("gelu", classic.GELU_MINIMUM), ("silu", classic.SILU_MINIMUM), ("mish", classic.MISH_MINIMUM)],
)
def test_minima_are_known_to_ten_digits(name: str, value: tuple[float, float]) -> None:
    lowest = facts(name).lowest
    assert lowest is not None
    assert lowest.places == pytest.approx([value[0]], abs=1e-10)
    assert lowest.value == pytest.approx(value[1], abs=1e-11)


@pytest.mark.parametrize(
    ("name", "gain"),
    [("relu", sqrt(2)), ("identity", 1.0), ("selu", 1.0), ("leaky_relu", sqrt(2 / (1 + 0.01**2)))],
)
def test_gains_in_closed_form(name: str, gain: float) -> None:
    assert facts(name).gain == pytest.approx(gain, rel=1e-10)


def test_gains_of_gelu_and_tanh() -> None:
    assert f"{facts('gelu').gain:.5f}" == "1.53353"
    assert f"{facts('tanh').gain:.4f}" == "1.5925"


def test_relu_in_full() -> None:
    found = facts("relu")
    assert found.range == (0, inf)
    assert (found.ends[0].limit, found.ends[1].limit, found.ends[1].rate) == (0, inf, 1)
    assert (found.monotone, found.smooth, found.bends, found.jumps) == (True, False, (0.0,), ())
    assert (found.lowest, found.highest) == (None, None)
    assert found.zeros == ((-inf, 0.0),)
    assert found.sparsity == pytest.approx(0.5, abs=1e-12)
    assert found.lipschitz == 1
    assert found.mean == pytest.approx(1 / sqrt(2 * np.pi), rel=1e-10)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hardshrink", {"jumps": (-0.5, 0.5), "lipschitz": inf, "zeros": ((-0.5, 0.5),), "monotone": True}),
        ("hardshrink(lambd=2)", {"jumps": (-2.0, 2.0), "sparsity": 0.954499736104}),
        ("elu(alpha=0.5)", {"range": (-0.5, inf), "bends": (0.0,), "smooth": False, "lipschitz": 1.0}),
        ("elu", {"smooth": True, "zeros": ((0.0, 0.0),), "lipschitz": 1.0}),
        ("hardswish", {"bends": (-3.0, 3.0), "zeros": ((-inf, -3.0), (0.0, 0.0)), "lipschitz": 1.5}),
        ("threshold", {"jumps": (1.0,), "lipschitz": inf}),
        ("sigmoid", {"range": (0, 1), "zeros": (), "lipschitz": 0.25, "mean": 0.5, "sparsity": 0.0}),
        ("tanhshrink", {"zeros": ((0.0, 0.0),), "monotone": True}),
        ("gelu", {"zeros": ((0.0, 0.0),), "sparsity": 0.0, "honest": True}),
    ],
)
def test_facts_that_can_be_checked_by_hand(name: str, expected: dict[str, Any]) -> None:
    found = facts(name)
    for what, value in expected.items():
        assert np.array(getattr(found, what)) == pytest.approx(np.array(value), rel=1e-8), what


def test_a_card_has_the_parameters_it_was_asked_with() -> None:
    half = card("ELU(alpha=0.50)")
    assert (half.name, half.arguments, half.is_default) == ("elu(alpha=0.5)", {"alpha": 0.5}, False)
    assert card("elu(alpha=1)").name == "elu"
    assert card("elu") is card("ELU(alpha=1.0)")


def test_ones_own_function_has_no_card() -> None:
    with pytest.raises(StudyError, match="reluctant audit lab:f"):
        card("lab:f")


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("1606.08415", "https://arxiv.org/abs/1606.08415"),
        ("10.1109/ICCV.2015.123", "https://doi.org/10.1109/ICCV.2015.123"),
        ("https://example.org/x", "https://example.org/x"),
        ("", ""),
        ("-", ""),
    ],
)
def test_a_source_has_an_address(identifier: str, address: str) -> None:
    assert link(identifier) == address


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"x\,\Phi(x)", "x Φ(x)"),
        (r"\max(0, x)", "max(0, x)"),
        (r"x \text{ if } x \ge 0 \text{ else } a x", "x if x ≥ 0 else a x"),
        (r"\tfrac{1}{b}\ln(1 + e^{bx})", "1/b ln(1 + e^(bx))"),
        (r"\frac{x + \sqrt{x^2 + b}}{2}", "(x + √(x² + b))/2"),
        (r"x \cdot \mathrm{erf}(\ln(1 + e^{x}))", "x · erf(ln(1 + e^x))"),
        (r"\sum_{i=1}^{n} a_i x^{-1}", "Σ_i=1ⁿ a_i x⁻¹"),
        (r"\left(\frac{\alpha}{\beta}\right) x", "(α/β) x"),
    ],
)
def test_formulas_in_plain_text(latex: str, text: str) -> None:
    assert plain(latex) == text


@each_row
def test_every_formula_can_be_written_plainly(row: Any) -> None:
    assert not re.search(r"[\\{}$]|\^\(?$", plain(row.formula))


# The terminal.


@each_row
def test_every_card_fits_eighty_columns(row: Any) -> None:
    for ascii_only in (False, True):
        shown = list(lines(card(row.name), ascii_only=ascii_only))
        links = [line for line in shown if "https://" in line]
        assert [line for line in shown if len(line) > 80 and line not in links] == []
    text = "\n".join(shown)
    assert row.title in text
    assert not row.aliases or all(alias in text for alias in row.aliases)


def test_a_card_tells_everything() -> None:
    text = "\n".join(lines(card("leaky_relu(negative_slope=0.002)")))
    told = (
        "negative_slope = 0.002; by default 0.01; −∞ to ∞; like 0.002 x; it never falls; bends at x = 0; "
        "Lipschitz; sparsity; gain; Maas; also; lrelu"
    )
    assert [part for part in told.split("; ") if part not in text] == []


def test_a_plot_has_its_curve_where_it_belongs() -> None:
    canvas = Canvas(11, 5, -5, 5, -2, 2)
    canvas.draw(np.array([-5.0, 5.0]), np.array([2.0, 2.0]))
    assert canvas.lines()[0] == "⠉" * 11
    assert canvas.lines()[2] == "─────┼─────"
    assert framed(canvas, "f")[1].startswith(" 2 ⠉")
    assert {len(line) for line in framed(canvas, "f")} == {14}


def test_a_plot_in_ascii() -> None:
    canvas = Canvas(11, 5, -5, 5, -2, 2, ascii_only=True)
    canvas.draw(np.array([-5.0, 5.0]), np.array([-2.0, 2.0]))
    drawn = canvas.lines()
    assert "".join(drawn).isascii()
    assert [line.rstrip(" :.")[-1] in "'-|." for line in (drawn[0], drawn[4])] == [True, True]
    assert drawn[0].strip(" :")
    assert drawn[4].strip(" :")[:1]


def test_a_plot_leaves_out_what_is_not_finite_or_outside() -> None:
    canvas = Canvas(10, 4, -5, 5, -1, 1)
    canvas.draw(np.linspace(-5, 5, 50), np.full(50, np.nan))
    canvas.draw(np.linspace(-5, 5, 50), np.full(50, 9.0))
    assert not re.search("[⠁-⣿]", "".join(canvas.lines()))
    assert window(np.array([np.nan])) == (-1.0, 1.0)
    assert window(np.array([-9.0, 30.0])) == (-4.0, 5.0)


def test_what_an_encoding_lacks_is_spelt_out() -> None:
    assert writable("f′(x) = −∞ … α ≤ π", "ascii") == "f'(x) = -inf ... alpha <= pi"
    assert writable("−∞", "utf-8") == "−∞"
    assert writable("漢", "latin-1") == "?"


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = execute(list(words))
    out, err = capsys.readouterr()
    return status, out, err


class TestShow:
    def test_an_activation(self, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, err = answer(capsys, "show", "elu(alpha=0.5)")
        assert (status, err) == (DONE, "")
        assert "alpha = 0.5" in out
        assert "⣀" in out
        assert "\x1b" not in out
        assert out.startswith("ELU  (elu(alpha=0.5))\n")

    @pytest.mark.parametrize("name", ["convnet", "mnist", "adam", "kaiming"])
    def test_everything_else(self, capsys: pytest.CaptureFixture[str], name: str) -> None:
        status, out, _ = answer(capsys, "show", name)
        assert status == DONE
        assert "source: " in out

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("elu(alpha=-1)", "elu: alpha must be at least 0, not -1"),
            ("geloo", "did you mean 'gelu'"),
            ("softmax", "is not an activation for a study"),
            ("lab:f", "reluctant audit lab:f"),
            ("elu(", "is not a name"),
        ],
    )
    def test_a_mistake_gets_one_message(
        self, capsys: pytest.CaptureFixture[str], name: str, message: str
    ) -> None:
        status, out, err = answer(capsys, "show", name)
        assert (status, out) == (CANNOT, "")
        assert message in err
        assert len(err.splitlines()) == 1

    def test_a_name_near_several_is_answered_with_all(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, _, err = answer(capsys, "show", "elue")
        assert err.count("'") >= 6
        assert len(err.splitlines()) == 1

    def test_piped_into_ascii_it_stays_readable(self) -> None:
        code = "import sys; from reluctant.cli.main import carry_out; sys.exit(carry_out(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", code, "show", "gelu"],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        )
        assert (done.returncode, done.stderr) == (0, b"")
        text = done.stdout.decode("ascii")
        assert "f(x) = x Phi(x)" in text
        assert "-0.1699712075" in text
        assert "f'(x)" in text
        assert "?" not in text

    def test_what_is_no_activation_needs_no_torch(self) -> None:
        code = (
            "import sys; from reluctant.cli.main import carry_out; carry_out(['show', 'mnist']);"
            "sys.exit('torch' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


# The gallery.


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gallery") / "gallery.html"
    path.write_text(gallery(), "utf-8")
    return path


def test_the_page_is_one_small_file_that_asks_nobody(page: Path) -> None:
    html = page.read_text("utf-8")
    assert len(html.encode()) < 3_000_000
    assert not re.search(r"<(?:link|img|iframe|object)\b|\bsrc=|@import|url\(", html)
    elsewhere = re.findall(r"https?://[^/]+", " ".join(row.identifier for row in ROWS))
    assert set(re.findall(r'href="(https?://[^/"]+)', html)) <= {
        "https://arxiv.org", "https://doi.org", *elsewhere,
    }  # fmt: skip


def test_every_row_stands_on_the_page_once(page: Path) -> None:
    html = page.read_text("utf-8")
    assert re.findall(r'<details class="card" id="([^"]*)"', html).__len__() == len(ROWS)
    for row in ROWS:
        assert f"<code>{row.name}</code>" in html
    assert len(set(re.findall(r'\bid="([^"]*)"', html))) == len(re.findall(r'\bid="([^"]*)"', html))


def test_the_same_page_has_the_same_bytes() -> None:
    names = ["gelu", "hardshrink", "elu(alpha=0.5)"]
    code = (
        f"import sys; from reluctant.cards import gallery; sys.stdout.buffer.write(gallery({names}).encode())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert there == gallery(names).encode()


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


def test_a_drawing_is_thinned_and_broken_where_the_function_jumps() -> None:
    line = np.column_stack([np.arange(50.0), 2 * np.arange(50.0)])
    assert thinned(line).tolist() == [[0, 0], [49, 98]]
    found = facts("threshold")
    assert [part.count("M") for part in re.findall(r'd="([^"]*)"', panel(found))[2:]] == [2, 2]


def test_thin_letters_and_lines_can_be_seen() -> None:
    assert contrast(MUTED, PAPER) >= 4.5


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from tests.test_report_page import QUIET

    where = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if where is None:
        pytest.skip("there is no Chromium here; install it or name it in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=where, args=list(QUIET))
        yield started
        started.close()


@pytest.mark.chromium
class TestPage:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [360, 768, 1440])
    def test_it_fits_and_is_silent(self, browser: "Browser", page: Path, width: int, scheme: str) -> None:
        from tests.test_report_page import BEYOND, opened

        tab, said, context = opened(browser, page, width, scheme)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(BEYOND.replace(".scroll, pre", ".formula, .skip, summary svg")) == []
        assert said == []
        context.close()

    def test_it_can_be_searched(self, browser: "Browser", page: Path) -> None:
        from tests.test_report_page import opened

        tab, said, context = opened(browser, page, 1440, "light")
        shown = "[...document.querySelectorAll('.card')].filter(e => e.checkVisibility()).map(e => e.id)"
        assert tab.inner_text("#count") == f"{len(ROWS)} functions"
        for text, wanted in (
            ("Leaky-ReLU", "leaky_relu"),
            ("hendrycks 2016", "gelu"),
            ("lrelu", "leaky_relu"),
        ):
            tab.fill("#search", text)
            assert wanted.replace("_", "-") in tab.evaluate(shown)
            assert len(tab.evaluate(shown)) < len(ROWS) / 2
            assert tab.inner_text("#count") == f"{len(tab.evaluate(shown))} of {len(ROWS)} functions"
        tab.fill("#search", "stochastic")
        names = {row.name.replace("_", "-") for row in ROWS if "stochastic" in row.traits}
        assert names <= set(tab.evaluate(shown))
        tab.fill("#search", "zqzq")
        assert tab.evaluate(shown) == []
        assert tab.evaluate("[...document.querySelectorAll('.family')].every(e => e.hidden)")
        tab.fill("#search", "")
        assert len(tab.evaluate(shown)) == len(ROWS)
        assert said == []
        context.close()

    def test_without_javascript_all_is_there(self, browser: "Browser", page: Path) -> None:
        context = browser.new_context(java_script_enabled=False)
        tab = context.new_page()
        tab.goto(page.as_uri())
        assert tab.locator(".card:visible").count() == len(ROWS)
        assert not tab.locator("#find").is_visible()
        context.close()

    def test_it_can_be_walked_with_the_keyboard(self, browser: "Browser", page: Path) -> None:
        from tests.test_report_page import opened

        tab, _, context = opened(browser, page, 1440, "light")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        first = ROWS[0].name.replace("_", "-")
        assert tab.evaluate("document.querySelector('.card[open]').id") == first
        context.close()

    def test_an_address_opens_its_card(self, browser: "Browser", page: Path) -> None:
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(page.as_uri() + "#gelu")
        assert tab.evaluate("document.getElementById('gelu').open")
        context.close()

    def test_printed_it_is_light_and_whole(self, browser: "Browser", page: Path) -> None:
        from tests.test_report_page import opened

        tab, _, context = opened(browser, page, 794, "dark")
        tab.emulate_media(media="print", color_scheme="dark")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert tab.evaluate("document.documentElement.scrollWidth") <= 794
        assert tab.pdf(format="A4").startswith(b"%PDF")
        context.close()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_letters_can_be_read(self, browser: "Browser", page: Path, scheme: str) -> None:
        from tests.test_report_page import opened

        colours = """() => ['.lead', 'h3', 'dt', 'dd', 'figcaption', '#count', 'svg text'].map(name => {
          const s = getComputedStyle(document.querySelector(name));
          const ground = getComputedStyle(document.body).backgroundColor;
          return [name, name.startsWith('svg') ? s.fill : s.color, ground];
        })"""
        tab, _, context = opened(browser, page, 1440, scheme)
        for name, ink, ground in tab.evaluate(colours):
            assert contrast(_hex(ink), _hex(ground)) >= 4.5, name
        context.close()


def _hex(colour: str) -> str:
    red, green, blue = (int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_a_card_of_what_is_no_curve_says_so() -> None:
    blocks = [row.name for row in ROWS if row.family == "block"]
    shown: Card
    for name in blocks[:3]:
        shown = card(name)
        assert shown.facts is None
        assert "no curve" in " ".join(lines(shown))
