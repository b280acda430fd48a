"""Networks that compute one batch and fail on a later one, or give something else in training."""

from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.wild_networks_plain import Plain


class Outputs(NamedTuple):
    """What torchvision's GoogLeNet returns in training."""

    logits: Tensor
    aux_logits: Tensor | None


class GoogLeNetLike(nn.Module):
    """In training a named tuple with auxiliary logits, in evaluation the logits alone, as in torchvision."""

    def __init__(self, in_channels: int = 1, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 3, stride=4)
        self.aux, self.head = nn.Linear(4, num_classes), nn.Linear(4, num_classes)

    def forward(self, x: Tensor) -> Any:
        h = F.relu(self.conv(x)).mean((2, 3))
        return Outputs(self.head(h), self.aux(h)) if self.training else self.head(h)


class AttachedState(Plain):
    """Recurrent code that forgets to detach its state: the second training step goes back through the first."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__(in_features, num_classes)
        self.state: Tensor | None = None

    def forward(self, x: Tensor) -> Any:
        h = F.relu(self.hidden(x))
        state = h.mean(0) if self.state is None else 0.9 * self.state + 0.1 * h.mean(0)
        self.state = state
        return self.output(h + state)


class Squeezes(Plain):
    """Squeezes its output, so that a batch of one loses its first dimension."""

    def forward(self, x: Tensor) -> Any:
        return super().forward(x).squeeze()
