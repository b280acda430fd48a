"""Your own activation in your own network, compared with ReLU and GELU on bundled digits; takes a minute.

python examples/own_activation.py
"""

import torch
from torch import Tensor, nn

import reluctant


class LearnedSwish(nn.Module):
    """x · sigmoid(βx) with a learned β. Each of the two activations in the network gets its own β."""

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(beta))

    def forward(self, x: Tensor) -> Tensor:
        """The output has the shape of the input, as for every activation."""
        return x * torch.sigmoid(self.beta * x)


class SmallNet(nn.Module):
    """An ordinary network. reluctant fills in `in_channels` and `num_classes`, and replaces both ReLUs."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=5, stride=3)
        self.act = nn.ReLU()
        self.hidden = nn.Linear(8 * 8 * 8, 32)
        self.output = nn.Linear(32, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, channels, 28, 28) → logits (n, classes)."""
        x = self.act(self.conv(x))
        x = torch.relu(self.hidden(x.flatten(1)))
        logits: Tensor = self.output(x)
        return logits


def main() -> None:
    """Train 3 activations × 5 seeds and print the verdicts. A second call trains nothing."""
    results = reluctant.compare(
        ["relu", "gelu", LearnedSwish],  # the first is the baseline
        model=SmallNet,
        data="digits",
        seeds=5,
        epochs=4,
        lr=0.003,
        metric="accuracy",
        margin=0.01,  # differences below 0.01 (one point of accuracy) do not matter
    )
    print(results)
    print("The page with all figures:", results.report())


if __name__ == "__main__":
    main()
