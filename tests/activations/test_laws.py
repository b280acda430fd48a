"""Every law on every row of the catalogue; independent references; planted faults are detected."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant.activations import gain, gaussian_moments, make
from reluctant.activations.laws import LAWS, TRANSFORMS, CheckedActivation, Law
from reluctant.activations.laws.table import EXEMPTIONS, render_table
from reluctant.activations.numerics import values_and_slopes
from reluctant.catalogue import ACTIVATIONS, Activation
from reluctant.core.errors import StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from tests.reference import activations as classic
from tests.reference import catalogue as reference
from tests.support.loops import faults

ROWS = tuple(ACTIVATIONS)
QUICK = [law for law in LAWS if law not in TRANSFORMS]
TRANSFORMED = ("gelu", "prelu", "golu", "snake", "swiglu", "rrelu")
PAGE = Path(__file__).parent.parent.parent / "docs" / "laws.md"


def fault_of(law: Law, activation: CheckedActivation) -> str:
    """What is wrong; an exception is a fault like any other."""
    try:
        return law.check(activation)
    except Exception as fault:
        return f"it fails: {type(fault).__name__}: {fault}"


def faults_of_rows(law: Law, rows: Iterable[Activation]) -> dict[str, str]:
    """The faults by row. An exempted row may fail and need not: kernels differ by processor."""
    return {
        row.name: fault
        for row in rows
        if (law.for_blocks or row.family != "block")
        and (row.name, law.name) not in EXEMPTIONS
        and (fault := fault_of(law, CheckedActivation.of_row(row)))
    }


@pytest.mark.parametrize("law", QUICK, ids=lambda law: law.name)
def test_every_row_obeys_the_law(law: Law) -> None:
    assert faults_of_rows(law, ROWS) == {}


@pytest.mark.slow
@pytest.mark.parametrize("law", TRANSFORMS, ids=lambda law: law.name)
def test_every_row_can_be_transformed(law: Law) -> None:
    assert faults_of_rows(law, ROWS) == {}


@pytest.mark.parametrize("law", TRANSFORMS, ids=lambda law: law.name)
def test_some_rows_can_be_transformed(law: Law) -> None:
    assert faults_of_rows(law, [ACTIVATIONS[name] for name in TRANSFORMED]) == {}


def test_exemptions_are_few_and_name_existing_rows_and_laws() -> None:
    pairs = {(row.name, law.name) for row in ROWS for law in LAWS if law.for_blocks or row.family != "block"}
    assert set(EXEMPTIONS) <= pairs
    assert len(EXEMPTIONS) <= len(pairs) / 20
    assert all(len(reason) > 20 for reason in EXEMPTIONS.values())


@pytest.mark.parametrize("fault", ["", "at 3e38 it is inf"])
def test_an_exemption_permits_a_failure_and_does_not_require_it(fault: str) -> None:
    """PyTorch's GELU obeys this law on processors without AVX-512 and breaks it on others."""

    def check(_: CheckedActivation) -> str:
        return fault

    law = Law("finite in float32", "A law with the name of an exempted one.", check)
    assert faults_of_rows(law, [ACTIVATIONS["gelu"]]) == {}
    assert faults_of_rows(law, [ACTIVATIONS["silu"]]) == ({"silu": fault} if fault else {})


def test_the_page_equals_the_table() -> None:
    assert PAGE.read_text("utf-8") == render_table()


def test_the_catalogue_is_large_and_each_row_is_complete() -> None:
    assert len(ROWS) >= 120
    for row in ROWS:
        assert row.family, row.name
        assert row.formula, row.name
        assert row.source, row.name
        assert row.purpose.endswith("."), row.name
    numbers = [row.number for row in ROWS]
    assert len(set(numbers)) >= 120


ELEMENTWISE = {formula.name: formula for formula in reference.FORMULAS}


def test_every_element_wise_row_has_a_reference() -> None:
    known = set(ELEMENTWISE) | {each.name for each in classic.REFERENCES}
    assert {row.name for row in ROWS if row.family != "block"} <= known


def test_the_initial_pau_is_near_leaky_relu() -> None:
    """PAU starts from this project's own least-squares fit, so it is compared with the function it fits."""
    x = torch.linspace(-3, 3, 601, dtype=torch.float64)
    with torch.no_grad():
        error = in_double("pau")(x) - torch.nn.functional.leaky_relu(x, 0.01)
    assert float(error.abs().max()) < 0.08


EXACT = [name for name in ELEMENTWISE if name != "pau"]


def test_values_and_slopes_equal_the_reference() -> None:
    def check(name: str) -> None:
        formula = ELEMENTWISE[name]
        for parameters in (formula.parameters, *formula.variants):
            try:
                module = in_double(written(name, parameters))
            except StudyError:
                assert parameters is not formula.parameters  # a variant that the row does not allow
                continue
            points = [
                x for x in np.linspace(-9, 9, 37) + 0.0123 if all(abs(x - k) > 1e-3 for k in formula.kinks(parameters))
            ]
            y, slope = values_and_slopes(module, torch.tensor(points, dtype=torch.float64))
            expected = [reference.value(name, point, parameters) for point in points]
            assert y.numpy() == pytest.approx(np.array(expected), rel=1e-11, abs=1e-12), parameters
            if name == "bsilu_sugar":  # it has a surrogate gradient
                steep = [reference.sugar_slope(point, parameters["alpha"]) for point in points]
            else:
                steep = [reference.slope(name, point, parameters) for point in points]
            assert slope.numpy() == pytest.approx(np.array(steep), rel=1e-8, abs=1e-9), parameters

    assert faults(check, EXACT) == {}


