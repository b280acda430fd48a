"""Cards: known constants, the statements of the catalogue, formulas and plots in a terminal, `reluctant show`."""

import os
import re
import subprocess
import sys
from math import inf, sqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

from reluctant.activations.laws.table import EXEMPTIONS
from reluctant.cards.card import CurveFacts, build_card, source_address
from reluctant.cards.plain_text import encodable, latex_to_text
from reluctant.cards.terminal import Canvas, card_lines, framed_plot, y_window
from reluctant.catalogue import ACTIVATIONS, Activation
from reluctant.cli.main import CANNOT, DONE
from reluctant.core.errors import StudyError
from tests.reference import activations as classic
from tests.support.commands import answer
from tests.support.loops import faults

if TYPE_CHECKING:
    pass

ROWS = tuple(ACTIVATIONS)
CORNERS = ("smu", "smu_1")  # smooth on a scale of a millionth only; their rows state this in a note
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
CURVES = [row for row in ROWS if row.family != "block"]


def row_name(row: Activation) -> str:
    return row.name


def facts_of(name: str) -> CurveFacts:
    """The facts of an activation that is a curve."""
    facts = build_card(name).facts
    assert facts is not None
    return facts


def test_the_measured_facts_are_those_that_the_row_states() -> None:
    def check(row: Activation) -> None:
        facts = facts_of(row.name)
        assert (row.name, "monotone") in EXEMPTIONS or facts.monotone == ("monotone" in row.traits)
        if row.name not in CORNERS:
            assert facts.smooth == ("smooth" in row.traits)
        assert bool(facts.jumps) == ("discontinuous" in row.traits)
        assert facts.range == pytest.approx(row.range, abs=1e-5)
        for end, stated in zip(facts.ends, row.limits, strict=True):
            assert stated is None or end.limit == pytest.approx(stated, abs=2e-6)
        for position in (*facts.jumps, *facts.bends):
            assert min(abs(position - kink) for kink in row.kinks) < 1e-9

    assert faults(check, CURVES, row_name) == {}


def test_the_numbers_of_a_card_are_consistent() -> None:
    def check(row: Activation) -> None:
        facts = facts_of(row.name)
        low, high = facts.range
        assert low - 1e-9 <= facts.f.min() <= facts.f.max() <= high + 1e-9
        assert not facts.true_gradient or facts.lipschitz >= np.abs(facts.slope).max() * (1 - 1e-9)
        assert 0 <= facts.sparsity <= 1
        assert facts.square >= facts.mean**2 - 1e-12
        if facts.minimum:
            assert facts.minimum.value == pytest.approx(low, abs=1e-9)
        if facts.maximum:
            assert facts.maximum.value == pytest.approx(high, abs=1e-9)
        if facts.monotone and facts.minimum and facts.true_gradient:
            assert facts.range[0] == facts.minimum.value

    assert faults(check, CURVES, row_name) == {}


@pytest.mark.parametrize(
    ("name", "value"), [("gelu", classic.GELU_MINIMUM), ("silu", classic.SILU_MINIMUM), ("mish", classic.MISH_MINIMUM)]
)
def test_minima_are_known_to_ten_digits(name: str, value: tuple[float, float]) -> None:
    minimum = facts_of(name).minimum
    assert minimum is not None
    assert minimum.positions == pytest.approx([value[0]], abs=1e-10)
    assert minimum.value == pytest.approx(value[1], abs=1e-11)


@pytest.mark.parametrize(
    ("name", "gain"), [("relu", sqrt(2)), ("identity", 1.0), ("selu", 1.0), ("leaky_relu", sqrt(2 / (1 + 0.01**2)))]
)
def test_gains_in_closed_form(name: str, gain: float) -> None:
    assert facts_of(name).gain == pytest.approx(gain, rel=1e-10)


def test_gains_of_gelu_and_tanh() -> None:
    assert f"{facts_of('gelu').gain:.5f}" == "1.53353"
    assert f"{facts_of('tanh').gain:.4f}" == "1.5925"


def test_relu_in_full() -> None:
    facts = facts_of("relu")
    assert facts.range == (0, inf)
    assert (facts.ends[0].limit, facts.ends[1].limit, facts.ends[1].growth) == (0, inf, 1)
    assert (facts.monotone, facts.smooth, facts.bends, facts.jumps) == (True, False, (0.0,), ())
    assert (facts.minimum, facts.maximum) == (None, None)
    assert facts.zeros == ((-inf, 0.0),)
    assert facts.sparsity == pytest.approx(0.5, abs=1e-12)
    assert facts.lipschitz == 1
    assert facts.mean == pytest.approx(1 / sqrt(2 * np.pi), rel=1e-10)


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
        ("gelu", {"zeros": ((0.0, 0.0),), "sparsity": 0.0, "true_gradient": True}),
    ],
)
def test_facts_that_can_be_checked_by_hand(name: str, expected: dict[str, Any]) -> None:
    facts = facts_of(name)
    for fact, value in expected.items():
        assert np.array(getattr(facts, fact)) == pytest.approx(np.array(value), rel=1e-8), fact


