"""Every law on every row of the catalogue; independent references; planted faults are caught."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant.activations import gain, make, moments
from reluctant.activations.laws import LAWS, Law, Subject
from reluctant.activations.laws.exemptions import EXEMPTIONS
from reluctant.activations.laws.table import table
from reluctant.activations.laws.transforms import TRANSFORMS
from reluctant.catalogue import ACTIVATIONS, Activation
from reluctant.core.errors import StudyError
from tests import reference_activations as classic
from tests import reference_catalogue as reference

ROWS = tuple(ACTIVATIONS)
QUICK = [law for law in LAWS if law not in TRANSFORMS]
PAGE = Path(__file__).parent.parent / "docs" / "laws.md"


def tried(law: Law, subject: Subject) -> str:
    """What is wrong; an exception is a fault like any other."""
    try:
        return law.check(subject)
    except Exception as fault:
        return f"it fails: {type(fault).__name__}: {fault}"


def broken(law: Law, row: Activation) -> str:
    """What is wrong. An exemption permits failing and does not demand it: kernels differ by processor."""
    if (row.family == "block" and not law.blocks) or (row.name, law.name) in EXEMPTIONS:
        return ""
    return tried(law, Subject.of(row))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_keeps_every_law(row: Activation) -> None:
    assert {law.name: fault for law in QUICK if (fault := broken(law, row))} == {}


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_can_be_transformed(row: Activation) -> None:
    assert {law.name: fault for law in TRANSFORMS if (fault := broken(law, row))} == {}


@pytest.mark.parametrize("name", ["gelu", "prelu", "golu", "snake", "swiglu", "rrelu"])
def test_some_rows_can_be_transformed(name: str) -> None:
    assert {law.name: fault for law in TRANSFORMS if (fault := broken(law, ACTIVATIONS[name]))} == {}


def test_exemptions_are_few_and_of_rows_and_laws_there_are() -> None:
    pairs = {(row.name, law.name) for row in ROWS for law in LAWS if law.blocks or row.family != "block"}
    assert set(EXEMPTIONS) <= pairs
    assert len(EXEMPTIONS) <= len(pairs) / 20
    assert all(len(exemption.reason) > 20 for exemption in EXEMPTIONS.values())


@pytest.mark.parametrize("fault", ["", "at 3e38 it is inf"])
def test_an_exemption_permits_failing_and_does_not_demand_it(fault: str) -> None:
    """PyTorch's GELU keeps this law on processors without AVX-512 and breaks it on others."""

    def check(_: Subject) -> str:
        return fault

    law = Law("finite in float32", "as the law of that name", check, blocks=False)
    assert broken(law, ACTIVATIONS["gelu"]) == ""
    assert broken(law, ACTIVATIONS["silu"]) == fault


def test_the_page_holds_the_table() -> None:
    assert PAGE.read_text("utf-8") == table()


def test_the_catalogue_is_large_and_each_row_told_in_full() -> None:
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


def test_the_rational_start_is_near_leaky_relu() -> None:
    """PAU starts from a least-squares fit of our own, so it is held against what it is fitted to."""
    x = torch.linspace(-3, 3, 601, dtype=torch.float64)
    with torch.no_grad():
        off = in_double("pau")(x) - torch.nn.functional.leaky_relu(x, 0.01)
    assert float(off.abs().max()) < 0.08


EXACT = [name for name in ELEMENTWISE if name != "pau"]


