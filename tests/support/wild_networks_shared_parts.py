"""Networks whose activations lie in shared or hidden parts: a fused path, a custom function, a plain dict."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

LEAKY_RELU = partial(nn.LeakyReLU, 0.2)


class SmallTransformer(nn.Module):
    """PyTorch's encoder, which in evaluation without gradients takes a fused path with its own ReLU."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="relu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.encoder(x).mean(1))


class TanhTransformer(SmallTransformer):
    """The same with tanh, for which PyTorch has no fused path."""

    def __init__(self) -> None:
        super().__init__()
        for layer in self.encoder.layers:
            assert isinstance(layer, nn.TransformerEncoderLayer)
            layer.activation = torch.tanh
            layer.activation_relu_or_gelu = 0


class SwishFunction(torch.autograd.Function):
    """The memory-efficient Swish of EfficientNet-PyTorch."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s * (1 + x * (1 - s)))


swish: Callable[..., Any] = SwishFunction.apply


class MemoryEfficientSwish(nn.Module):
    """A module around the custom function."""

    def forward(self, x: Tensor) -> Any:
        return swish(x)


class EfficientNetLike(nn.Module):
    """Its body has the custom Swish, its head a ReLU."""

    def __init__(
        self, act: Callable[[], nn.Module] = MemoryEfficientSwish, last: Callable[[], nn.Module] = nn.ReLU
    ) -> None:
        super().__init__()
        self.stem, self.swish = nn.Conv2d(3, 4, 3), act()
        self.expand, self.swish2 = nn.Conv2d(4, 6, 1), act()
        self.fc, self.relu, self.head = nn.Linear(6, 6), last(), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        x = self.swish2(self.expand(self.swish(self.stem(x))))
        return self.head(self.relu(self.fc(x.mean((2, 3)))))


class PlainDictDiscriminator(nn.Module):
    """A discriminator with spectral norm; its one activation lies in a plain dict, unseen by `modules()`."""

    def __init__(self, act: Callable[[], nn.Module] = LEAKY_RELU) -> None:
        super().__init__()
        self.acts = {"lrelu": act()}
        self.convs = nn.ModuleList([spectral_norm(nn.Conv2d(3, 4, 3)), spectral_norm(nn.Conv2d(4, 4, 3))])
        self.out = spectral_norm(nn.Linear(4, 1))

    def forward(self, x: Tensor) -> Any:
        for conv in self.convs:
            x = self.acts["lrelu"](conv(x))
        return self.out(x.mean((2, 3)))
