"""The parts of a transformer: layers with GPT-2's initial weights, attention, and a pre-norm block."""

from collections import OrderedDict
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.catalogue.models import heads_fault
from reluctant.core.errors import ModelError
from reluctant.models.fused import Dropout
from reluctant.models.norms import make_norm

INITIAL_STD = 0.02  # of all weights; Radford et al. 2019 (GPT-2)


class NormalLinear(nn.Linear):
    """A linear map with weights from N(0, std²) and biases zero: (…, inputs) → (…, outputs)."""

    def __init__(self, inputs: int, outputs: int, std: float = INITIAL_STD) -> None:
        self.std = std
        super().__init__(inputs, outputs)

    def reset_parameters(self) -> None:
        """Draw new weights."""
        nn.init.normal_(self.weight, std=self.std)
        nn.init.zeros_(self.bias)


class NormalEmbedding(nn.Embedding):
    """One vector from N(0, std²) for every id: (…) → (…, width)."""

    def __init__(self, ids: int, width: int, std: float = INITIAL_STD) -> None:
        self.std = std
        super().__init__(ids, width)

    def reset_parameters(self) -> None:
        """Draw new vectors."""
        nn.init.normal_(self.weight, std=self.std)


class TokenEmbedding(nn.Module):
    """The sum of a token's vector and its position's, with dropout: ids (n, t) → (n, t, width)."""

    def __init__(self, vocabulary: int, context: int, width: int, dropout: float) -> None:
        super().__init__()
        self.tokens = NormalEmbedding(vocabulary, width)
        self.positions = NormalEmbedding(context, width)
        self.dropout = Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        length, context = ids.shape[1], self.positions.num_embeddings
        if length > context:
            raise ModelError(f"sequences of {length} tokens are longer than the context of the network, {context}")
        positions = torch.arange(length, device=ids.device)
        out: Tensor = self.dropout(self.tokens(ids) + self.positions(positions))
        return out


class Attention(nn.Module):
    """Every token gets a weighted mean over the tokens that it sees: (n, t, width) → (n, t, width).

    A causal one sees itself and what is before. Source: Vaswani et al. 2017 (1706.03762).
    """

    def __init__(self, width: int, heads: int, *, causal: bool, output_std: float) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.query_key_value = NormalLinear(width, 3 * width)
        self.output = NormalLinear(width, width, output_std)

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """`visible` is true for tokens that others may see, (n, 1, 1, t); None: all."""
        n, t, width = x.shape
        parts = self.query_key_value(x).view(n, t, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (n, heads, t, width / heads)
        means = F.scaled_dot_product_attention(query, key, value, attn_mask=visible, is_causal=self.causal)
        out: Tensor = self.output(means.transpose(1, 2).reshape(n, t, width))
        return out


class TransformerBlock(nn.Module):
    """x + attention(norm x), then the same with a feed-forward network: (n, t, width) → (n, t, width)."""

    def __init__(
        self,
        activation: nn.Module,
        *,
        width: int,
        heads: int,
        inner: int,
        dropout: float,
        causal: bool,
        output_std: float,
        norm: str = "layer_norm",
    ) -> None:
        super().__init__()
        self.norm1 = make_norm(norm, width)
        self.attention = Attention(width, heads, causal=causal, output_std=output_std)
        self.dropout = Dropout(dropout)
        self.norm2 = make_norm(norm, width)
        self.feed_forward = nn.Sequential(
            OrderedDict(
                linear=NormalLinear(width, inner * width),
                activation=activation,
                output=NormalLinear(inner * width, width, output_std),
                dropout=Dropout(dropout),
            )
        )

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """`visible` as in `Attention`."""
        x = x + self.dropout(self.attention(self.norm1(x), visible))
        out: Tensor = x + self.feed_forward(self.norm2(x))
        return out


def residual_std(layers: int) -> float:
    """The initial standard deviation of projections into the residual stream, two in each layer.

    Their sum then has the same size for any number of layers. Source: Radford et al. 2019 (GPT-2), section 2.3.
    """
    return INITIAL_STD / sqrt(2 * layers)


def check_heads(width: int, heads: int) -> None:
    """Raise `ModelError` if attention of this width has no such number of heads."""
    if fault := heads_fault(width, heads):
        raise ModelError(fault)