@pytest.mark.parametrize("name", EXACT)
def test_values_and_slopes_equal_the_reference(name: str) -> None:
    formula = ELEMENTWISE[name]
    for parameters in (formula.parameters, *formula.variants):
        try:
            module = in_double(written(name, parameters))
        except StudyError:
            assert parameters is not formula.parameters  # beyond what the row allows
            continue
        points = [
            x
            for x in np.linspace(-9, 9, 37) + 0.0123
            if all(abs(x - k) > 1e-3 for k in formula.kinks(parameters))
        ]
        x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
        y = module(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        wanted = [reference.value(name, point, parameters) for point in points]
        assert y.detach().numpy() == pytest.approx(np.array(wanted), rel=1e-11, abs=1e-12), parameters
        if name == "bsilu_sugar":  # its backward is another function's, on purpose
            steep = [reference.sugar_slope(point, parameters["alpha"]) for point in points]
        else:
            steep = [reference.slope(name, point, parameters) for point in points]
        assert slope.numpy() == pytest.approx(np.array(steep), rel=1e-8, abs=1e-9), parameters


def in_double(name: str) -> nn.Module:
    """The module whose learned parameters start at the very numbers, not the nearest of single precision."""
    torch.set_default_dtype(torch.float64)
    try:
        return make(name).double().eval()
    finally:
        torch.set_default_dtype(torch.float32)


def written(name: str, parameters: object) -> str:
    """`elu(alpha=0.5)`."""
    inner = ", ".join(f"{k}={v!r}" for k, v in dict(parameters).items())  # type: ignore[call-overload]
    return f"{name}({inner})" if inner else name


@pytest.mark.parametrize("name", EXACT)
def test_what_a_row_says_is_what_its_reference_says(name: str) -> None:
    row, formula = ACTIVATIONS[name], ELEMENTWISE[name]
    assert row.range == pytest.approx(formula.range, abs=1e-6)
    for stated, known in zip(row.limits, formula.limits, strict=True):
        assert (stated is None) == (known is None)
        assert stated is None or stated == pytest.approx(known, abs=1e-9)
    assert ("monotone" in row.traits) == formula.monotone
    assert sorted(row.kinks) == pytest.approx(sorted(formula.kinks(formula.parameters)))


@pytest.mark.parametrize("name", sorted(reference.GAINS))
def test_gains_are_known_to_ten_digits(name: str) -> None:
    assert gain(name) == pytest.approx(reference.GAINS[name], rel=1e-10)


def test_known_constants() -> None:
    assert gain("relu") == pytest.approx(2**0.5, rel=1e-12)
    assert f"{gain('tanh'):.4f}" == "1.5925"
    assert f"{gain('gelu'):.4f}" == "1.5335"
    mean, square = moments(make("selu"))
    assert [mean, square] == pytest.approx([0, 1], abs=1e-12)  # SELU's fixed point


@pytest.mark.parametrize(
    ("name", "lowest"),
    [("gelu", classic.GELU_MINIMUM), ("silu", classic.SILU_MINIMUM), ("mish", classic.MISH_MINIMUM)],
)
def test_minima_are_known_to_ten_digits(name: str, lowest: tuple[float, float]) -> None:
    module = make(name).double()
    low, high = torch.tensor(-2.0, dtype=torch.float64), torch.tensor(-0.3, dtype=torch.float64)
    for _ in range(80):  # the slope's sign changes once
        middle = ((low + high) / 2).requires_grad_()
        (slope,) = torch.autograd.grad(module(middle), middle)
        low, high = (middle.detach(), high) if slope < 0 else (low, middle.detach())
    assert float(low) == pytest.approx(lowest[0], abs=1e-10)
    assert float(module(low)) == pytest.approx(lowest[1], abs=1e-10)


class Wrong(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def faulty(row: str, function: Callable[[Tensor], Tensor]) -> set[str]:
    """The laws that a wrong function breaks under a row's name."""

    subject = Subject(ACTIVATIONS[row], lambda: Wrong(function), row)
    return {law.name for law in QUICK if tried(law, subject)}


def changing(x: Tensor) -> Tensor:
    return x.mul_(torch.special.ndtr(x))


def untaken(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, torch.exp(x) - 1) + 0 * torch.where(x > 0, 0, torch.exp(-x) * 0)


@pytest.mark.parametrize(
    ("row", "function", "caught"),
    [
        ("gelu", lambda x: -x * torch.special.ndtr(x), {"values", "slopes", "range", "limits"}),
        ("gelu", lambda x: x * torch.special.ndtr(x) / 2, {"values", "slopes"}),
        ("leaky_relu", lambda x: torch.where(x > 0, x, 0.2 * x), {"values", "slopes"}),
        ("gelu", changing, {"input"}),
        ("elu", untaken, {"no NaN in float32", "no NaN in float16"}),
        ("softplus", lambda x: torch.log1p(torch.exp(x)), {"finite in float32", "finite in float16"}),
        ("relu", lambda x: torch.relu(x) + 1e-4 * torch.rand_like(x), {"random state", "deterministic"}),
        ("tanh", lambda x: x.float().tanh(), {"dtype"}),
        ("silu", lambda x: (x * torch.sigmoid(x)).contiguous(), {"memory format"}),
        ("relu", lambda x: torch.where(x > 1, x, x * (x > 0) + 0.5 * (x > 0)), {"values"}),
    ],
    ids=[
        "sign",
        "factor",
        "default",
        "aliasing",
        "untaken branch",
        "overflow",
        "random",
        "dtype",
        "format",
        "jump",
    ],
)
def test_planted_faults_are_caught(row: str, function: Callable[[Tensor], Tensor], caught: set[str]) -> None:
    found = faulty(row, function)
    assert caught <= found, found


def test_a_shared_parameter_is_caught() -> None:
    one = nn.PReLU()
    shared = {law.name for law in QUICK if tried(law, Subject(ACTIVATIONS["prelu"], lambda: one, "prelu"))}
    assert "fresh" in shared


def rewritten(x: Tensor) -> Tensor:
    """GELU, in double precision whatever comes."""
    wide = x.double()
    return (wide * (0.5 * torch.erfc(-wide * 0.5**0.5))).to(x.dtype)


def test_a_right_rewrite_passes() -> None:
    assert faulty("gelu", rewritten) == set()
