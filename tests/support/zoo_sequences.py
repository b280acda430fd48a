"""Networks of sequences, sets and graphs: recurrence, attention, gates; inputs and outputs in all forms."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.zoo import ROWS, SEQUENCES, SIGNALS, Network, normal


class RecurrentClassifier(nn.Module):
    """An LSTM's own gates are part of the layer; the head has a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(8, 6, num_layers=2, dropout=0.2, batch_first=True), nn.Linear(6, 6)
        self.out = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        states, (hidden, _) = self.lstm(x)
        return self.out(F.relu(self.head(F.relu(states[:, -1]) + hidden[-1])))


class GRUCell(nn.Module):
    """Handwritten: two sigmoid gates, and a tanh of the candidate that may be a gate too."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.x2h, self.h2h = nn.Linear(inputs, 3 * hidden), nn.Linear(hidden, 3 * hidden)

    def forward(self, x: Tensor, h: Tensor) -> Any:
        x_reset, x_update, x_new = self.x2h(x).chunk(3, 1)
        h_reset, h_update, h_new = self.h2h(h).chunk(3, 1)
        reset, update = torch.sigmoid(x_reset + h_reset), torch.sigmoid(x_update + h_update)
        candidate = torch.tanh(x_new + reset * h_new)
        return update * h + (1 - update) * candidate


class HandwrittenGRU(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.cell, self.out = nn.Linear(8, 6), GRUCell(6, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        h = x.new_zeros(len(x), 6)
        for step in x.unbind(1):
            h = self.cell(F.relu(self.embed(step)), h)
        return self.out(F.relu(h))


class ElmanNetwork(nn.Module):
    """A plain recurrence whose only activation is the tanh of the state."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.state, self.out = nn.Linear(8, 6), nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        h = torch.zeros(len(x), 6)
        for t in range(x.shape[1]):
            h = torch.tanh(self.into(x[:, t]) + self.state(h))
        return self.out(h)


class AttentionBlock(nn.Module):
    """Handwritten attention with a causal mask and a softmax that stays."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, width))

    def forward(self, x: Tensor) -> Any:
        q, k, v = (t.unflatten(-1, (2, -1)).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, -1))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        weights = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        x = x + self.proj((F.dropout(weights, 0.1, self.training) @ v).transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm2(x))


class FusedAttention(nn.Module):
    """nn.MultiheadAttention and scaled_dot_product_attention."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.mlp, self.out = (
            nn.MultiheadAttention(8, 2, batch_first=True),
            nn.Linear(8, 8),
            nn.Linear(8, 3),
        )

    def forward(self, x: Tensor) -> Any:
        x = x + self.attention(x, x, x, need_weights=False)[0]
        x = F.gelu(self.mlp(x))
        return self.out(F.gelu(F.scaled_dot_product_attention(x, x, x, is_causal=True)))


def encoder_stack(activation: Any, norm_first: bool) -> nn.Module:
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=activation, norm_first=norm_first, batch_first=True)
    return nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 3))


def whole_transformer() -> nn.Module:
    return nn.Transformer(8, 2, 1, 1, 16, activation="gelu", batch_first=True)


class MixerBlock(nn.Module):
    """MLP-Mixer: the same kind of MLP over tokens and over channels."""

    def __init__(self, tokens: int = 7, channels: int = 8) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.token_mix = nn.Sequential(nn.Linear(tokens, 10), nn.GELU(), nn.Linear(10, tokens))
        self.channel_mix = nn.Sequential(nn.Linear(channels, 10), nn.GELU(), nn.Linear(10, channels))

    def forward(self, x: Tensor) -> Any:
        x = x + self.token_mix(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel_mix(self.norm2(x))


class PhysicsInformed(nn.Module):
    """A PINN: coordinates, tanh, and the residual of a differential equation, by autograd in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x: Tensor, t: Tensor) -> Any:
        with torch.enable_grad():
            x, t = x.requires_grad_(), t.requires_grad_()
            u = self.net(torch.cat([x, t], 1))
            u_x, u_t = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
        return u, u_t + u * u_x


class GatedUnit(nn.Module):
    """WaveNet (van den Oord et al., 2016): tanh times sigmoid stays, ReLU on the skips is swapped."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.filter, self.gate = (nn.Conv1d(channels, channels, 2, dilation=dilation) for _ in range(2))
        self.residual, self.skip = nn.Conv1d(channels, channels, 1), nn.Conv1d(channels, channels, 1)
        self.padding = dilation

    def forward(self, x: Tensor) -> Any:
        padded = F.pad(x, (self.padding, 0))
        out = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        return x + self.residual(out), self.skip(out)


class WaveNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(GatedUnit(4, 2**i) for i in range(3))
        self.post1, self.post2 = nn.Conv1d(4, 4, 1), nn.Conv1d(4, 3, 1)

    def forward(self, x: Tensor) -> Any:
        total = torch.zeros_like(x)
        for layer in self.layers:
            x, skip = layer(x)
            total += skip
        return self.post2(F.relu(self.post1(F.relu(total, inplace=True))))


class GraphConvolution(nn.Module):
    """Kipf & Welling (2017), by a product with the normalised adjacency matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(0.5 * torch.randn(6, 6)) for _ in range(2))
        self.out = nn.Linear(6, 3)
        self.register_buffer("adjacency", torch.softmax(torch.randn(5, 5), 1))

    def forward(self, x: Tensor) -> Any:
        for weight in self.weights:
            x = F.dropout(torch.relu(self.adjacency @ (x @ weight)), 0.3, training=self.training)
        return self.out(x)


class DeepSets(nn.Module):
    """A network for each element, a sum, a network for the set; a mask of the elements."""

    def __init__(self) -> None:
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(8, 6), nn.ELU(), nn.Linear(6, 6), nn.ELU())
        self.rho = nn.Sequential(nn.Linear(6, 6), nn.ELU(), nn.Linear(6, 1))

    def forward(self, x: Tensor, mask: Tensor) -> Any:
        return self.rho((self.phi(x) * mask.unsqueeze(-1)).sum(1))


class Siamese(nn.Module):
    """One tower, called once for each of two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(6, 6), nn.ReLU(inplace=True), nn.BatchNorm1d(6), nn.Linear(6, 4))
        self.out = nn.Linear(4, 1)

    def forward(self, first: Tensor, second: Tensor) -> Any:
        return self.out(F.relu((self.tower(first) - self.tower(second)).abs() - 0.3))


