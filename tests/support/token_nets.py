"""Small networks of token ids, good and bad, and texts for them; tests name them `tests.support.token_nets:…`."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.data import Dataset, from_data

VOCABULARY = 7


def ids(n: int = 40, t: int = 12, seed: int = 0) -> npt.NDArray[np.int64]:
    """Sequences (n, t) in which every token is mostly the one before plus one."""
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random((n, t)) < 0.8, 1, rng.integers(0, VOCABULARY, (n, t)))
    return (steps.cumsum(axis=1) % VOCABULARY).astype(np.int64)


def next_tokens(n: int = 40, t: int = 12) -> Dataset:
    """Sequences with their next tokens as targets."""
    whole = ids(n, t + 1)
    return from_data((whole[:, :-1], whole[:, 1:]), "sequences", tokens=VOCABULARY)


class Causal(nn.Module):
    """The mean of the embeddings so far, one hidden layer, logits."""

    causal = True

    def __init__(self, activation: Any = nn.ReLU, *, vocabulary: int = VOCABULARY, width: int = 8) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.hidden = nn.Linear(2 * width, width)
        self.act = activation()
        self.output = nn.Linear(width, vocabulary)

    def forward(self, x: Tensor) -> Tensor:
        e = self.tokens(x)
        mean = e.cumsum(1) / torch.arange(1, x.shape[1] + 1, device=x.device)[:, None]
        context = mean if self.causal else e.mean(1, keepdim=True).expand_as(e)
        logits: Tensor = self.output(self.act(self.hidden(torch.cat([e, context], dim=-1))))
        return logits


class Leaking(Causal):
    """The same with the mean of all tokens, those to predict among them."""

    causal = False


class LossOnly(Causal):
    """Returns a loss instead of logits."""

    def forward(self, x: Tensor) -> Tensor:
        return F.cross_entropy(super().forward(x)[:, :-1].flatten(0, 1), x[:, 1:].flatten())
