"""`reluctant audit`: planted faults are told, right rewrites pass, no function gets one sentence."""

import random
from math import sqrt

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant.activations.laws import LAWS
from reluctant.activations.laws.transforms import TRANSFORMS
from reluctant.cards.audit import AGREE, audit, nearest, target
from reluctant.cli.main import CANNOT, DONE, SOME_FAILED, execute
from reluctant.core.errors import StudyError

HERE = "tests.test_audit"
QUICK = [law for law in LAWS if law not in TRANSFORMS]


def gelu(x: Tensor) -> Tensor:
    """A right rewrite, with the normal distribution function from PyTorch."""
    return x * torch.special.ndtr(x) if x.dtype == torch.float64 else nn.functional.gelu(x)


class Mish(nn.Module):
    """A right rewrite: softplus as the logarithm of a sum of exponentials."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tanh(torch.logaddexp(x, torch.zeros_like(x)))


def overflowing(x: Tensor) -> Tensor:
    """Infinite much earlier than PyTorch's own."""
    return nn.functional.gelu(x * 100) / 100 if x.dtype == torch.float32 else gelu(x)


def half_elu(x: Tensor) -> Tensor:
    return nn.functional.elu(x, alpha=0.5)


def wrong_sign(x: Tensor) -> Tensor:
    return -x * torch.sigmoid(x)


def missing_factor(x: Tensor) -> Tensor:
    return x * (1 + torch.erf(x / sqrt(2)))


class WrongDefault(nn.LeakyReLU):
    def __init__(self) -> None:
        super().__init__(0.2)


def in_place(x: Tensor) -> Tensor:
    return x.clamp_(min=0)


def aliasing(x: Tensor) -> Tensor:
    return x.view_as(x)


def untaken(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, torch.exp(x) - 1)


def naive_softplus(x: Tensor) -> Tensor:
    return torch.log(1 + torch.exp(x))


def wrong_gradient(x: Tensor) -> Tensor:
    gate: Tensor = torch.special.ndtr(x).detach()
    return x * gate


def detached(x: Tensor) -> Tensor:
    return torch.tanh(x.detach())


def drawing(x: Tensor) -> Tensor:
    torch.rand(1)
    return torch.tanh(x)


