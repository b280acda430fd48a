"""Compiled kernels: equal to PyTorch's operators up to rounding; the same bits in any compilation order."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant.models import ConvNet, fused, kernels
from reluctant.training import Training
from tests.support.small import digits, run

# images, channels, outputs, height, width: odd sides, one image, the single-channel and the general kernel
CASES = [(2, 1, 16, 8, 6), (2, 1, 5, 8, 8), (1, 1, 16, 10, 8), (2, 1, 16, 7, 8), (1, 3, 4, 6, 7), (3, 2, 3, 5, 5)]
LARGE = [(32, 1, 32, 28, 28), (8, 32, 64, 13, 13), (8, 64, 128, 5, 5), (7, 3, 32, 22, 23)]


def block(channels: int, out: int, dtype: torch.dtype, third: float = 0.3) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """A convolution and a batch norm with weights of both signs."""
    torch.manual_seed(channels * 100 + out)
    conv, norm = nn.Conv2d(channels, out, 3).to(dtype), nn.BatchNorm2d(out).to(dtype)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    with torch.no_grad():
        norm.weight[0], norm.weight[1], norm.weight[2] = -0.7, 0.5, third
    return conv, norm


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("needs_dx", [False, True], ids=["images", "maps"])
def test_gradients_equal_numerical_ones(case: tuple[int, int, int, int, int], needs_dx: bool) -> None:
    n, channels, out, height, width = case
    conv, norm = block(channels, out, torch.float64)
    x = torch.randn(n, channels, height, width, dtype=torch.float64, requires_grad=needs_dx)

    def function(x: Tensor, weight: Tensor, gamma: Tensor, beta: Tensor) -> Any:
        return fused._ConvNormPool.apply(x, weight, gamma, beta, conv.bias.detach(), norm)  # type: ignore[no-untyped-call, union-attr]

    assert torch.autograd.gradcheck(function, (x, conv.weight, norm.weight, norm.bias))


def relative_error(result: Tensor, exact: Tensor) -> float:
    return float((result.double() - exact).abs().max() / exact.abs().max().clamp_min(1e-30))


@pytest.mark.parametrize("case", CASES + LARGE, ids=str)
def test_values_gradients_and_statistics_equal_pytorch_s(case: tuple[int, int, int, int, int]) -> None:
    n, channels, out, height, width = case
    conv, norm = block(channels, out, torch.float32, third=0.0)
    exact = nn.Sequential(nn.Conv2d(channels, out, 3), nn.BatchNorm2d(out), nn.MaxPool2d(2)).double()
    exact[0].load_state_dict(conv.state_dict())
    exact[1].load_state_dict(norm.state_dict())
    x = torch.randn(n, channels, height, width)
    result, expected = fused.conv_norm_pool(x, conv, norm), exact(x.double())
    g = torch.randn_like(result)
    result.backward(g)  # type: ignore[no-untyped-call]
    expected.backward(g.double())
    pairs: list[tuple[Any, Any]] = [(result.detach(), expected.detach()), (conv.weight.grad, exact[0].weight.grad)]
    pairs += [(norm.weight.grad, exact[1].weight.grad), (norm.bias.grad, exact[1].bias.grad)]
    pairs += [(norm.running_mean, exact[1].running_mean), (norm.running_var, exact[1].running_var)]
    norm.eval(), exact.eval()
    with torch.no_grad():
        pairs.append((fused.conv_norm_pool(x, conv, norm), exact(x.double())))
    assert max(relative_error(a, b) for a, b in pairs) < 2e-5
    assert norm.num_batches_tracked == 1


@pytest.mark.parametrize("activation", ["relu", "elu", "gelu", "prelu"])
def test_the_network_equals_the_one_with_pytorch_s_operators(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Training(run(activation, model="convnet(dropout=0)"), digits()).model
    torch.manual_seed(2)
    images, labels = torch.randn(32, 1, 28, 28), torch.arange(32) % 10  # no equal pixels, no ties in a window
    grads = []
    for supported in (True, False):
        with monkeypatch.context() as patch:
            if not supported:
                patch.setattr(fused, "is_supported", lambda _: False)
            model.zero_grad(set_to_none=True)
            nn.functional.nll_loss(model.train()(images), labels).backward()  # type: ignore[no-untyped-call]
            grads.append({n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None})
    fast, plain = grads
    for name, grad in fast.items():
        assert relative_error(grad, plain[name].double()) < 2e-4, name
    assert set(plain) - set(fast) == {f"blocks.{i}.conv.bias" for i in range(3)}  # zero, but for rounding


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_and_infinity_reach_the_loss(bad: float) -> None:
    model = ConvNet("relu").train()
    x = torch.randn(8, 1, 28, 28)
    x[3, 0, 10, 11] = bad
    with torch.no_grad():
        assert not torch.isfinite(model(x)).all()


class TestDropout:
    def test_gradient_rate_and_independence(self) -> None:
        x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda t: fused.dropout(t, 77, 0.3), (x,))
        ones = torch.ones(64, 32, 13, 13)
        one, other = (fused.dropout(ones, key, 0.5) > 0 for key in (1, 2))
        equal_share = (one == other).double().mean().item()
        neighbours = (one[..., 1:] == one[..., :-1]).double().mean().item()
        assert equal_share == pytest.approx(0.5, abs=0.005)
        assert neighbours == pytest.approx(0.5, abs=0.005)

    def test_a_mask_depends_on_the_position_not_on_the_memory_format(self) -> None:
        x = torch.ones(4, 8, 6, 6)
        laid = x.to(memory_format=torch.channels_last)
        assert torch.equal(fused.dropout(x, 5, 0.5), fused.dropout(laid, 5, 0.5))


def test_the_article_s_network_uses_the_kernels() -> None:
    training = Training(run(), digits())
    list(training)
    assert training.record().kernels == ["dropout", "first block", "winograd block"]


CODE = """
import hashlib, sys, numpy as np
from reluctant.models import kernels
rng, f = np.random.default_rng(0), np.float32
x, w = rng.normal(size=(4, 12, 12)).astype(f), rng.normal(size=(9, 32)).astype(f)
g = rng.normal(size=32).astype(f)
y = rng.normal(size=(9, 9, 4, 32)).astype(f)
k = rng.normal(size=(3, 3, 32, 16)).astype(f)
def first():
    best, index, mean, var = kernels.single_channel_pool(x, w, g)
    return [best, mean, var, *kernels.single_channel_backward(best, x, w, best, index, g, mean, var, 1e-5)]
