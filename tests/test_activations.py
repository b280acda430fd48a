"""Activations: every row of the catalogue against its reference, and code of one's own."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from reluctant.activations import RReLU, check, factory, make, shape
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.names import Name
from tests.reference_activations import REFERENCES, Parameters, Reference

NAMES = [row.name for row in ACTIVATIONS]
CASES = [(r, p) for r in REFERENCES for p in (r.parameters, *r.variants)]
POINTS: list[float] = np.concatenate([np.linspace(-12, 12, 97), [-60.0, -0.1234, 0.0, 0.4321, 60.0]]).tolist()
OWN = "tests.own_activations"
SINGLE = {"prelu": "its slope is a parameter of single precision", "hardsigmoid": "PyTorch's 1/6 is single"}


def case(value: object) -> str:
    return value.name if isinstance(value, Reference) else str(value)


def named(reference: Reference, parameters: Parameters) -> nn.Module:
    return make(str(Name(reference.name, dict(parameters)))).double().eval()


def test_every_row_has_a_reference() -> None:
    from tests.reference_catalogue import FORMULAS

    elementwise = [row.name for row in ACTIVATIONS if row.family != "block"]
    assert sorted(elementwise) == sorted([r.name for r in REFERENCES] + [f.name for f in FORMULAS])


@pytest.mark.parametrize(("reference", "parameters"), CASES, ids=case)
def test_values_and_slopes_equal_the_reference(reference: Reference, parameters: Parameters) -> None:
    kinks = reference.kinks(parameters)
    points = [x for x in POINTS if all(abs(x - kink) > 1e-9 for kink in kinks)]
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    y = named(reference, parameters)(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    expected = [reference.value(point, parameters) for point in points]
    steep = [reference.slope(point, parameters) for point in points]
    near = 1e-7 if reference.name in SINGLE else 3e-9
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=near, atol=near)
    np.testing.assert_allclose(slope.numpy(), steep, rtol=near, atol=near)


@pytest.mark.parametrize("reference", REFERENCES, ids=case)
def test_what_the_catalogue_says_of_a_function_holds(reference: Reference) -> None:
    traits = ACTIVATIONS[reference.name].traits
    low, high = reference.range
    assert ("bounded" in traits) == (math.isfinite(low) and math.isfinite(high))
    assert ("monotone" in traits) == (reference.monotone and "learned" not in traits)


@pytest.mark.parametrize("name", NAMES)
def test_a_module_keeps_shape_dtype_and_input_and_draws_nothing(name: str) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    module = make(name)
    x = torch.linspace(-4, 4, 2 * 4 * 3 * 3).reshape(2, 4, 3, 3).to(memory_format=torch.channels_last)
    given = x.clone()
    y = module(x)
    assert torch.equal(torch.get_rng_state(), before)
    assert y.shape == x.shape
    assert y.dtype == x.dtype
    if name != "logsigmoid":  # PyTorch's own returns plain layout
        assert y.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(x, given)


@pytest.mark.parametrize("name", NAMES)
def test_every_call_makes_a_fresh_module(name: str) -> None:
    fresh = factory(name)
    one, other = fresh(), fresh()
    assert one is not other
    assert not {id(p) for p in one.parameters()} & {id(p) for p in other.parameters()}
    assert bool(list(one.parameters())) == ("learned" in ACTIVATIONS[name].traits)


@pytest.mark.parametrize("name", ["Softmax", "log-softmax"])
def test_what_is_not_element_wise_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(StudyError, match=r"element-wise"):
        make(name)


class TestRReLU:
    def test_slopes_lie_between_the_bounds_and_average_in_evaluation(self) -> None:
        module = RReLU(0.1, 0.5)
        x = -torch.ones(10_000)
        drawn = -module(x)
        assert drawn.min() >= 0.1
        assert drawn.max() <= 0.5
        assert drawn.mean() == pytest.approx(0.3, abs=0.01)
        assert torch.equal(module.eval()(x), x * 0.3)
        assert torch.equal(module.train()(-x), -x)

    def test_the_seed_decides_the_numbers(self) -> None:
        one, other, x = RReLU(), RReLU(), -torch.ones(100)
        one.reseed(5)
        other.reseed(5)
        first = one(x)
        assert torch.equal(first, other(x))
        assert not torch.equal(first, one(x))
        one.reseed(5)
        assert torch.equal(first, one(x))
        one.reseed(6)
        assert not torch.equal(first, one(x))

    def test_without_a_seed_the_global_state_is_only_read(self) -> None:
        torch.manual_seed(3)
        before = torch.get_rng_state()
        first = RReLU()(-torch.ones(5))
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.equal(first, RReLU()(-torch.ones(5)))


class TestOwn:
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
    def test_class_function_factory_and_object(self, written: str, expected: object) -> None:
        x = torch.linspace(-3, 3, 31)
        assert callable(expected)
        torch.testing.assert_close(check(written)(x), expected(x))

    def test_an_object_is_copied(self) -> None:
        assert make(f"{OWN}:instance") is not make(f"{OWN}:instance")

    @pytest.mark.parametrize("source", [nn.ReLU, nn.ReLU(), torch.relu])
    def test_python_objects_serve_as_well(self, source: object) -> None:
        assert torch.equal(make(source)(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("written", "words"),
        [
            ("raising", r"fails on a batch of shape .*ValueError: no such luck"),
            ("Refusing", r"cannot be made: ValueError: not today"),
            ("number", r"neither a class, a function nor a factory"),
            ("wrong_factory", r"made a int; a torch module or a function is wanted"),
            ("narrowing", r"into \(2, 1, 3, 3\); an activation keeps the shape"),
            ("unlucky", r"returns NaN or infinity"),
            ("aliasing", r"changes its input in place"),
            ("doubling", r"keeps the dtype"),
            ("listing", r"returns list; a tensor is wanted"),
            ("Gate(gamma=2)", r"cannot be made: TypeError"),
            ("instance(beta=7)", r"an object takes no arguments; name its class"),
            ("gat", r"has no 'gat'; did you mean 'Gate'"),
        ],
    )
    def test_faults_are_found_before_training(self, written: str, words: str) -> None:
        with pytest.raises(ReluctantError, match=words):
            check(f"{OWN}:{written}")


def test_the_shape_of_a_curve() -> None:
    drawn = shape(make("leaky_relu(negative_slope=0.25)"))
    assert drawn is not None
    assert drawn["x"] == [-5.0, 5.0]
    assert drawn["f"][0] == -1.25
    assert drawn["f"][-1] == 5.0
    assert drawn["slope"][0] == 0.25
    assert drawn["slope"][-1] == 1.0
    assert len(drawn["f"]) == len(drawn["slope"]) == 101
