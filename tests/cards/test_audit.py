"""`reluctant audit`: planted faults fail their laws, correct rewrites pass, other objects get one message."""

import random
import re
from math import sqrt

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant.activations.laws import LAWS, TRANSFORMS
from reluctant.cards.audit import SAME_FUNCTION, audit_function, buildable, nearest_rows
from reluctant.cli.main import CANNOT, DONE, SOME_FAILED, execute
from reluctant.core.errors import StudyError

HERE = "tests.cards.test_audit"
QUICK = [law for law in LAWS if law not in TRANSFORMS]


def gelu(x: Tensor) -> Tensor:
    """A correct rewrite, with the normal distribution function from PyTorch."""
    return x * torch.special.ndtr(x) if x.dtype == torch.float64 else nn.functional.gelu(x)


class Mish(nn.Module):
    """A correct rewrite: softplus as the logarithm of a sum of exponentials."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tanh(torch.logaddexp(x, torch.zeros_like(x)))


def overflowing(x: Tensor) -> Tensor:
    """It becomes infinite at much smaller inputs than PyTorch's own."""
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


def nan_gradient(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, torch.exp(x) - 1)


def naive_softplus(x: Tensor) -> Tensor:
    return torch.log(1 + torch.exp(x))


def wrong_gradient(x: Tensor) -> Tensor:
    gate: Tensor = torch.special.ndtr(x).detach()
    return x * gate


def detached(x: Tensor) -> Tensor:
    return torch.tanh(x.detach())


def drawing_numbers(x: Tensor) -> Tensor:
    torch.rand(1)
    return torch.tanh(x)


class DrawsInConstructor(nn.Module):
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


_SHARED = nn.PReLU()


def shared() -> nn.Module:
    nn.init.constant_(_SHARED.weight, 0.25)
    return _SHARED.float()


def upcasting(x: Tensor) -> Tensor:
    return torch.tanh(x.double())


class Counting(nn.Module):
    """It gives different values at every call."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return torch.tanh(x) + 1e-3 * self.calls


def flattening(x: Tensor) -> Tensor:
    return torch.tanh(x).reshape(-1)


def halving(x: Tensor) -> Tensor:
    return x[::2]


def first_channels(x: Tensor) -> Tensor:
    return x[:, :3]


def changing_dtype(x: Tensor) -> Tensor:
    torch.set_default_dtype(torch.float64)
    return torch.tanh(x)


def disabling_gradients(x: Tensor) -> Tensor:
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


class NeedsArgument(nn.Module):
    def __init__(self, beta: float) -> None:
        super().__init__()


number = 3


def failures(name: str, claimed: str) -> dict[str, str]:
    """The laws, except the slow ones, that a function of this file fails, each with the fault."""
    results = audit_function(f"{HERE}:{name}", claimed, QUICK)
    return {result.law.name: result.fault for result in results if result.failed}


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
def test_a_correct_rewrite_obeys_every_law(name: str, claimed: str) -> None:
    assert {r.law.name: r.fault for r in audit_function(name, claimed) if r.failed} == {}


@pytest.mark.parametrize(
    ("name", "claimed", "laws"),
    [
        ("wrong_sign", "silu", {"values", "slopes"}),
        ("missing_factor", "gelu", {"values", "slopes"}),
        ("WrongDefault", "leaky_relu", {"values", "slopes"}),
        ("half_elu", "elu", {"values", "slopes"}),
        ("in_place", "relu", {"input"}),
        ("aliasing", "leaky_relu(negative_slope=1)", {"input"}),
        ("nan_gradient", "elu", {"no NaN in float32", "no NaN in bfloat16", "no NaN in float16"}),
        ("naive_softplus", "softplus", {"no NaN in float32", "finite in float16"}),
        ("wrong_gradient", "gelu", {"slopes", "gradient"}),
        ("detached", "tanh", {"slopes", "gradient", "learned"}),
        ("drawing_numbers", "tanh", {"random state"}),
        ("DrawsInConstructor", "tanh", {"random state"}),
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
def test_a_planted_fault_fails_its_laws(name: str, claimed: str, laws: set[str]) -> None:
    faults = failures(name, claimed)
    assert laws <= faults.keys(), faults
    assert all(faults.values())


@pytest.mark.parametrize("name", ["in_place", "drawing_numbers", "DrawsInConstructor", "shared"])
def test_one_fault_fails_one_law(name: str) -> None:
    assert len(failures(name, {"in_place": "relu", "shared": "prelu"}.get(name, "tanh"))) == 1


def test_a_fault_is_described_with_its_position() -> None:
    assert failures("half_elu", "elu")["values"] == "at -10 it is -0.4999773, not -0.9999546001"
    assert failures("WrongDefault", "leaky_relu")["values"] == "at -10 it is -2, not -0.1"
    assert failures("wrong_gradient", "gelu")["slopes"].startswith("its slope: at ")


def test_a_fault_of_the_catalogues_own_function_is_ignored(capsys: pytest.CaptureFixture[str]) -> None:
    results = {r.law.name: r for r in audit_function("torch.nn:Hardswish", "hardswish", QUICK)}
    result = results["finite in float32"]
    assert result.fault == result.catalogue_fault != ""
    assert not result.failed
    assert execute(["audit", "torch.nn:Hardswish", "--as", "hardswish"]) == DONE
    out = " ".join(capsys.readouterr().out.split())
    assert "ignored finite in float32: In float32" in out
    assert "(the catalogue's own function fails this law too, so it is ignored)" in out
    assert out.endswith("laws hold (2 that the catalogue's own function fails too are left out): it is hardswish.")


def test_another_fault_under_the_same_law_is_not_ignored() -> None:
    """On some processors PyTorch's own GELU breaks this law, at other numbers."""
    assert "finite in float32" in failures("overflowing", "gelu")


