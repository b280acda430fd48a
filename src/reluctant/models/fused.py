"""Convolution, batch norm and max-pooling as one operator on the processor; dropout without a mask.

The compiled kernels serve float32 and float64 on the processor; everything else takes PyTorch's operators.
Which way is taken follows from the network, the images and the device, never from what is installed.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.models import kernels
from reluctant.models.kernels.compiled import Array


def served(x: Tensor) -> bool:
    """Whether the kernels take this tensor."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


def _array(x: Tensor) -> Array:
    """An array (h, w, n, c) of a tensor (n, c, h, w): a view where it is laid out so."""
    return x.detach().permute(2, 3, 0, 1).contiguous().numpy()


def _tensor(x: Array) -> Tensor:
    return torch.from_numpy(x).permute(2, 3, 0, 1)


def kernel_of(x: Tensor, weight: Tensor) -> str:
    """The name of the kernel that serves a convolution."""
    return "first block" if _is_first(x, weight) else "winograd block" if _is_small(weight) else "block"


def _is_small(weight: Tensor) -> bool:
    """Whether Winograd's method serves a convolution: 3×3, any number of channels."""
    return tuple(weight.shape[2:]) == (3, 3)


def _is_first(x: Tensor, weight: Tensor) -> bool:
    _, channels, height, width = x.shape
    return not x.requires_grad and kernels.fits_first(
        channels, height, width, len(weight), tuple(weight.shape[2:])
    )


def _plane(x: Tensor) -> Array:
    """Images of one channel (n, 1, h, w) as (n, h, w)."""
    return x.detach()[:, 0].contiguous().numpy()


def _taps(weight: Tensor) -> Array:
    """Weights (c, 1, 3, 3) as (9, c)."""
    return weight.detach().reshape(len(weight), 9).t().contiguous().numpy()


def _pooled(x: Tensor, weight: Tensor, gamma: Tensor) -> tuple[Array | None, Any, tuple[Array, ...]]:
    """The convolution's map (None: never stored), what its backward needs, and what `pool` says of it."""
    if _is_first(x, weight):
        return None, None, kernels.first_pool(_plane(x), _taps(weight), gamma.detach().numpy())
    if _is_small(weight):
        y, tiles = kernels.convolve(_array(x), _array(weight.transpose(0, 1)))
    else:
        y, tiles = _array(torch.conv2d(x, weight)), None
    return y, tiles, kernels.pool(y, gamma.detach().numpy())


class _ConvNormPool(torch.autograd.Function):
    """Convolution without bias, batch norm by the batch's statistics, max-pooling by two."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, gamma: Tensor, beta: Tensor, bias: Tensor, norm: nn.BatchNorm2d
    ) -> Tensor:
        y, ctx.tiles, (best, index, mean, var) = _pooled(x, weight, gamma)
        ctx.save_for_backward(x, weight)
        ctx.map, ctx.rest = y, (best, index, gamma.detach().numpy(), mean, var, norm.eps)
        _track(norm, bias, mean, var, _count(x, weight))
        scale, shift = gamma.detach().numpy(), beta.detach().numpy()
        return _tensor(kernels.normalise(best, scale, shift, mean, var, norm.eps))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        g = _array(grads[0])
        if ctx.map is None:
            dw, dgamma, dbeta = kernels.first_backward(g, _plane(x), _taps(weight), *ctx.rest)
            dx, dweight = None, torch.from_numpy(dw).t().reshape(weight.shape)
        else:
            dy, dgamma, dbeta = kernels.pool_backward(g, ctx.map, *ctx.rest)
            dx, dweight = _conv_backward(dy, ctx.tiles, x, weight, ctx.needs_input_grad[0])
        return dx, dweight, torch.from_numpy(dgamma), torch.from_numpy(dbeta), None, None


def _count(x: Tensor, weight: Tensor) -> int:
    """How many values a channel of the convolution's map has."""
    return len(x) * (x.shape[2] - weight.shape[2] + 1) * (x.shape[3] - weight.shape[3] + 1)


def _track(norm: nn.BatchNorm2d, bias: Tensor, mean: Array, var: Array, count: int) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    running = norm.running_mean.numpy(), norm.running_var.numpy()
    kernels.track(*running, bias.numpy(), mean, var, count, norm.momentum or 0.0)
    norm.num_batches_tracked.add_(1)


def _conv_backward(
    dy: Array, tiles: Any, x: Tensor, weight: Tensor, wanted: bool
) -> tuple[Tensor | None, Tensor]:
    if tiles is not None:
        found, change = kernels.convolve_backward(dy, tiles)
        return _tensor(found) if wanted else None, torch.from_numpy(change).permute(3, 2, 0, 1)
    dx, dweight, _ = torch.ops.aten.convolution_backward(
        _tensor(dy), x, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [wanted, True, False]
    )
    return dx, dweight


def conv_norm_pool(x: Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    """`max_pool2d(norm(conv(x)), 2)` for an unpadded convolution with bias, on the processor.

    In training the bias only moves the running mean: batch norm takes it out again, so its gradient is zero
    and it gets none.
    """
    assert conv.bias is not None
    if norm.training:
        bias = conv.bias.detach()
        out: Tensor = _ConvNormPool.apply(x, conv.weight, norm.weight, norm.bias, bias, norm)  # type: ignore[no-untyped-call]
        return out
    return _evaluated(x, conv, norm, conv.bias)


def _evaluated(x: Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d, bias: Tensor) -> Tensor:
    """The same with the running statistics, without a gradient: batch norm is folded into scale and shift."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    _, _, (best, *_) = _pooled(x, conv.weight, norm.weight)
    scale, shift, mean, var = (
        row.detach().numpy()
        for row in (norm.weight, norm.bias, (norm.running_mean - bias).double(), norm.running_var.double())
    )
    return _tensor(kernels.normalise(best, scale, shift, mean, var, norm.eps))


class _Dropout(torch.autograd.Function):
    """Dropout whose mask is made again in backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, key: int, rate: float) -> Tensor:
        ctx.key, ctx.rate = np.uint64(key), rate
        return _dropped(x, ctx.key, rate)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return _dropped(grads[0], ctx.key, ctx.rate), None, None


def _dropped(x: Tensor, key: np.uint64, rate: float) -> Tensor:
    """Maps are taken in one order whatever their layout, so that a mask depends on the place alone."""
    if x.dim() == 4:
        return _tensor(kernels.dropout(_array(x), key, rate))
    return torch.from_numpy(kernels.dropout(x.detach().contiguous().numpy(), key, rate))


def dropout(x: Tensor, key: int, rate: float) -> Tensor:
    """Dropout of `x` whose mask follows from `key` (64 bits) and each value's place."""
    out: Tensor = _Dropout.apply(x, key, rate)  # type: ignore[no-untyped-call]
    return out
