"""Networks whose activations write in place, where something else reads what they write."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

RELU_IN_PLACE = partial(nn.ReLU, inplace=True)


class TanhInPlace(nn.Module):
    """What an in-place Tanh would do."""

    def forward(self, x: Tensor) -> Tensor:
        return x.tanh_()


class HalfActivated(nn.Module):
    """Activates half of the channels: an in-place module, called as a statement on a slice."""

    def __init__(self, act: Callable[[], nn.Module] = RELU_IN_PLACE) -> None:
        super().__init__()
        self.first, self.act, self.second = nn.Conv2d(3, 8, 3), act(), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Any:
        h = self.first(x)
        self.act(h[:, :4])
        return self.second(h).mean((2, 3))


class TappedVGG(nn.Module):
    """Stores the outputs of two convolutions, as in a perceptual loss; the next ReLU changes them in place."""

    def __init__(self, act: Callable[[], nn.Module] = RELU_IN_PLACE) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), act(), nn.Conv2d(4, 4, 3), act(), nn.Conv2d(4, 4, 3), act())
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Any:
        taps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in (0, 2):
                taps.append(x)
        return self.head(torch.cat([tap.mean((2, 3)) for tap in [*taps, x]], 1))


class FlatView(nn.Module):
    """Activates a flattened view in place, as a statement, in a loop over its layers."""

    name = "relu_"

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(2, 4, 3, padding=1), nn.Conv1d(4, 4, 3, padding=1)])
        self.out = nn.Conv1d(4, 2, 1)

    def forward(self, x: Tensor) -> Any:
        for conv in self.convs:
            x = conv(x)
            x.view(-1).relu_() if self.name == "relu_" else x.view(-1).tanh_()
        return self.out(x)


class FlatViewTanh(FlatView):
    """The same with tanh."""

    name = "tanh_"