def test_a_card_has_the_given_parameters() -> None:
    half = build_card("ELU(alpha=0.50)")
    assert (half.name, half.arguments) == ("elu(alpha=0.5)", {"alpha": 0.5})
    assert build_card("elu(alpha=1)").name == "elu"
    assert build_card("elu") is build_card("ELU(alpha=1.0)")


def test_a_user_defined_function_has_no_card() -> None:
    with pytest.raises(StudyError, match="reluctant audit lab:f"):
        build_card("lab:f")


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
    assert source_address(identifier) == address


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
    assert latex_to_text(latex) == text


def test_every_formula_can_be_written_as_plain_text() -> None:
    def check(row: Activation) -> None:
        assert not re.search(r"[\\{}$]|\^\(?$", latex_to_text(row.formula))

    assert faults(check, ROWS, row_name) == {}


def test_every_card_fits_eighty_columns() -> None:
    def check(row: Activation) -> None:
        for ascii_only in (False, True):
            lines = list(card_lines(build_card(row.name), ascii_only=ascii_only))
            assert [line for line in lines if len(line) > 80 and "https://" not in line] == []
        text = "\n".join(lines)
        assert row.title in text
        assert not row.aliases or all(alias in text for alias in row.aliases)

    assert faults(check, ROWS, row_name) == {}


def test_a_card_contains_everything() -> None:
    text = "\n".join(card_lines(build_card("leaky_relu(negative_slope=0.002)")))
    parts = (
        "negative_slope = 0.002; by default 0.01; −∞ to ∞; like 0.002 x; it never falls; bends at x = 0; "
        "Lipschitz; sparsity; gain; Maas; aliases; lrelu"
    )
    assert [part for part in parts.split("; ") if part not in text] == []


def test_a_plot_has_its_curve_where_it_belongs() -> None:
    canvas = Canvas(11, 5, -5, 5, -2, 2)
    canvas.draw(np.array([-5.0, 5.0]), np.array([2.0, 2.0]))
    assert canvas.lines()[0] == "⠉" * 11
    assert canvas.lines()[2] == "─────┼─────"
    assert framed_plot(canvas, "f")[1].startswith(" 2 ⠉")
    assert {len(line) for line in framed_plot(canvas, "f")} == {14}


def test_a_plot_in_ascii() -> None:
    canvas = Canvas(11, 5, -5, 5, -2, 2, ascii_only=True)
    canvas.draw(np.array([-5.0, 5.0]), np.array([-2.0, 2.0]))
    lines = canvas.lines()
    assert "".join(lines).isascii()
    assert [line.rstrip(" :.")[-1] in "'-|." for line in (lines[0], lines[4])] == [True, True]
    assert lines[0].strip(" :")
    assert lines[4].strip(" :")[:1]


def test_a_plot_leaves_out_what_is_not_finite_or_outside() -> None:
    canvas = Canvas(10, 4, -5, 5, -1, 1)
    canvas.draw(np.linspace(-5, 5, 50), np.full(50, np.nan))
    canvas.draw(np.linspace(-5, 5, 50), np.full(50, 9.0))
    assert not re.search("[⠁-⣿]", "".join(canvas.lines()))
    assert y_window(np.array([np.nan])) == (-1.0, 1.0)
    assert y_window(np.array([-9.0, 30.0])) == (-4.0, 5.0)


def test_characters_that_an_encoding_lacks_are_replaced() -> None:
    assert encodable("f′(x) = −∞ … α ≤ π", "ascii") == "f'(x) = -inf ... alpha <= pi"
    assert encodable("−∞", "utf-8") == "−∞"
    assert encodable("漢", "latin-1") == "?"


def test_show_an_activation(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = answer(capsys, "show", "elu(alpha=0.5)")
    assert (status, err) == (DONE, "")
    assert "alpha = 0.5" in out
    assert "⣀" in out
    assert "\x1b" not in out
    assert out.startswith("ELU  (elu(alpha=0.5))\n")


@pytest.mark.parametrize("name", ["convnet", "mnist", "adam", "kaiming"])
def test_show_everything_else(capsys: pytest.CaptureFixture[str], name: str) -> None:
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
def test_show_answers_a_mistake_with_one_message(capsys: pytest.CaptureFixture[str], name: str, message: str) -> None:
    status, out, err = answer(capsys, "show", name)
    assert (status, out) == (CANNOT, "")
    assert message in err
    assert len(err.splitlines()) <= 2


def test_a_name_near_several_suggests_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = answer(capsys, "show", "elue")
    assert err.count("'") >= 6
    assert len(err.splitlines()) == 2


def test_show_is_readable_in_ascii() -> None:
    code = "import sys; from reluctant.cli.main import execute; sys.exit(execute(sys.argv[1:]))"
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


def test_show_needs_no_torch_for_other_entries() -> None:
    code = (
        "import sys; from reluctant.cli.main import execute; execute(['show', 'mnist']);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_a_block_has_a_card_without_a_curve() -> None:
    blocks = [row.name for row in ROWS if row.family == "block"]
    for name in blocks[:3]:
        card = build_card(name)
        assert card.facts is None
        assert "no curve" in " ".join(card_lines(card))
