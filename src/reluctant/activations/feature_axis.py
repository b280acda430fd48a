"""The axis of the features, for activations that act on whole layers.

The features are axis 1 after a convolution, and the last axis after a linear layer on (n, tokens, features). For
(n, features) it is clear; for other shapes an attribute `feature_axis` says it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor, nn

from reluctant.core.errors import ModelError

_UNDECIDED: ContextVar[bool] = ContextVar("undecided", default=False)


@contextmanager
def undecided_axes() -> Iterator[None]:
    """Blocks whose feature axis is not set return their input meanwhile: a network is built or traced with them."""
    token = _UNDECIDED.set(True)
    try:
        yield
    finally:
        _UNDECIDED.reset(token)


def set_feature_axis(module: nn.Module, axis: int | None) -> nn.Module:
    """The module, with the feature axis set in it and in its parts as far as they take one and have none yet."""
    for part in module.modules():
        if axis is not None and getattr(part, "feature_axis", axis) is None:
            part.feature_axis = axis  # type: ignore[assignment]
    return module


def needs_feature_axis(module: nn.Module) -> bool:
    """Whether a module, or a part of it, takes a feature axis and has none yet."""
    return any(getattr(part, "feature_axis", 1) is None for part in module.modules())


class Block(nn.Module):
    """An activation of whole layers; `feature_axis` is the axis of the features, None if it is not known."""

    feature_axis: int | None = None

    def axis_of(self, x: Tensor) -> int:
        """The axis of the features in `x`; `ModelError` where it is not known."""
        if x.dim() < 2:
            raise ModelError(f"a block needs (n, features, …), not the shape {tuple(x.shape)}")
        if x.dim() == 2:
            return 1
        if self.feature_axis is not None:
            return self.feature_axis
        name = type(self).__name__
        raise ModelError(
            f"{name} cannot know which axis of {tuple(x.shape)} the features are: give feature_axis=, −1 after linear "
            f"layers, 1 after convolutions, as in reluctant.activations.make({name.lower()!r}, feature_axis=-1)"
        )

    def is_undecided(self) -> bool:
        """Whether the axis is not set and `undecided_axes` is entered, so that the block returns its input."""
        return self.feature_axis is None and _UNDECIDED.get()

    def extra_repr(self) -> str:
        return "" if self.feature_axis is None else f"feature_axis={self.feature_axis}"