def block():
    best, index, mean, var = kernels.max_pool(y, g)
    out = kernels.normalise_pooled(best, g, g, mean, var, 1e-5)
    return [out, *kernels.max_pool_backward(out, y, best, index, g, mean, var, 1e-5)]
def winograd():
    out, tiles = kernels.winograd_convolve(y, k)
    return [out, *kernels.winograd_backward(out, tiles)]
parts = {"first": first, "block": block, "winograd": winograd}
arrays = {name: parts[name]() for name in sys.argv[1:]}
print(hashlib.sha256(b"".join(a.tobytes() for name in sorted(arrays) for a in arrays[name])).hexdigest())
"""


@pytest.mark.slow
def test_the_bits_do_not_depend_on_the_order_of_compilation(tmp_path: Path) -> None:
    def bits(cache: str, *order: str) -> str:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / cache)}
        (tmp_path / cache).mkdir(exist_ok=True)
        command = [sys.executable, "-c", CODE, *order]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    cold = bits("a", "first", "block", "winograd")
    assert bits("a", "first", "block", "winograd") == cold  # from disk
    assert bits("b", "winograd", "block", "first") == cold  # compiled in another order


def test_max_pool_equals_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    from reluctant.models.kernels import pooling

    rng = np.random.default_rng(1)
    y, gamma = rng.normal(size=(5, 4, 2, 3)).astype(np.float32), np.array([1.0, -2.0, 0.5], np.float32)
    best, index, mean, var = pooling.max_pool(y, gamma)
    windows = np.stack([y[i:4:2, j:4:2] for i in (0, 1) for j in (0, 1)])
    assert np.array_equal(best, np.where(gamma >= 0, windows.max(0), windows.min(0)))
    assert np.array_equal(index, np.where(gamma >= 0, windows.argmax(0), windows.argmin(0)))
    np.testing.assert_allclose(mean, y.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(var, y.var((0, 1, 2)), rtol=1e-5)


@pytest.mark.parametrize(
    "case", [(1, 2, 3, 3, 3), (2, 3, 5, 4, 7), (3, 5, 2, 13, 13), (2, 4, 4, 5, 5), (2, 1, 1, 6, 9)]
)
def test_winograd_s_convolution_equals_pytorch_s(case: tuple[int, ...]) -> None:
    """Values and both gradients in double precision, for any sides and channels."""
    n, c, o, h, w = case
    x = torch.randn(n, c, h, w, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(o, c, 3, 3, dtype=torch.float64, requires_grad=True)
    exact = torch.conv2d(x, weight)
    g = torch.randn_like(exact)
    exact.backward(g)  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert weight.grad is not None
    out, tiles = kernels.winograd_convolve(fused._to_array(x), fused._to_array(weight.transpose(0, 1)))
    dx, dweight = kernels.winograd_backward(fused._to_array(g), tiles)
    assert relative_error(fused._to_tensor(out), exact.detach()) < 1e-12
    assert relative_error(fused._to_tensor(dx), x.grad) < 1e-12
    assert relative_error(torch.from_numpy(dweight).permute(3, 2, 0, 1), weight.grad) < 1e-12


def test_rounding_is_less_than_eight_times_that_of_the_direct_convolution() -> None:
    x, weight = torch.randn(32, 32, 13, 13), torch.randn(64, 32, 3, 3) * 0.1
    exact = torch.conv2d(x.double(), weight.double())
    out, _ = kernels.winograd_convolve(fused._to_array(x), fused._to_array(weight.transpose(0, 1)))
    winograd = float((fused._to_tensor(out).double() - exact).norm() / exact.norm())
    direct = float((torch.conv2d(x, weight).double() - exact).norm() / exact.norm())
    assert winograd < 8 * direct
