"""A small GPT: it predicts the next token of a text, at every position at once."""

import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import factory
from reluctant.models.factories import Activation
from reluctant.models.norms import make_norm
from reluctant.models.transformer import TokenEmbedding, TransformerBlock, check_heads, residual_std


class GPT(nn.Module):
    """Token ids (n, t), int64, t ≤ context → logits of the next token (n, t, vocabulary).

    A pre-norm transformer with causal attention, learned positions and the initial weights of GPT-2. The weights
    of the output are those of the token embedding. Source: Radford et al. 2019 (GPT-2).

    Args:
        activation: Every feed-forward network gets a fresh one.
        vocabulary: How many different ids there are.
        context: The most tokens in a sequence.
        layers: Transformer blocks.
        width: Numbers per token, divisible by `heads`; else `ModelError`.
        dropout: The probability of a zero after the embedding, every attention and every feed-forward network. The
            weights of attention have none.
        inner: The width inside the feed-forward networks, as a multiple of `width`.
        norm: A name of the catalogue of norms, such as `dyt`.
    """

    def __init__(
        self,
        activation: Activation,
        *,
        vocabulary: int,
        context: int,
        layers: int = 4,
        width: int = 128,
        heads: int = 4,
        dropout: float = 0.0,
        inner: int = 4,
        norm: str = "layer_norm",
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        make_activation = factory(activation)
        self.embedding = TokenEmbedding(vocabulary, context, width, dropout)
        self.blocks = nn.Sequential(
            *(
                TransformerBlock(
                    make_activation(), width=width, heads=heads, inner=inner, dropout=dropout, causal=True,
                    output_std=residual_std(layers), norm=norm,
                )
                for _ in range(layers)
            )
        )  # fmt: skip
        self.norm = make_norm(norm, width)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.norm(self.blocks(self.embedding(ids)))
        return F.linear(x, self.embedding.tokens.weight)
