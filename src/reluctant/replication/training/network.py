"""The article's network as the published code builds it: a softmax at its end, pooling in steps of one."""

import torch
from torch import Tensor, nn

from reluctant.models.convnet import ConvBlock, ConvNet

POOLING_WINDOW = 2  # the side, in pixels


class FineBlock(ConvBlock):
    """A block that pools in steps of one pixel: maps lose one row and column instead of half of them."""

    def __init__(self, block: ConvBlock) -> None:
        nn.Module.__init__(self)
        self.conv, self.norm, self.activation = block.conv, block.norm, block.activation
        self.pool, self.dropout, self.kernel = nn.MaxPool2d(POOLING_WINDOW, stride=1), block.dropout, ""

    def fused(self, x: Tensor) -> bool:
        """Never: the compiled kernels pool in steps of two."""
        return False


class PublishedNet(ConvNet):
    """The article's network with what the published code adds.

    Args:
        softmax: The network ends in a softmax, where the loss takes another one.
        fine_pooling: Pooling moves by one pixel; then 28 × 28 images leave 128 maps of 19 × 19, the 46,208
            inputs of the first linear layer that the article prints.
    """

    def __init__(
        self,
        activation: str,
        *,
        image: tuple[int, int, int],
        classes: int,
        dropout: float = 0.15,
        softmax: bool = False,
        fine_pooling: bool = False,
    ) -> None:
        super().__init__(activation, image=image, classes=classes, dropout=dropout)
        self.softmax = softmax
        if fine_pooling:
            self.blocks = nn.ModuleList(
                FineBlock(block) for block in self.blocks if isinstance(block, ConvBlock)
            )
            side = image[1]
            for _ in self.blocks:
                side -= 2 + POOLING_WINDOW - 1
            self.hidden = nn.Linear(self.output.in_features * side * side, self.output.in_features)

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities (n, classes) with a softmax, else their logarithms."""
        out = super().forward(x)
        return torch.exp(out) if self.softmax else out
