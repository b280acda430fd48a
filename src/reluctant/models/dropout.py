"""Dropout with its own random numbers, so that activations with random numbers leave its masks alone."""

import torch
from torch import Tensor

from reluctant.activations import Stochastic
from reluctant.models import fused


class Dropout(Stochastic):
    """Sets each value to zero with probability `p` in training, and scales the others by 1/(1 − p).

    The masks follow from `reseed` and the number of calls since. Source: Srivastava et al. 2014.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.kernel = ""  # the compiled kernel that ran last, if any

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if fused.is_supported(x):
            self.kernel = "dropout"
            return fused.dropout(x, self.next_key(), self.p)
        mask = torch.empty_like(x, requires_grad=False)
        mask.bernoulli_(1 - self.p, generator=self.generator(x.device)).div_(1 - self.p)
        return x * mask

    def extra_repr(self) -> str:
        return f"p={self.p}"
