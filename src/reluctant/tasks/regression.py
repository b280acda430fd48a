"""Regression: squared error of standardised targets, sums of errors in the targets' own units."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from reluctant.catalogue.metrics import REGRESSION, regression_sums
from reluctant.tasks.task import shape_error, to_numpy


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

    def loss(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """Mean squared error over the batch and the outputs."""
        return nn.functional.mse_loss(outputs.reshape(targets.shape), targets)

    def loss_sum(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Squared errors, averaged over the outputs, summed over the batch in double precision."""
        errors = (outputs.reshape(targets.shape) - targets).cpu().double()
        return errors.square().mean(dim=1).sum()

    def predict(self, outputs: Tensor) -> Tensor:
        """The outputs themselves, (n, outputs)."""
        return outputs.reshape(-1, self.outputs)

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
        """In the targets' own units, as float64, little-endian.

        Double precision, for where targets lie far from 0 and vary little, single would lose the errors.
        """
        if not len(predictions):  # of a run that diverged
            return ""
        return base64.b64encode(self.in_original_units(predictions).astype("<f8").tobytes()).decode()

    def output_error(self, outputs: Any, n: int) -> str:
        """Outputs are (n, outputs); where one number is predicted, (n,) too."""
        if self.outputs == 1 and isinstance(outputs, Tensor) and tuple(outputs.shape) == (n,):
            return ""
        return shape_error(outputs, (n, self.outputs), "one number per target: numbers")
