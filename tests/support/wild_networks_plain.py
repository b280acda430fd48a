"""A network without any trap: others differ from it in one thing, and train as it does or are refused."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn


class Plain(nn.Module):
    """A hidden layer, its activation as a function, an output layer."""

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_features, 8)
        self.output = nn.Linear(8, num_classes)

    def forward(self, x: Tensor) -> Any:
        return self.output(F.relu(self.hidden(x)))
