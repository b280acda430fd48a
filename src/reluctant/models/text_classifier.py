"""A small transformer encoder that gives a whole sequence one class."""

import torch
from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.models.factories import Activation
from reluctant.models.tokens import real_tokens
from reluctant.models.transformer import NormalLinear, TokenEmbedding, TransformerBlock, check_heads, residual_std


class TextClassifier(nn.Module):
    """Token ids (n, t), int64, t ≤ context → scores (n, classes).

    Pre-norm transformer blocks in which every token sees all others, the mean over the tokens, a linear layer.
    Padding is neither seen nor counted, so scores do not depend on how much of it follows a sequence. The initial
    weights are as in `GPT`. Source: Vaswani et al. 2017 (1706.03762).

    Args:
        activation: Every feed-forward network gets a fresh one.
        vocabulary: How many different ids there are.
        context: The most tokens in a sequence.
        classes: The number of scores.
        layers: Transformer blocks.
        width: Numbers per token, divisible by `heads`; else `ModelError`.
        dropout: The probability of a zero after the embedding, every attention and every feed-forward network.
        padding: The id that fills up short sequences; None: there is none.
    """

    def __init__(
        self,
        activation: Activation,
        *,
        vocabulary: int,
        context: int,
        classes: int,
        layers: int = 2,
        width: int = 128,
        heads: int = 4,
        dropout: float = 0.1,
        padding: int | None = None,
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        make_activation, self.padding = factory(activation), padding
        self.embedding = TokenEmbedding(vocabulary, context, width, dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(
                make_activation(), width=width, heads=heads, inner=4, dropout=dropout, causal=False,
                output_std=residual_std(layers),
            )
            for _ in range(layers)
        )  # fmt: skip
        self.norm = nn.LayerNorm(width)
        self.output = NormalLinear(width, classes)

    def forward(self, ids: Tensor) -> Tensor:
        visible, real = None, torch.ones_like(ids, dtype=torch.bool)
        if self.padding is not None:
            real = real_tokens(ids, self.padding)
            visible = real[:, None, None]
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, visible)
        mean = self.norm(x).masked_fill(~real[:, :, None], 0).sum(1) / real.sum(1, keepdim=True)
        scores: Tensor = self.output(mean)
        return scores
