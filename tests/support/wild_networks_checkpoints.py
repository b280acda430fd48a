"""Networks that compute a part again in backward, by PyTorch's checkpoints or by one written by hand."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

RELU_IN_PLACE = partial(nn.ReLU, inplace=True)
RELU_CALL_IN_PLACE = partial(F.relu, inplace=True)


class DenseLayer(nn.Module):
    """A layer of torchvision's DenseNet, memory-efficient: a closure is checkpointed."""

    def __init__(self, channels: int, growth: int, act: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.norm1, self.relu1 = nn.BatchNorm2d(channels), act()
        self.conv1 = nn.Conv2d(channels, 2 * growth, 1, bias=False)
        self.norm2, self.relu2 = nn.BatchNorm2d(2 * growth), act()
        self.conv2 = nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)

    def bottleneck(self, inputs: list[Tensor]) -> Any:
        return self.conv1(self.relu1(self.norm1(torch.cat(inputs, 1))))

    def forward(self, inputs: list[Tensor]) -> Tensor:
        if any(tensor.requires_grad for tensor in inputs):

            def closure(*tensors: Tensor) -> Any:
                return self.bottleneck(list(tensors))

            hidden = checkpoint(closure, *inputs, use_reentrant=False)
        else:
            hidden = self.bottleneck(inputs)
        return F.dropout(self.conv2(self.relu2(self.norm2(hidden))), 0.1, self.training)


class MemoryEfficientDenseNet(nn.Module):
    """Two dense layers and a functional activation before the head, as in torchvision."""

    def __init__(
        self, act: Callable[[], nn.Module] = RELU_IN_PLACE, last: Callable[[Tensor], Tensor] = RELU_CALL_IN_PLACE
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layers = nn.ModuleList([DenseLayer(4, 4, act), DenseLayer(8, 4, act)])
        self.norm = nn.BatchNorm2d(12)
        self.head = nn.Linear(12, 5)
        self.last = last

    def forward(self, x: Tensor) -> Any:
        features = [self.stem(x)]
        for layer in self.layers:
            features.append(layer(features))
        return self.head(self.last(self.norm(torch.cat(features, 1))).mean((2, 3)))


class CheckpointFunction(torch.autograd.Function):
    """Checkpointing as OpenAI's guided-diffusion writes it by hand."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., Tensor], length: int, *args: Tensor) -> Any:
        ctx.function, ctx.inputs, ctx.parameters = function, list(args[:length]), list(args[length:])
        with torch.no_grad():
            return ctx.function(*ctx.inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        inputs = [tensor.detach().requires_grad_(True) for tensor in ctx.inputs]
        with torch.enable_grad():
            output = ctx.function(*[tensor.view_as(tensor) for tensor in inputs])
        gradients = torch.autograd.grad(output, inputs + ctx.parameters, grads, allow_unused=True)
        return (None, None, *gradients)


own_checkpoint: Callable[..., Any] = CheckpointFunction.apply


class DiffusionBlock(nn.Module):
    """A residual block of a diffusion network; its forward is checkpointed by the function written by hand."""

    def __init__(self, width: int, act: Callable[[], nn.Module], call: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layers_in = nn.Sequential(nn.GroupNorm(2, width), act(), nn.Conv1d(width, width, 3, padding=1))
        self.layers_out = nn.Conv1d(width, width, 3, padding=1)
        self.call = call

    def forward(self, x: Tensor) -> Any:
        return own_checkpoint(self._forward, 1, x, *self.parameters())

    def _forward(self, x: Tensor) -> Any:
        return x + self.layers_out(self.call(self.layers_in(x)))


class DiffusionNet(nn.Module):
    """A stem, two checkpointed blocks and an output."""

    def __init__(self, act: Callable[[], nn.Module] = nn.SiLU, call: Callable[[Tensor], Tensor] = F.silu) -> None:
        super().__init__()
        self.stem = nn.Conv1d(2, 4, 3, padding=1)
        self.blocks = nn.Sequential(DiffusionBlock(4, act, call), DiffusionBlock(4, act, call))
        self.out = nn.Conv1d(4, 2, 1)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.blocks(self.stem(x)))


class CheckpointedClassifier(nn.Module):
    """A table classifier whose hidden layer is checkpointed by the function written by hand."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        self.hidden, self.middle, self.output = nn.Linear(in_features, 8), nn.Linear(8, 8), nn.Linear(8, num_classes)

    def forward(self, x: Tensor) -> Any:
        return self.output(own_checkpoint(self.body, 1, self.hidden(x), *self.middle.parameters()))

    def body(self, h: Tensor) -> Any:
        return self.middle(F.relu(h))


class MixerBlock(nn.Module):
    """A block of a token mixer with a functional activation and dropout."""

    def __init__(self, width: int, call: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first, self.second = nn.Linear(width, 12), nn.Linear(12, width)
        self.call = call

    def forward(self, x: Tensor) -> Tensor:
        return x + F.dropout(self.second(self.call(self.first(self.norm(x)))), 0.2, self.training)


in_segments: Callable[..., Any] = checkpoint_sequential


class CheckpointsInTrainingOnly(nn.Module):
    """Like timm's `checkpoint_seq`: the blocks are checkpointed in training and called directly in evaluation."""

    def __init__(self, call: Callable[[Tensor], Tensor] = F.gelu) -> None:
        super().__init__()
        self.grad_checkpointing = True
        self.blocks = nn.Sequential(*[MixerBlock(6, call) for _ in range(4)])
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        if self.grad_checkpointing and self.training:
            x = in_segments(self.blocks, 2, x, use_reentrant=False)
        else:
            x = self.blocks(x)
        return self.head(x.mean(1))
