"""Classification: cross entropy, the largest output decides, a confusion matrix or counts per class."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from reluctant.catalogue.metrics import CLASSIFICATION, confusion_counts, stored_counts
from reluctant.tasks.task import shape_error, to_numpy


@dataclass(frozen=True)
class Classification:
    """One of `classes` classes for every input; outputs (n, classes) are scores or log-probabilities."""

    classes: int = 0
    name = CLASSIFICATION
    key = "confusion"

    @property
    def outputs(self) -> int:
        """One score per class."""
        return self.classes

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """Mean cross entropy in nats; with label smoothing as of Szegedy et al. 2016 (1512.00567)."""
        return nn.functional.cross_entropy(outputs, targets, label_smoothing=smoothing)

    def loss_sum(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross entropy summed in double precision."""
        scores = torch.log_softmax(outputs, dim=1)
        return -scores.gather(1, targets[:, None]).cpu().sum(dtype=torch.float64)

    def predict(self, outputs: Tensor) -> Tensor:
        """The class of the largest output."""
        return outputs.argmax(dim=1)

    def counts(self, predictions: Tensor, targets: Tensor) -> Any:
        """The confusion matrix; above 20 classes, hits, predictions and truths per class."""
        return stored_counts(self.confusion_matrix(predictions, targets)).tolist()

    def confusion_matrix(self, predictions: Tensor, targets: Tensor) -> npt.NDArray[np.int64]:
        """The whole confusion matrix."""
        return confusion_counts(to_numpy(targets), to_numpy(predictions), self.classes)

    def encode(self, predictions: Tensor) -> str:
        """One byte a class, two where there are more than 256 classes."""
        dtype = np.uint8 if self.classes <= 256 else np.uint16
        return base64.b64encode(to_numpy(predictions).astype(dtype).tobytes()).decode()

    def output_error(self, outputs: Any, n: int) -> str:
        """Outputs are (n, classes)."""
        return shape_error(outputs, (n, self.classes), "one score per class: scores")
