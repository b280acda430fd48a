"""Convolution, batch norm and max-pooling as one operator on the CPU; dropout with its own random numbers.

The compiled kernels take float32 and float64 on the CPU; everything else uses PyTorch's operators. The choice
follows from the network, the images and the device, never from what is installed.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations import Stochastic
from reluctant.models import kernels
from reluctant.models.kernels.compiled import Array

# The names of the kernels in records.
SINGLE_CHANNEL, WINOGRAD, GENERAL = "first block", "winograd block", "block"


def is_supported(x: Tensor) -> bool:
    """Whether the kernels take this tensor."""
    precise = x.dtype in (torch.float32, torch.float64) and not torch.is_autocast_enabled("cpu")
    return x.device.type == "cpu" and precise


def kernel_name(x: Tensor, weight: Tensor) -> str:
    """The name of the kernel that computes a convolution."""
    _, channels, height, width = x.shape
    kernel_size = tuple(weight.shape[2:])
    if not x.requires_grad and kernels.fits_single_channel(channels, height, width, len(weight), kernel_size):
        return SINGLE_CHANNEL
    return WINOGRAD if kernel_size == (3, 3) else GENERAL


def conv_norm_pool(x: Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    """`max_pool2d(norm(conv(x)), 2)` for a convolution without padding and with bias, on the CPU.

    In training the bias only moves the running mean: batch norm subtracts it again. So its gradient is zero,
    and it gets none. In evaluation mode no gradient is computed.
    """
    assert conv.bias is not None
    if norm.training:
        bias = conv.bias.detach()
        out: Tensor = _ConvNormPool.apply(x, conv.weight, norm.weight, norm.bias, bias, norm)  # type: ignore[no-untyped-call]
        return out
    assert norm.running_mean is not None
    assert norm.running_var is not None
    _, _, (best, *_) = _convolve_and_pool(x, conv.weight, norm.weight)
    scale, shift, mean, var = (
        row.detach().numpy()
        for row in (norm.weight, norm.bias, (norm.running_mean - conv.bias).double(), norm.running_var.double())
    )
    return _to_tensor(kernels.normalise_pooled(best, scale, shift, mean, var, norm.eps))


class _ConvNormPool(torch.autograd.Function):
    """Convolution without bias, batch norm with the batch's statistics, max-pooling by two."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, gamma: Tensor, beta: Tensor, bias: Tensor, norm: nn.BatchNorm2d
    ) -> Tensor:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert norm.num_batches_tracked is not None
        y, ctx.tiles, (best, index, mean, var) = _convolve_and_pool(x, weight, gamma)
        scale, shift = gamma.detach().numpy(), beta.detach().numpy()
        ctx.save_for_backward(x, weight)
        ctx.map, ctx.statistics = y, (best, index, scale, mean, var, norm.eps)
        values_per_channel = len(x) * (x.shape[2] - weight.shape[2] + 1) * (x.shape[3] - weight.shape[3] + 1)
        statistics = (mean, var, values_per_channel, norm.momentum or 0.0)
        running_mean, running_var = norm.running_mean.numpy(), norm.running_var.numpy()
        kernels.update_running_statistics(running_mean, running_var, bias.numpy(), *statistics)
        norm.num_batches_tracked.add_(1)
        return _to_tensor(kernels.normalise_pooled(best, scale, shift, mean, var, norm.eps))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        g = _to_array(grads[0])
        dx: Tensor | None
        if ctx.map is None:
            plane, rows = _single_plane(x), _weight_rows(weight)
            dw, dgamma, dbeta = kernels.single_channel_backward(g, plane, rows, *ctx.statistics)
            dx, dweight = None, torch.from_numpy(dw).t().reshape(weight.shape)
        else:
            dy, dgamma, dbeta = kernels.max_pool_backward(g, ctx.map, *ctx.statistics)
            needs_dx: bool = ctx.needs_input_grad[0]
            if ctx.tiles is not None:
                dx_array, dweight_array = kernels.winograd_backward(dy, ctx.tiles)
                dx = _to_tensor(dx_array) if needs_dx else None
                dweight = torch.from_numpy(dweight_array).permute(3, 2, 0, 1)
            else:
                dx, dweight, _ = torch.ops.aten.convolution_backward(
                    _to_tensor(dy), x, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1,
                    [needs_dx, True, False],
                )  # fmt: skip
        return dx, dweight, torch.from_numpy(dgamma), torch.from_numpy(dbeta), None, None


def _convolve_and_pool(x: Tensor, weight: Tensor, gamma: Tensor) -> tuple[Array | None, Any, tuple[Array, ...]]:
    """The map of the convolution (None: never stored), Winograd's tiles, and the results of `max_pool`."""
    scale = gamma.detach().numpy()
    name = kernel_name(x, weight)
    if name == SINGLE_CHANNEL:
        return None, None, kernels.single_channel_pool(_single_plane(x), _weight_rows(weight), scale)
    if name == WINOGRAD:
        y, tiles = kernels.winograd_convolve(_to_array(x), _to_array(weight.transpose(0, 1)))
    else:
        y, tiles = _to_array(torch.conv2d(x, weight)), None
    return y, tiles, kernels.max_pool(y, scale)


def _to_array(x: Tensor) -> Array:
    """An array (h, w, n, c) of a tensor (n, c, h, w): a view if the memory is in that order."""
    return x.detach().permute(2, 3, 0, 1).contiguous().numpy()


def _to_tensor(x: Array) -> Tensor:
    return torch.from_numpy(x).permute(2, 3, 0, 1)


def _single_plane(x: Tensor) -> Array:
    """Images of one channel (n, 1, h, w) as (n, h, w)."""
    return x.detach()[:, 0].contiguous().numpy()


def _weight_rows(weight: Tensor) -> Array:
    """Weights (c, 1, 3, 3) as (9, c)."""
    return weight.detach().reshape(len(weight), 9).t().contiguous().numpy()


class _Dropout(torch.autograd.Function):
    """Dropout whose mask is computed again in backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, key: int, rate: float) -> Tensor:
        ctx.key, ctx.rate = np.uint64(key), rate
        return _apply_mask(x, ctx.key, rate)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return _apply_mask(grads[0], ctx.key, ctx.rate), None, None


def _apply_mask(x: Tensor, key: np.uint64, rate: float) -> Tensor:
    """Maps are read in one order, so that a mask does not depend on their memory format."""
    if x.dim() == 4:
        return _to_tensor(kernels.hash_dropout(_to_array(x), key, rate))
    return torch.from_numpy(kernels.hash_dropout(x.detach().contiguous().numpy(), key, rate))


def dropout(x: Tensor, key: int, rate: float) -> Tensor:
    """Dropout of `x` whose mask follows from `key` (64 bits) and the position of each value."""
    out: Tensor = _Dropout.apply(x, key, rate)  # type: ignore[no-untyped-call]
    return out


class Dropout(Stochastic):
    """Sets each value to zero with probability `p` in training, and scales the others by 1/(1 − p).

    The masks follow from `reseed` and the number of calls since, so activations with random numbers leave them
    alone. Source: Srivastava et al. 2014.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.kernel = ""  # the compiled kernel that ran last, if any

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if is_supported(x):
            self.kernel = "dropout"
            return dropout(x, self.next_key(), self.p)
        mask = torch.empty_like(x, requires_grad=False)
        mask.bernoulli_(1 - self.p, generator=self.generator(x.device)).div_(1 - self.p)
        return x * mask

    def extra_repr(self) -> str:
        return f"p={self.p}"
