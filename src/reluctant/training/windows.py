"""The windows of a text that one epoch trains on: they begin at another place in every epoch."""

from dataclasses import dataclass

import torch
from torch import Tensor

from reluctant.core.randomness import generator


@dataclass(frozen=True)
class Windows:
    """Windows of a text that lie one behind the other, each with the next token of every position as target.

    If all epochs cut a text at the same places, the tokens at the start of a window would never be seen with what
    stands before them. So the first window begins at a random place among the first `context` tokens.
    """

    stream: Tensor  # the ids of the training text, int64 (tokens,)
    context: int  # tokens of one window

    @property
    def count(self) -> int:
        """How many windows an epoch has, wherever the first one begins."""
        return max(1, len(self.stream) // self.context - 1)

    def __call__(self, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets, (count, context) each."""
        size = self.count * self.context
        room = min(self.context, len(self.stream) - size)  # of one window of text there is no other place
        first = int(generator(seed, "windows", epoch).integers(room))
        rows = torch.arange(first, first + size, device=self.stream.device).view(self.count, self.context)
        return self.stream[rows], self.stream[rows + 1]