class DetectorHeads(nn.Module):
    """Outputs in a dict, with tuples and lists, and a number."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.heads = nn.Linear(6, 6), nn.ModuleDict({name: nn.Linear(6, 2) for name in ("box", "label")})
        self.deep = nn.ModuleList(nn.Linear(6, 2) for _ in range(2))

    def forward(self, x: Tensor) -> Any:
        features = F.relu(self.body(x))
        outputs: dict[str, Any] = {name: head(features) for name, head in self.heads.items()}
        return {**outputs, "deep": tuple([layer(F.relu(features - 0.2))] for layer in self.deep), "count": len(x)}


class KeywordInputs(nn.Module):
    """The inputs have names; one is optional."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.line, self.out = nn.Embedding(9, 6), nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, *, ids: Tensor, scale: Tensor | None = None, labels: Tensor | None = None) -> Any:
        h = F.gelu(self.line(self.embedding(ids).mean(1)))
        logits = self.out(F.gelu(h if scale is None else h * scale))
        return {"logits": logits, "loss": None if labels is None else F.cross_entropy(logits, labels)}


class ResidualMLP(nn.Module):
    """Tabular: embeddings of the columns, residual blocks, SiLU as a module in a default argument."""

    def __init__(self, act: nn.Module = nn.SiLU()) -> None:  # noqa: B008
        super().__init__()
        self.act, self.blocks, self.out = act, nn.ModuleList(nn.Linear(6, 6) for _ in range(2)), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        for block in self.blocks:
            x = x + self.act(block(x))
        return self.out(x)


IDS = torch.arange(12).reshape(3, 4) % 9
KEYWORDS = {"ids": IDS, "scale": normal(3, 6), "labels": torch.tensor([0, 2, 1])}
SET = (SEQUENCES, (normal(3, 7) > 0).float())

SEQUENCE_NETWORKS = {
    "lstm and relu": Network(RecurrentClassifier, SEQUENCES),
    "handwritten gru": Network(HandwrittenGRU, SEQUENCES),
    "elman": Network(ElmanNetwork, SEQUENCES, "tanh"),
    "attention blocks": Network(lambda: nn.Sequential(AttentionBlock(), AttentionBlock()), SEQUENCES, "gelu"),
    "fused attention": Network(FusedAttention, SEQUENCES, "gelu"),
    "encoder layer, relu": Network(lambda: encoder_stack("relu", False), SEQUENCES),
    "encoder layer, relu, norm first": Network(lambda: encoder_stack("relu", True), SEQUENCES),
    "encoder layer, gelu": Network(lambda: encoder_stack("gelu", False), SEQUENCES, "gelu"),
    "encoder layer, gelu, norm first": Network(lambda: encoder_stack(nn.GELU(), True), SEQUENCES, "gelu"),
    "encoder layer, silu function": Network(lambda: encoder_stack(F.silu, True), SEQUENCES, "silu"),
    "nn.Transformer": Network(whole_transformer, (SEQUENCES, normal(3, 5, 8)), "gelu"),
    "mlp-mixer": Network(lambda: nn.Sequential(MixerBlock(), MixerBlock(), nn.Linear(8, 3)), SEQUENCES, "gelu"),
    "pinn": Network(PhysicsInformed, (normal(5, 1), normal(5, 2)[:, 1:]), "tanh"),
    "wavenet": Network(WaveNet, SIGNALS),
    "graph convolution": Network(GraphConvolution, ROWS),
    "deep sets": Network(DeepSets, SET, "elu"),
    "siamese": Network(Siamese, (ROWS, ROWS.flip(0))),
    "dict of outputs": Network(DetectorHeads, ROWS),
    "keyword inputs": Network(KeywordInputs, KEYWORDS, "gelu"),
    "residual mlp": Network(ResidualMLP, ROWS, "silu"),
}
