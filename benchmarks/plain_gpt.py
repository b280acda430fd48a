"""A character-level GPT as one would write it: model, random windows, loop; the recipe of nanoGPT's cheap computer.

`python -m benchmarks.plain_gpt TEXT` trains it with several seeds and prints the losses of the last tenth of the text.
Source of the recipe: Karpathy, nanoGPT, README, the section about cheap computers.
"""

import argparse
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Causal attention and a feed-forward network, each behind a layer norm and added to what comes in."""

    def __init__(self, width: int, heads: int, activation: nn.Module) -> None:
        super().__init__()
        self.heads, self.activation = heads, activation
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Of the same shape, (n, t, width)."""
        n, t, width = x.shape
        q, k, v = (
            part.view(n, t, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).split(width, dim=2)
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(width // self.heads)
        hidden = torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1)
        mixed = scores.masked_fill(hidden, -math.inf).softmax(dim=-1) @ v
        x = x + self.project(mixed.transpose(1, 2).reshape(n, t, width))
        out: Tensor = x + self.down(self.activation(self.up(self.norm2(x))))
        return out


class PlainGPT(nn.Module):
    """Token ids (n, t) → logits (n, t, vocabulary), with the output's weights tied to the embedding."""

    def __init__(
        self, vocabulary: int, context: int, layers: int, width: int, heads: int, activation: type[nn.Module] = nn.GELU
    ) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads, activation()) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                residual = name.endswith(("project.weight", "down.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids: Tensor) -> Tensor:
        """The logits of the next token at every position."""
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        return F.linear(self.norm(self.blocks(x)), self.tokens.weight)


def adamw(model: nn.Module, lr: float = 1e-3) -> torch.optim.AdamW:
    """AdamW with decay of matrices alone."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99))


def rate(step: int, steps: int, highest: float = 1e-3, warmup: int = 100) -> float:
    """Linear warm-up, then a cosine to a tenth."""
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))))


def update(model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, lr: float) -> float:
    """One step; its loss."""
    for group in optimizer.param_groups:
        group["lr"] = lr
    loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@torch.no_grad()
def held_out_loss(model: nn.Module, ids: Tensor, context: int) -> float:
    """The mean loss over all windows of a text, one behind the other."""
    n = (len(ids) - 1) // context
    rows = torch.arange(n * context).view(n, context)
    losses = [
        F.cross_entropy(model(ids[part]).flatten(0, 1), ids[part + 1].flatten(), reduction="sum").item()
        for part in torch.split(rows, 50)
    ]
    return sum(losses) / (n * context)


def main() -> None:
    """Train with every seed and print the losses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--train", type=float, default=0.9, help="share of the text to train on, from its beginning")
    options = parser.parse_args()
    text = options.text.read_text("utf-8")
    characters = sorted(set(text))
    ids = torch.tensor([characters.index(c) for c in text])
    train, test = ids[: int(options.train * len(ids))], ids[int(0.9 * len(ids)) :]
    torch.set_num_threads(1)
    context, batch = 64, 12
    for seed in range(options.seeds):
        torch.manual_seed(seed)
        model = PlainGPT(len(characters), context, layers=4, width=128, heads=4)
        optimizer = adamw(model)
        for step in range(options.steps):
            starts = torch.randint(len(train) - context, (batch, 1)) + torch.arange(context)
            update(model, optimizer, train[starts], train[starts + 1], rate(step, options.steps))
        print(f"seed {seed}: {held_out_loss(model, test, context):.4f}", flush=True)


if __name__ == "__main__":
    main()
