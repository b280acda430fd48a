"""Small networks whose features are not all on axis 1: ConvNeXt, ViT, GPT, MLP-Mixer, from torch alone."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 8


def feed_forward(width: int = WIDTH, activation: Callable[[], nn.Module] = nn.GELU) -> nn.Sequential:
    """The layer of transformers: (…, width) → (…, width)."""
    return nn.Sequential(nn.Linear(width, 4 * width), activation(), nn.Dropout(0.1), nn.Linear(4 * width, width))


class CausalBlock(nn.Module):
    """Attention to earlier tokens and a feed-forward layer, whose activation is a function call."""

    def __init__(self, width: int = WIDTH, heads: int = 2) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.heads = heads

    def forward(self, x: Tensor) -> Any:
        n, t, f = x.shape
        q, k, v = (part.view(n, t, self.heads, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.merge(mixed.transpose(1, 2).reshape(n, t, f))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class SmallGPT(nn.Module):
    """Ids (n, t) → logits (n, t, vocabulary); the output has the weights of the embedding."""

    def __init__(self, vocabulary: int = 20, context: int = 12) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, WIDTH), nn.Parameter(torch.randn(context, WIDTH) / 10)
        self.blocks = nn.Sequential(CausalBlock(), CausalBlock())
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, ids: Tensor) -> Any:
        x = self.tokens(ids) + self.positions[: ids.shape[1]]
        return F.linear(self.norm(self.blocks(x)), self.tokens.weight)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution on (n, c, h, w), then a feed-forward layer on (n, h, w, c)."""

    def __init__(self, channels: int = WIDTH) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.up, self.act, self.down = nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), 0.1))

    def forward(self, x: Tensor) -> Any:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + (self.scale * self.down(self.act(self.up(y)))).permute(0, 3, 1, 2)


class ViT(nn.Module):
    """Images (n, 1, 8, 8) → scores (n, 3), by patches and PyTorch's encoder layer."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, WIDTH, 4, stride=4)
        self.first = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.layer = nn.TransformerEncoderLayer(WIDTH, 2, 4 * WIDTH, batch_first=True, activation="gelu")
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, images: Tensor) -> Any:
        x = self.patches(images).flatten(2).transpose(1, 2)
        return self.head(self.layer(torch.cat([self.first.expand(len(x), -1, -1), x], dim=1))[:, 0])


class MixerBlock(nn.Module):
    """MLP-Mixer on (n, t, f): one feed-forward layer over the tokens, one over the features."""

    def __init__(self, tokens: int = 6, width: int = WIDTH) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.over_tokens, self.over_features = feed_forward(tokens), feed_forward(width)

    def forward(self, x: Tensor) -> Any:
        x = x + self.over_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.over_features(self.norm2(x))


class ImageMaps(nn.Sequential):
    """Images (n, 2, 6, 6) → (n, 3): two convolutions."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(2, WIDTH, 3), nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 3), nn.BatchNorm2d(WIDTH), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, 3),
        )  # fmt: skip


class TiedLayers(nn.Module):
    """One linear layer in front of two activations."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.act1, self.act2 = nn.Linear(WIDTH, 16), nn.ReLU(), nn.ReLU()
        self.down1, self.down2 = nn.Linear(16, WIDTH), nn.Linear(16, WIDTH)

    def forward(self, x: Tensor) -> Any:
        return self.down2(self.act2(self.up(self.down1(self.act1(self.up(x))))))


class OwnGate(nn.Module):
    """A layer that is gated already: down(silu(gate(x)) · up(x))."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.up, self.down = nn.Linear(WIDTH, 20), nn.Linear(WIDTH, 20), nn.Linear(20, WIDTH)

    def forward(self, x: Tensor) -> Any:
        return self.down(F.relu(self.gate(x)) * self.up(x))
