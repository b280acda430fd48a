"""What a network is trained to do: its loss, what is counted of its outputs, how predictions are stored.

Scores come from the counts (`reluctant.catalogue.metrics`).
"""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from reluctant.catalogue.metrics import (
    CLASSIFICATION,
    REGRESSION,
    TOKENS,
    confusion_counts,
    regression_sums,
    stored_counts,
)
from reluctant.catalogue.token_sums import IGNORED, token_sums


@dataclass(frozen=True)
class Classification:
    """One of `classes` classes for every input; outputs (n, classes) are logits or log-probabilities.

    `name` is the task as a study names it; `key` is where an epoch's record holds the counts.
    """

    classes: int = 0
    name = CLASSIFICATION
    key = "confusion"

    @property
    def outputs(self) -> int:
        """One logit per class."""
        return self.classes

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
        """Mean cross entropy in nats; with label smoothing as of Szegedy et al. 2016 (1512.00567).

        `weights` are those of the classes: the mean is then weighted by them.
        """
        return nn.functional.cross_entropy(outputs, targets, weights, label_smoothing=smoothing)

    def loss_sum(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The same without smoothing, summed over a batch in double precision."""
        scores = torch.log_softmax(outputs, dim=1)
        return -where_double(scores.gather(1, targets[:, None])).sum(dtype=torch.float64)

    def units(self, targets: Tensor) -> int:
        """How many losses the mean of a batch is over: one per input."""
        return len(targets)

    def predict(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The class of the largest output, (n,)."""
        return outputs.argmax(dim=1)

    def no_predictions(self, targets: Tensor) -> Tensor:
        """Memory for the predictions of so many targets."""
        return torch.empty_like(targets)

    def counts(self, predictions: Tensor, targets: Tensor) -> Any:
        """The confusion matrix; above 20 classes, hits, predictions and truths per class."""
        return stored_counts(self.confusion_matrix(predictions, targets)).tolist()

    def confusion_matrix(self, predictions: Tensor, targets: Tensor) -> npt.NDArray[np.int64]:
        """The whole confusion matrix."""
        return confusion_counts(to_numpy(targets), to_numpy(predictions), self.classes)

    def encode(self, predictions: Tensor) -> str:
        """Predictions or targets as base64: one byte a class, two where there are more than 256 classes."""
        dtype = np.uint8 if self.classes <= 256 else np.uint16
        return base64.b64encode(to_numpy(predictions).astype(dtype).tobytes()).decode()

    encode_targets = encode

    def output_error(self, outputs: Any, targets: Tensor) -> str:
        """What is wrong with a network's outputs, which are (n, classes); empty where nothing is."""
        return shape_error(outputs, (len(targets), self.classes), "one logit per class", "logits")


@dataclass(frozen=True)
class Regression:
    """Numbers for every input: targets (n, outputs), less `mean`, divided by the standard deviation `std`.

    Training and the loss see standardised targets, so that a learning rate means the same whatever the
    units; what is counted and stored is in the targets' own.
    """

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    name = REGRESSION
    key = "sums"

    @property
    def outputs(self) -> int:
        """How many numbers are predicted for one input."""
        return len(self.mean)

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
        """Mean squared error over the batch and the outputs."""
        return nn.functional.mse_loss(outputs.reshape(targets.shape), targets)

    def loss_sum(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Squared errors, averaged over the outputs, summed over the batch in double precision."""
        errors = where_double(outputs.reshape(targets.shape) - targets).double()
        return errors.square().mean(dim=1).sum()

    def units(self, targets: Tensor) -> int:
        """How many losses the mean of a batch is over: one per input."""
        return len(targets)

    def predict(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The outputs themselves, (n, outputs)."""
        return outputs.reshape(-1, self.outputs)

    def no_predictions(self, targets: Tensor) -> Tensor:
        """Memory for the predictions of so many targets."""
        return torch.empty_like(targets)

    def counts(self, predictions: Tensor, targets: Tensor) -> Any:
        """Sums per output: see `reluctant.catalogue.metrics.summed`."""
        return regression_sums(self.in_original_units(targets), self.in_original_units(predictions)).tolist()

    def in_original_units(self, standardised: Tensor) -> npt.NDArray[np.float64]:
        """Targets or predictions in the targets' own units."""
        values: npt.NDArray[np.float64] = to_numpy(standardised).astype(float) * np.array(self.std)
        values += np.array(self.mean)
        return values

    def standardise(self, targets: npt.NDArray[Any]) -> Tensor:
        """Targets (n, outputs) in their own units as training sees them, float32."""
        return torch.from_numpy(((targets - np.array(self.mean)) / np.array(self.std)).astype(np.float32))

    def encode(self, predictions: Tensor) -> str:
        """As base64, in the targets' own units, as float64, little-endian.

        Double precision, for where targets lie far from 0 and vary little, single would lose the errors.
        """
        if not len(predictions):  # of a run that diverged
            return ""
        return base64.b64encode(self.in_original_units(predictions).astype("<f8").tobytes()).decode()

    encode_targets = encode

    def output_error(self, outputs: Any, targets: Tensor) -> str:
        """Outputs are (n, outputs); where one number is predicted, (n,) too."""
        n = len(targets)
        if self.outputs == 1 and isinstance(outputs, Tensor) and tuple(outputs.shape) == (n,):
            return ""
        return shape_error(outputs, (n, self.outputs), "one number per target", "numbers")


@dataclass(frozen=True)
class Tokens:
    """One of `classes` classes for every token of a sequence: the next token, or a tag of this one.

    Outputs (n, tokens, classes) are logits, targets (n, tokens) are classes, `IGNORED` where nothing is predicted.
    All means are over predicted tokens. `sizes` (classes, 2) are the bytes and characters of every class that is a
    token of a text. Predictions are stored as two numbers per sequence: its cross entropy in nats, summed, and how many
    of its tokens are right.
    """

    classes: int
    sizes: Tensor | None = None
    name = TOKENS
    key = "sums"

    @property
    def outputs(self) -> int:
        """One logit per class."""
        return self.classes

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
        """Mean cross entropy per predicted token in nats; 0 for a batch without any."""
        options: dict[str, Any] = {"ignore_index": IGNORED, "label_smoothing": smoothing, "reduction": "sum"}
        total = nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten(), weights, **options)
        return total / (targets != IGNORED).sum().clamp(min=1)

    def loss_sum(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The same without smoothing, summed over a batch in double precision."""
        return self._nats(outputs, targets).sum()

    def units(self, targets: Tensor) -> int:
        """How many tokens are predicted."""
        return int((targets != IGNORED).sum())

    def _nats(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross entropy per sequence, (n,), float64 on the CPU."""
        each = nn.functional.cross_entropy(
            outputs.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
        )
        return where_double(each.view(targets.shape)).sum(dim=1, dtype=torch.float64)

    def predict(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Per sequence the cross entropy in nats and the tokens that are right, (n, 2), float64."""
        right = ((outputs.argmax(dim=-1) == targets) & (targets != IGNORED)).sum(dim=1)
        return torch.stack([self._nats(outputs, targets), where_double(right).double()], dim=1)

    def no_predictions(self, targets: Tensor) -> Tensor:
        """Memory for the predictions of so many sequences."""
        return where_double(targets).new_empty((len(targets), 2), dtype=torch.float64)

    def counts(self, predictions: Tensor, targets: Tensor) -> Any:
        """The six sums of `reluctant.catalogue.token_sums`."""
        return token_sums(self.text_sizes(targets), to_numpy(predictions)).tolist()

    def text_sizes(self, targets: Tensor) -> npt.NDArray[np.float64]:
        """Per sequence the number of predicted tokens, of their bytes and of their characters, (n, 3)."""
        targets = targets.cpu()
        predicted = targets != IGNORED
        sizes = torch.zeros(self.classes, 2, dtype=torch.int64) if self.sizes is None else self.sizes
        text = (sizes[targets.where(predicted, 0)] * predicted[..., None]).sum(dim=1)
        return to_numpy(torch.cat([predicted.sum(dim=1, keepdim=True), text], dim=1)).astype(float)

    def encode(self, predictions: Tensor) -> str:
        """As base64 of float64, little-endian."""
        return base64.b64encode(to_numpy(predictions).astype("<f8").tobytes()).decode()

    def encode_targets(self, targets: Tensor) -> str:
        """The sizes of the sequences, as base64 of float64, little-endian: what scores need to know of targets."""
        return base64.b64encode(self.text_sizes(targets).astype("<f8").tobytes()).decode()

    def output_error(self, outputs: Any, targets: Tensor) -> str:
        """What is wrong with a network's outputs, which are (n, tokens, classes); empty where nothing is."""
        return shape_error(outputs, (*targets.shape, self.classes), "one logit per token and class", "logits")


Task = Classification | Regression | Tokens


def shape_error(outputs: Any, expected: tuple[int, ...], meaning: str, noun: str) -> str:
    """What is wrong with the type or the shape of outputs; empty where nothing is."""
    if not isinstance(outputs, Tensor):
        return f"returns {type(outputs).__name__}; expected a tensor: let its forward return the {noun} alone"
    if tuple(outputs.shape) != expected:
        return f"returns shape {tuple(outputs.shape)} for {expected[0]} inputs; expected {expected}: {meaning}"
    return ""


def where_double(tensor: Tensor) -> Tensor:
    """The tensor on a device that has numbers of double precision, which Apple's GPUs lack."""
    return tensor.cpu() if tensor.device.type == "mps" else tensor


def to_numpy(tensor: Tensor) -> npt.NDArray[Any]:
    """A tensor as an array on the CPU."""
    return np.asarray(tensor.detach().cpu().numpy())
