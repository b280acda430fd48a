"""What a law is, what it checks, and how a fault is found and described."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations import Stochastic, make, set_feature_axis
from reluctant.activations.numerics import ScalarFunction
from reluctant.catalogue import Activation
from reluctant.core.randomness import preserve_random_states

KINK_DISTANCE = 1e-3  # slopes are not compared nearer to a kink than this


@dataclass(frozen=True)
class CheckedActivation:
    """Activation code that is checked, and the row of the catalogue that it claims to be.

    `row` describes the catalogue's function `name` with its parameters; `build` may be a user's code.
    """

    row: Activation
    build: Callable[[], nn.Module]
    name: str

    @classmethod
    def of_row(cls, row: Activation) -> "CheckedActivation":
        """The catalogue's own function, with default parameters."""
        return cls(row, lambda: make(row.name), row.name)

    def module(self, dtype: torch.dtype = torch.float64) -> nn.Module:
        """A fresh module in evaluation mode."""
        return self.build().to(dtype).eval()

    def reference(self) -> nn.Module:
        """The catalogue's function, in double precision and evaluation mode."""
        return make(self.name).double().eval()

    def function(self) -> ScalarFunction:
        """A fresh module as a function of NumPy arrays."""
        return ScalarFunction(self.build())

    def module_with_weights(self) -> nn.Module:
        """A fresh module in evaluation mode; a block has seen a batch and so has its weights."""
        module = set_feature_axis(self.build().eval(), 1)
        if self.is_block:
            with torch.no_grad(), preserve_random_states():
                torch.manual_seed(0)
                module(batch())
        return module

    @cached_property
    def is_block(self) -> bool:
        """Whether it acts on a whole layer and is not a function of one number."""
        return self.row.family == "block"

    @cached_property
    def is_stochastic(self) -> bool:
        """Whether it uses random numbers in training."""
        return "stochastic" in self.row.traits or isinstance(self.build(), Stochastic)

    def smooth_points(self) -> Tensor:
        """Points in [−6, 6] in double precision, none near a kink."""
        x = np.linspace(-6, 6, 241) + 1e-3 * np.sqrt(2)
        for kink in self.row.kinks:
            x = x[np.abs(x - kink) > KINK_DISTANCE]
        return torch.from_numpy(x)


@dataclass(frozen=True)
class Law:
    """A law: `check` describes what is wrong with an activation; its text is empty if the law holds."""

    name: str
    statement: str
    check: Callable[[CheckedActivation], str]
    for_blocks: bool = False  # whether it also applies to blocks


def batch(dtype: torch.dtype = torch.float32) -> Tensor:
    """A batch of two maps with eight channels, shape (2, 8, 3, 3)."""
    return torch.linspace(-3, 3, 2 * 8 * 3 * 3, dtype=dtype).reshape(2, 8, 3, 3)


def worst_difference(x: Tensor, actual: Tensor, expected: Tensor, tolerance: Tensor) -> str:
    """Where two results differ most beyond the tolerance, near zero if possible; empty if nowhere."""
    error = (actual - expected).abs()
    excess = torch.where(error.isnan() & ~(actual.isnan() & expected.isnan()), torch.inf, error / tolerance)
    excess = torch.where(actual == expected, 0, excess)
    near = torch.where(x.abs() <= 10, excess, 0)
    at = int(near.argmax() if near.max() > 1 else excess.argmax())
    if not excess[at] > 1:
        return ""
    return f"at {float(x[at]):.6g} it is {float(actual[at]):.10g}, not {float(expected[at]):.10g}"