def test_an_audit_leaves_pytorch_as_it_was() -> None:
    before = torch.get_rng_state()
    failures("gelu", "gelu")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (f"{HERE}:number", "int is neither a class, a function nor a factory"),
        (f"{HERE}:nothing", "has no 'nothing'"),
        ("no_such_module:f", "there is no module 'no_such_module'"),
        (f"{HERE}:raising", "it fails on a batch: ValueError: no such luck"),
        (f"{HERE}:scalar", "it returns float; it must return a tensor"),
        (f"{HERE}:NeedsArgument", "cannot be built: it has no default for"),
        (f"{HERE}:changing_dtype", "it changes PyTorch's default dtype"),
        (f"{HERE}:disabling_gradients", "it changes PyTorch's gradient mode"),
        ("geloo", "no activation is called 'geloo'; did you mean 'gelu'"),
        ("numpy:hypot", "it fails on a batch"),
    ],
)
def test_an_object_that_cannot_be_audited_gets_one_message(
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
        (f"{HERE}:gelu", "--as needs a name of the catalogue"),
    ],
)
def test_a_claim_that_is_no_row_gets_one_message(
    claimed: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["audit", f"{HERE}:gelu", "--as", claimed]) == CANNOT
    assert message in capsys.readouterr().err


def test_the_command_lists_every_law_and_returns_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["audit", f"{HERE}:gelu", "--as", "gelu"]) == DONE
    out, _ = capsys.readouterr()
    assert "FAILED" not in out
    assert re.search(
        r"laws hold( \(\d that the catalogue's own .* are left out\))?: it is gelu\.$", " ".join(out.split())
    )
    assert execute(["audit", f"{HERE}:missing_factor", "--as", "GELU"]) == SOME_FAILED
    out, err = capsys.readouterr()
    assert "FAILED  values: In double precision the values" in out
    assert "laws fail: values, slopes" in out
    assert err == ""


def test_a_block_is_audited_without_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["audit", "reluctant.activations.blocks:GEGLU", "--as", "swiglu"]) == DONE
    assert "Values are not compared" in capsys.readouterr().out


def test_without_a_claim_the_rows_with_the_same_values_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["audit", f"{HERE}:Mish"]) == CANNOT
    assert "--as mish; between −5 and 5 its values are those of mish" in capsys.readouterr().err
    assert execute(["audit", f"{HERE}:missing_factor"]) == CANNOT
    assert "no row of the catalogue has its values, the nearest are" in capsys.readouterr().err


def test_a_function_that_fails_for_a_line_of_numbers_gets_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["audit", f"{HERE}:first_channels"]) == CANNOT
    err = capsys.readouterr().err
    assert err.startswith(f"reluctant: {HERE}:first_channels cannot be audited: it fails for an input of shape (n,):")
    assert err.endswith("; an activation takes inputs of any shape and keeps the shape\n")


def test_the_nearest_rows_come_first() -> None:
    first, second, _ = nearest_rows(buildable("torch:tanh"))
    assert first[0] == "tanh"
    assert first[1] <= SAME_FUNCTION < second[1] or second[0] != "tanh"
    with pytest.raises(StudyError, match="not a function of one number"):
        nearest_rows(buildable(f"{HERE}:halving"))