class DrawsWhenMade(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.rand(1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x)


def reseeding(x: Tensor) -> Tensor:
    torch.manual_seed(7)
    return torch.tanh(x)


def cubed(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(sqrt(2 / torch.pi) * (x + 0.044715 * x**3)))


_ONE = nn.PReLU()


def shared() -> nn.Module:
    nn.init.constant_(_ONE.weight, 0.25)
    return _ONE.float()


def upcasting(x: Tensor) -> Tensor:
    return torch.tanh(x.double())


class Counting(nn.Module):
    """Other values at every call."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return torch.tanh(x) + 1e-3 * self.calls


def flattening(x: Tensor) -> Tensor:
    return torch.tanh(x).reshape(-1)


def halving(x: Tensor) -> Tensor:
    return x[::2]


def deciding(x: Tensor) -> Tensor:
    torch.set_default_dtype(torch.float64)
    return torch.tanh(x)


def ungrading(x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    return torch.tanh(x)


def numbers_of_numpy(x: Tensor) -> Tensor:
    np.random.rand()
    return torch.tanh(x)


def numbers_of_python(x: Tensor) -> Tensor:
    random.random()
    return torch.tanh(x)


def scalar(x: Tensor) -> float:
    return float(x.sum())


def raising(x: Tensor) -> Tensor:
    raise ValueError("no such luck\nand more")


class Choosy(nn.Module):
    def __init__(self, beta: float) -> None:
        super().__init__()


number = 3


def broken(name: str, claimed: str) -> dict[str, str]:
    """The laws, but for the slow ones, that a function of this file breaks, with what is said of them."""
    return {v.law.name: v.fault for v in audit(f"{HERE}:{name}", claimed, QUICK) if v.broken}


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        (f"{HERE}:gelu", "gelu"),
        (f"{HERE}:Mish", "mish"),
        (f"{HERE}:half_elu", "elu(alpha=0.5)"),
        ("torch.nn:GELU(approximate='tanh')", "gelu(approximate='tanh')"),
        ("torch.nn:PReLU", "prelu"),
    ],
)
def test_a_right_rewrite_keeps_every_law(name: str, claimed: str) -> None:
    assert {v.law.name: v.fault for v in audit(name, claimed) if v.broken} == {}


@pytest.mark.parametrize(
    ("name", "claimed", "laws"),
    [
        ("wrong_sign", "silu", {"values", "slopes"}),
        ("missing_factor", "gelu", {"values", "slopes"}),
        ("WrongDefault", "leaky_relu", {"values", "slopes"}),
        ("half_elu", "elu", {"values", "slopes"}),
        ("in_place", "relu", {"input"}),
        ("aliasing", "leaky_relu(negative_slope=1)", {"input"}),
        ("untaken", "elu", {"no NaN in float32", "no NaN in bfloat16", "no NaN in float16"}),
        ("naive_softplus", "softplus", {"no NaN in float32", "finite in float16"}),
        ("wrong_gradient", "gelu", {"slopes", "gradient"}),
        ("detached", "tanh", {"slopes", "gradient", "learned"}),
        ("drawing", "tanh", {"random state"}),
        ("DrawsWhenMade", "tanh", {"random state"}),
        ("numbers_of_numpy", "tanh", {"random state"}),
        ("numbers_of_python", "tanh", {"random state"}),
        ("reseeding", "tanh", {"random state"}),
        ("cubed", "gelu(approximate='tanh')", {"no NaN in float16"}),
        ("shared", "prelu", {"fresh"}),
        ("upcasting", "tanh", {"dtype"}),
        ("Counting", "tanh", {"values", "deterministic"}),
        ("flattening", "tanh", {"shape"}),
    ],
)
def test_a_planted_fault_is_told(name: str, claimed: str, laws: set[str]) -> None:
    found = broken(name, claimed)
    assert laws <= found.keys(), found
    assert all(found.values())


@pytest.mark.parametrize("name", ["in_place", "drawing", "DrawsWhenMade", "shared"])
def test_one_fault_is_told_once(name: str) -> None:
    assert len(broken(name, {"in_place": "relu", "shared": "prelu"}.get(name, "tanh"))) == 1


def test_a_fault_is_told_with_its_place() -> None:
    assert broken("half_elu", "elu")["values"] == "at -10 it is -0.4999773, not -0.9999546001"
    assert broken("WrongDefault", "leaky_relu")["values"] == "at -10 it is -2, not -0.1"
    assert broken("wrong_gradient", "gelu")["slopes"].startswith("its slope: at ")


def test_what_the_catalogues_own_fails_just_so_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    found = {v.law.name: v for v in audit("torch.nn:GELU", "gelu", QUICK)}["finite in float32"]
    assert found.fault == found.own != ""
    assert not found.broken
    assert broken("overflowing", "gelu")["finite in float32"] != found.own
    execute(["audit", "torch.nn:GELU", "--as", "gelu"])
    assert "(the catalogue's own: it fails just so, and it does not count)" in " ".join(
        capsys.readouterr().out.split()
    )


def test_an_audit_leaves_pytorch_as_it_was() -> None:
    before = torch.get_rng_state()
    broken("gelu", "gelu")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (f"{HERE}:number", "int is neither a class, a function nor a factory"),
        (f"{HERE}:nothing", "has no 'nothing'"),
        ("no_such_module:f", "there is no module 'no_such_module'"),
        (f"{HERE}:raising", "it fails on a batch: ValueError: no such luck"),
        (f"{HERE}:scalar", "it returns float; a tensor is wanted"),
        (f"{HERE}:Choosy", "cannot be made: TypeError"),
        (f"{HERE}:deciding", "it has a side effect, on PyTorch's default dtype"),
        (f"{HERE}:ungrading", "it has a side effect, on PyTorch's gradient mode"),
        ("geloo", "no activation is called 'geloo'; did you mean 'gelu'"),
        ("math:erf", "it fails on a batch"),
    ],
)
def test_what_cannot_be_audited_gets_one_sentence(
    name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["audit", name, "--as", "gelu"]) == CANNOT
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("claimed", "message"),
    [
        ("geloo", "did you mean 'gelu'"),
        ("elu(alpha=-1)", "alpha must be at least 0"),
        ("softmax", "is not an activation for a study"),
        (f"{HERE}:gelu", "--as wants a name of the catalogue"),
    ],
)
def test_a_claim_that_is_no_row_gets_one_sentence(
    claimed: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["audit", f"{HERE}:gelu", "--as", claimed]) == CANNOT
    assert message in capsys.readouterr().err


def test_the_command_tells_every_law_and_ends_with_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["audit", f"{HERE}:gelu", "--as", "gelu"]) == DONE
    out, _ = capsys.readouterr()
    assert "BROKEN" not in out
    assert out.splitlines()[-1].endswith("laws are kept: it is gelu.")
    assert execute(["audit", f"{HERE}:missing_factor", "--as", "GELU"]) == SOME_FAILED
    out, err = capsys.readouterr()
    assert "BROKEN  values: its values" in out
    assert "laws are broken: values, slopes" in out
    assert err == ""


def test_of_a_block_no_more_is_said_than_was_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["audit", "reluctant.activations.blocks:GEGLU", "--as", "swiglu"]) == DONE
    assert "Values are not compared" in capsys.readouterr().out


def test_without_a_claim_the_rows_of_the_same_values_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["audit", f"{HERE}:Mish"]) == CANNOT
    assert "--as mish; between −5 and 5 its values are those of mish" in capsys.readouterr().err
    assert execute(["audit", f"{HERE}:missing_factor"]) == CANNOT
    assert "no row of the catalogue has its values, the nearest are" in capsys.readouterr().err


def test_the_nearest_rows_come_first() -> None:
    found = nearest(target("torch:tanh"))
    assert found[0][0] == "tanh"
    assert found[0][1] <= AGREE < found[1][1] or found[1][0] != "tanh"
    with pytest.raises(StudyError, match="no function of one number"):
        nearest(target(f"{HERE}:halving"))
