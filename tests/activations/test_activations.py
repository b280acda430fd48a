"""Activations: every row of the catalogue against its reference, and user-defined code."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from reluctant.activations import RReLU, check_activation, factory, make, sample_curve
from reluctant.activations.numerics import values_and_slopes
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ModelError, StudyError
from reluctant.core.names import Name
from tests.reference.activations import REFERENCES, Parameters, Reference
from tests.support.loops import faults

NAMES = [row.name for row in ACTIVATIONS]
POINTS: list[float] = np.concatenate([np.linspace(-12, 12, 97), [-60.0, -0.1234, 0.0, 0.4321, 60.0]]).tolist()
OWN = "tests.support.own_activations"
SINGLE = {"prelu": "its slope is a parameter of single precision", "hardsigmoid": "PyTorch's 1/6 is single"}


def test_every_row_has_a_reference() -> None:
    from tests.reference.catalogue import FORMULAS

    elementwise = [row.name for row in ACTIVATIONS if row.family != "block"]
    assert sorted(elementwise) == sorted([r.name for r in REFERENCES] + [f.name for f in FORMULAS])


def test_values_and_slopes_equal_the_reference() -> None:
    def check(case: tuple[Reference, Parameters]) -> None:
        reference, parameters = case
        kinks = reference.kinks(parameters)
        points = [x for x in POINTS if all(abs(x - kink) > 1e-9 for kink in kinks)]
        module = make(str(Name(reference.name, dict(parameters)))).double().eval()
        y, slope = values_and_slopes(module, torch.tensor(points, dtype=torch.float64))
        expected = [reference.value(point, parameters) for point in points]
        steep = [reference.slope(point, parameters) for point in points]
        near = 1e-7 if reference.name in SINGLE else 3e-9
        np.testing.assert_allclose(y.numpy(), expected, rtol=near, atol=near)
        np.testing.assert_allclose(slope.numpy(), steep, rtol=near, atol=near)

    cases = [(r, p) for r in REFERENCES for p in (r.parameters, *r.variants)]
    assert faults(check, cases, lambda case: f"{case[0].name}{dict(case[1])}") == {}


def test_the_traits_of_a_row_are_those_of_its_reference() -> None:
    def check(reference: Reference) -> None:
        traits = ACTIVATIONS[reference.name].traits
        low, high = reference.range
        assert ("bounded" in traits) == (math.isfinite(low) and math.isfinite(high))
        assert ("monotone" in traits) == (reference.monotone and "learned" not in traits)

    assert faults(check, REFERENCES, lambda reference: reference.name) == {}


def test_a_module_keeps_shape_dtype_and_input_and_draws_nothing() -> None:
    def check(name: str) -> None:
        torch.manual_seed(1)
        before = torch.get_rng_state()
        module = make(name, feature_axis=1)
        x = torch.linspace(-4, 4, 2 * 4 * 3 * 3).reshape(2, 4, 3, 3).to(memory_format=torch.channels_last)
        copy = x.clone()
        y = module(x)
        assert torch.equal(torch.get_rng_state(), before)
        assert y.shape == x.shape
        assert y.dtype == x.dtype
        if name != "logsigmoid":  # PyTorch's own returns the default layout
            assert y.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(x, copy)

    assert faults(check, NAMES) == {}


def test_every_call_builds_a_fresh_module() -> None:
    def check(name: str) -> None:
        build = factory(name)
        first, second = build(), build()
        assert first is not second
        assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
        assert bool(list(first.parameters())) == ("learned" in ACTIVATIONS[name].traits)

    assert faults(check, NAMES) == {}


@pytest.mark.parametrize("name", ["Softmax", "log-softmax"])
def test_what_is_not_element_wise_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(StudyError, match=r"element-wise"):
        make(name)


def test_rrelu_slopes_are_between_the_bounds_and_average_in_evaluation() -> None:
    module = RReLU(0.1, 0.5)
    x = -torch.ones(10_000)
    slopes = -module(x)
    assert slopes.min() >= 0.1
    assert slopes.max() <= 0.5
    assert slopes.mean() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(module.eval()(x), x * 0.3)
    assert torch.equal(module.train()(-x), -x)


def test_the_seed_decides_rrelu_slopes() -> None:
    module, other, x = RReLU(), RReLU(), -torch.ones(100)
    module.reseed(5)
    other.reseed(5)
    first = module(x)
    assert torch.equal(first, other(x))
    assert not torch.equal(first, module(x))
    module.reseed(5)
    assert torch.equal(first, module(x))
    module.reseed(6)
    assert not torch.equal(first, module(x))


def test_rrelu_without_a_seed_only_reads_the_global_state() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = RReLU()(-torch.ones(5))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, RReLU()(-torch.ones(5)))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"{OWN}:Gate(beta=2)", lambda x: x * torch.sigmoid(2 * x)),
        (f"{OWN}:bent(a=0.25)", lambda x: torch.where(x > 0, x, 0.25 * x)),
        (f"{OWN}:bent", lambda x: torch.where(x > 0, x, 0.5 * x)),
        (f"{OWN}:factory(beta=2)", lambda x: x * torch.sigmoid(2 * x)),
        (f"{OWN}:function_factory", torch.tanh),
        (f"{OWN}:instance", lambda x: x * torch.sigmoid(3 * x)),
        ("torch:sin", torch.sin),
        ("torch.nn:ReLU", torch.relu),
    ],
)
def test_a_user_defined_class_function_factory_or_object(written: str, expected: object) -> None:
    x = torch.linspace(-3, 3, 31)
    assert callable(expected)
    torch.testing.assert_close(check_activation(written)(x), expected(x))


def test_a_user_defined_object_is_copied() -> None:
    assert make(f"{OWN}:instance") is not make(f"{OWN}:instance")


@pytest.mark.parametrize("source", [nn.ReLU, nn.ReLU(), torch.relu])
def test_python_objects_are_accepted(source: object) -> None:
    assert torch.equal(make(source)(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("raising", r"fails on a batch of shape .*ValueError: no such luck"),
        ("Refusing", r"cannot be built: ValueError: not today"),
        ("number", r"neither a class, a function nor a factory"),
        ("wrong_factory", r"returns int; it must be a torch module or a function"),
        ("narrowing", r"into \(2, 1, 3, 3\); an activation keeps the shape"),
        ("unlucky", r"returns NaN or infinity"),
        ("aliasing", r"changes its input in place"),
        ("doubling", r"keeps the dtype"),
        ("listing", r"returns list; it must return a tensor"),
        ("Gate(gamma=2)", r"cannot be built: TypeError"),
        ("instance(beta=7)", r"an object takes no arguments; name its class"),
        ("gat", r"has no 'gat'; did you mean 'Gate'"),
    ],
)
def test_faults_are_found_before_training(written: str, words: str) -> None:
    kind = StudyError if "did you mean" in words else ModelError
    with pytest.raises(kind, match=words):
        check_activation(f"{OWN}:{written}")


def test_a_sampled_curve() -> None:
    curve = sample_curve(make("leaky_relu(negative_slope=0.25)"))
    assert curve is not None
    assert curve["x"] == [-5.0, 5.0]
    assert curve["f"][0] == -1.25
    assert curve["f"][-1] == 5.0
    assert curve["slope"][0] == 0.25
    assert curve["slope"][-1] == 1.0
    assert len(curve["f"]) == len(curve["slope"]) == 101


def test_without_a_gradient_or_a_curve_nothing_is_sampled() -> None:
    assert sample_curve(make(lambda x: (x > 0).to(x.dtype))) is None
    assert sample_curve(make("swiglu")) is None
