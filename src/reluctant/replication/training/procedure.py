"""The published training: the standard loop, and what the published code does otherwise, each by a switch."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.catalogue import MODELS, OPTIMIZERS
from reluctant.catalogue.metrics import confusion_counts
from reluctant.core.errors import StudyError
from reluctant.core.names import Name
from reluctant.core.randomness import preserve_random_states
from reluctant.models import activation_parameters
from reluctant.models.convnet import ConvBlock, ConvNet
from reluctant.records.parts import EpochRecord, Json
from reluctant.study import Run
from reluctant.training import TensorData, Training
from reluctant.training.evaluation import BATCH
from reluctant.training.optimizers import optimizer_from_name

SURE = 0.5  # a class counts as predicted where its output is above this


class Published(Training):
    """A training whose switches bring back, one by one, how the published code trained.

    With all off it trains as the standard loop does, to the bit. Every epoch's record holds in addition what
    the published measurement is computed from (`published`): for the last batch of test images (16 of
    MNIST's, at batch sizes of 16, 32 and 128) the largest class and whether its output is above one half;
    for the whole test set the confusion matrix of the images with such an output.

    Args:
        double_softmax: The network ends in a softmax and the loss takes another.
        forgetful: The optimizer is built anew at every epoch.
        lost_momentum: The optimizer's first beta stays at its default.
        raw_pixels: The network sees pixels of 0 to 255.
        fine_pooling: Pooling moves by one pixel.
    """

    def __init__(
        self,
        run: Run,
        data: TensorData,
        device: torch.device | None = None,
        *,
        double_softmax: bool = False,
        forgetful: bool = False,
        lost_momentum: bool = False,
        raw_pixels: bool = False,
        fine_pooling: bool = False,
    ) -> None:
        for switch in (double_softmax, forgetful, lost_momentum, raw_pixels, fine_pooling):
            if not isinstance(switch, bool):
                raise StudyError(f"the switches of the published procedure are True or False, not {switch!r}")
        self.double_softmax, self.fine_pooling = double_softmax, fine_pooling
        self.forgetful, self.lost_momentum = forgetful, lost_momentum
        super().__init__(run, with_raw_pixels(data) if raw_pixels else data, device)

    def build_network(self) -> nn.Module:
        """The article's network, with what the switches change in it."""
        name = MODELS.canonical(self.run.model)
        if name.head != "convnet":
            raise StudyError(f"the published procedure trains the article's network, convnet, not {name.head}")
        if not (self.double_softmax or self.fine_pooling):
            return super().build_network()
        channels, height, width = self.data.input_shape
        with preserve_random_states():  # the weights that count are initialised by name, afterwards
            return PublishedNet(
                self.run.activation,
                image=(channels, height, width),
                classes=self.data.outputs,
                softmax=self.double_softmax,
                fine_pooling=self.fine_pooling,
                **MODELS.arguments(name),
            )

    def build_optimizer(self) -> torch.optim.Optimizer:
        """The run's optimizer; without its momentum where that was lost."""
        name = OPTIMIZERS.canonical(self.run.optimizer)
        if self.lost_momentum:
            name = Name(name.head, {key: each for key, each in name.arguments.items() if key != "beta1"})
        return optimizer_from_name(str(name), self.model.parameters(), self.run.lr, activation_parameters(self.model))

    def train_epoch(self, number: int) -> tuple[float, Tensor, Tensor] | None:
        """Train on every image once, by an optimizer that may know nothing of earlier epochs."""
        if self.forgetful:
            self.optimizer = self.build_optimizer()
        return super().train_epoch(number)

    def epoch(self, number: int) -> EpochRecord | None:
        """Train and evaluate one epoch; its record with what was published of it."""
        record = super().epoch(number)
        return record and record.model_copy(update={"published": self.published_record()})

    def published_record(self) -> Json:
        """What the published measurement is computed from, at this moment."""
        self.model.eval()
        batches = []
        with torch.inference_mode():
            for _, inputs in self.data.test.batches(BATCH):
                outputs = self.model(inputs)
                probabilities = outputs if self.double_softmax else outputs.exp()
                batches.append(probabilities.cpu().max(dim=1))
        values, largest = (torch.cat(each) for each in zip(*batches, strict=True))
        sure, labels = values > SURE, self.data.test.targets.cpu()
        matrix = confusion_counts(labels[sure].numpy(), largest[sure].numpy(), self.data.outputs)
        last = slice(-(len(labels) % self.run.batch_size or self.run.batch_size), None)
        batch = {"labels": labels[last].tolist(), "largest": largest[last].tolist(), "sure": sure[last].int().tolist()}
        return {"last": batch, "sure": matrix.tolist()}


def with_raw_pixels(data: TensorData) -> TensorData:
    """The data with pixels from 0 to 255, as they were before they were standardised."""
    if data.source.train.inputs.dtype != np.uint8:
        raise StudyError(f"{data.source.name}: raw_pixels needs pixels from 0 to 255, and these are no bytes")

    raw = data.with_inputs(lambda inputs: (inputs * data.std + data.mean).round_())
    return replace(raw, mean=0.0, std=1.0, pixel_std=data.pixel_std * data.std)


POOLING_WINDOW = 2  # the side, in pixels


class FineBlock(ConvBlock):
    """A block that pools in steps of one pixel: maps lose one row and column instead of half of them."""

    def __init__(self, block: ConvBlock) -> None:
        nn.Module.__init__(self)
        self.conv, self.norm, self.activation = block.conv, block.norm, block.activation
        self.pool, self.dropout, self.kernel = nn.MaxPool2d(POOLING_WINDOW, stride=1), block.dropout, ""

    def supports_kernel(self, x: Tensor) -> bool:
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
            self.blocks = nn.ModuleList(FineBlock(block) for block in self.blocks if isinstance(block, ConvBlock))
            side = image[1] - len(self.blocks) * (2 + POOLING_WINDOW - 1)
            self.hidden = nn.Linear(self.output.in_features * side * side, self.output.in_features)

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities (n, classes) with a softmax, else their logarithms."""
        out = super().forward(x)
        return torch.exp(out) if self.softmax else out
