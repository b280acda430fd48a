"""The published training: the standard loop, and what the published code does otherwise, each by a switch."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.catalogue import MODELS, OPTIMIZERS
from reluctant.catalogue.metrics import confusion_counts
from reluctant.core.errors import StudyError
from reluctant.core.names import Name
from reluctant.models.swap import learned
from reluctant.records.store import Record
from reluctant.replication.training.network import PublishedNet
from reluctant.study import Run
from reluctant.training import Prepared, Training
from reluctant.training.evaluation import BATCH
from reluctant.training.optimizers import optimizer
from reluctant.training.tensors import Part

SURE = 0.5  # a class counts as predicted where its output is above this


class Published(Training):
    """A training whose switches bring back, one by one, how the published code trained.

    `double_softmax`: the network ends in a softmax and the loss takes another. `forgetful`: the optimizer is
    built anew at every epoch. `lost_momentum`: the optimizer's first beta stays at its default. `raw_pixels`:
    pixels are fed as 0 to 255. `fine_pooling`: pooling moves by one pixel.

    With all off it trains as the standard loop does, to the bit. Every epoch's record holds, beside all
    else, what the published measurement is computed from (`published`): for the last batch of test images
    (16 of MNIST's, at batch sizes of 16, 32 and 128) the largest class and whether its output is above one
    half; for the whole test set the confusion matrix of the images with such an output.
    """

    def __init__(
        self,
        run: Run,
        data: Prepared,
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
        super().__init__(run, raw(data) if raw_pixels else data, device)

    def network(self) -> nn.Module:
        """The article's network, with what the switches change in it."""
        name = MODELS.canonical(self.run.model)
        if name.head != "convnet":
            raise StudyError(
                f"the published procedure trains the article's network, convnet, not {name.head}"
            )
        if not (self.double_softmax or self.fine_pooling):
            return super().network()
        with torch.random.fork_rng(devices=[]):  # the weights that count are drawn by name, afterwards
            return PublishedNet(
                self.run.activation,
                image=(self.data.image[0], self.data.image[1], self.data.image[2]),
                classes=self.data.classes,
                softmax=self.double_softmax,
                fine_pooling=self.fine_pooling,
                **MODELS.arguments(name),
            )

    def fresh_optimizer(self) -> torch.optim.Optimizer:
        """The run's optimizer; without its momentum where that was lost."""
        name = OPTIMIZERS.canonical(self.run.optimizer)
        kept = {
            key: value for key, value in name.arguments.items() if key != "beta1" or not self.lost_momentum
        }
        name = Name(name.head, kept)
        return optimizer(str(name), self.model.parameters(), self.run.lr, learned(self.model))

    def pass_over(self, number: int) -> tuple[float, Tensor, Part] | None:
        """One pass over the training images, by an optimizer that knows nothing of the passes before."""
        if self.forgetful:
            self.optimizer = self.fresh_optimizer()
        return super().pass_over(number)

    def epoch(self, number: int) -> Record | None:
        """Train and evaluate one epoch, and keep what was published of it."""
        found = super().epoch(number)
        return None if found is None else {**found, "published": self.published()}

    def published(self) -> Record:
        """What the published measurement is computed from, at this moment."""
        largest, sure = self._outputs(self.data.test)
        labels = self.data.test.labels.cpu()
        matrix = confusion_counts(labels[sure].numpy(), largest[sure].numpy(), self.data.classes)
        last = slice(-(len(labels) % self.run.batch_size or self.run.batch_size), None)
        return {
            "last": {
                "labels": labels[last].tolist(),
                "largest": largest[last].tolist(),
                "sure": sure[last].int().tolist(),
            },
            "sure": matrix.tolist(),
        }

    def _outputs(self, part: Part) -> tuple[Tensor, Tensor]:
        """For every image the class of the largest output, and whether that output is above one half."""
        self.model.eval()
        outputs = []
        with torch.inference_mode():
            for start in range(0, len(part), BATCH):
                out = self.model(part.images[start : start + BATCH])
                outputs.append((out if self.double_softmax else out.exp()).cpu().max(dim=1))
        values, largest = (torch.cat(each) for each in zip(*outputs, strict=True))
        return largest, values > SURE


def raw(data: Prepared) -> Prepared:
    """The data with pixels from 0 to 255, as they were before they were standardised."""
    if data.source.train.images.dtype != np.uint8:
        raise StudyError(
            f"{data.source.name}: pixels from 0 to 255 are wanted for raw_pixels, and these are no bytes"
        )

    def part(kept: Part) -> Part:
        return Part((kept.images * data.deviation + data.mean).round_(), kept.labels)

    return replace(
        data,
        train=part(data.train),
        valid=part(data.valid),
        test=part(data.test),
        mean=0.0,
        deviation=1.0,
        unit=data.unit * data.deviation,
    )