def in_double(name: str) -> nn.Module:
    """The module with initial parameters in double precision, not rounded to single precision."""
    torch.set_default_dtype(torch.float64)
    try:
        return make(name).double().eval()
    finally:
        torch.set_default_dtype(torch.float32)


def written(name: str, parameters: object) -> str:
    """`elu(alpha=0.5)`."""
    inner = ", ".join(f"{k}={v!r}" for k, v in dict(parameters).items())  # type: ignore[call-overload]
    return f"{name}({inner})" if inner else name


def test_the_statements_of_a_row_are_those_of_its_reference() -> None:
    def check(name: str) -> None:
        row, formula = ACTIVATIONS[name], ELEMENTWISE[name]
        assert row.range == pytest.approx(formula.range, abs=1e-6)
        for stated, known in zip(row.limits, formula.limits, strict=True):
            assert (stated is None) == (known is None)
            assert stated is None or stated == pytest.approx(known, abs=1e-9)
        assert ("monotone" in row.traits) == formula.monotone
        assert sorted(row.kinks) == pytest.approx(sorted(formula.kinks(formula.parameters)))

    assert faults(check, EXACT) == {}


@pytest.mark.parametrize("name", sorted(reference.GAINS))
def test_gains_are_known_to_ten_digits(name: str) -> None:
    assert gain(name) == pytest.approx(reference.GAINS[name], rel=1e-10)


def test_known_constants() -> None:
    assert gain("relu") == pytest.approx(2**0.5, rel=1e-12)
    assert f"{gain('tanh'):.4f}" == "1.5925"
    assert f"{gain('gelu'):.4f}" == "1.5335"
    mean, square = gaussian_moments(make("selu"))
    assert [mean, square] == pytest.approx([0, 1], abs=1e-12)  # SELU's fixed point


@pytest.mark.parametrize(
    ("name", "minimum"),
    [("gelu", classic.GELU_MINIMUM), ("silu", classic.SILU_MINIMUM), ("mish", classic.MISH_MINIMUM)],
)
def test_minima_are_known_to_ten_digits(name: str, minimum: tuple[float, float]) -> None:
    module = make(name).double()
    low, high = torch.tensor(-2.0, dtype=torch.float64), torch.tensor(-0.3, dtype=torch.float64)
    for _ in range(80):  # the slope's sign changes once
        middle = ((low + high) / 2).requires_grad_()
        (slope,) = torch.autograd.grad(module(middle), middle)
        low, high = (middle.detach(), high) if slope < 0 else (low, middle.detach())
    assert float(low) == pytest.approx(minimum[0], abs=1e-10)
    assert float(module(low)) == pytest.approx(minimum[1], abs=1e-10)


class FunctionModule(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def failed_laws(row: str, build: Callable[[], nn.Module]) -> set[str]:
    """The laws that a module breaks if it claims to be this row."""
    activation = CheckedActivation(ACTIVATIONS[row], build, row)
    return {law.name for law in QUICK if fault_of(law, activation)}


def in_place_gelu(x: Tensor) -> Tensor:
    return x.mul_(torch.special.ndtr(x))


def nan_gradient(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, torch.exp(x) - 1) + 0 * torch.where(x > 0, 0, torch.exp(-x) * 0)


@pytest.mark.parametrize(
    ("row", "function", "laws"),
    [
        ("gelu", lambda x: -x * torch.special.ndtr(x), {"values", "slopes", "range", "limits"}),
        ("gelu", lambda x: x * torch.special.ndtr(x) / 2, {"values", "slopes"}),
        ("leaky_relu", lambda x: torch.where(x > 0, x, 0.2 * x), {"values", "slopes"}),
        ("gelu", in_place_gelu, {"input"}),
        ("elu", nan_gradient, {"no NaN in float32", "no NaN in float16"}),
        ("softplus", lambda x: torch.log1p(torch.exp(x)), {"finite in float32", "finite in float16"}),
        ("relu", lambda x: torch.relu(x) + 1e-4 * torch.rand_like(x), {"random state", "deterministic"}),
        ("tanh", lambda x: x.float().tanh(), {"dtype"}),
        ("silu", lambda x: (x * torch.sigmoid(x)).contiguous(), {"memory format"}),
        ("relu", lambda x: torch.where(x > 1, x, x * (x > 0) + 0.5 * (x > 0)), {"values"}),
    ],
    ids=["sign", "factor", "default", "aliasing", "NaN gradient", "overflow", "random", "dtype", "format", "jump"],
)
def test_planted_faults_break_their_laws(row: str, function: Callable[[Tensor], Tensor], laws: set[str]) -> None:
    assert laws <= failed_laws(row, lambda: FunctionModule(function))


def test_a_shared_parameter_breaks_its_law() -> None:
    module = nn.PReLU()
    assert "fresh" in failed_laws("prelu", lambda: module)


def double_gelu(x: Tensor) -> Tensor:
    """GELU, computed in double precision for every dtype."""
    wide = x.double()
    return (wide * (0.5 * torch.erfc(-wide * 0.5**0.5))).to(x.dtype)


def test_a_correct_rewrite_breaks_no_law() -> None:
    assert failed_laws("gelu", lambda: FunctionModule(double_gelu)) == set()


def test_the_gain_follows_when_a_session_name_means_another_activation() -> None:
    try:
        name = register_object("g", torch.nn.Identity)
        assert gain(name) == pytest.approx(1)
        register_object("g", torch.nn.ReLU)
        assert gain(name) == pytest.approx(2**0.5)
    finally:
        SESSION_OBJECTS.clear()
