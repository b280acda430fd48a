"""Where a network applies its activations."""

from torch import nn

from reluctant.activations import MARK
from reluctant.catalogue import ACTIVATIONS


def sites(model: nn.Module) -> dict[str, nn.Module]:
    """The activation modules of a network by their paths, in the order they were registered.

    Those made by `reluctant.activations`, and those of a class that the catalogue knows. A module that is
    used at several places is listed once.
    """
    known = {row.code for row in ACTIVATIONS}
    return {
        path: module
        for path, module in model.named_modules()
        if hasattr(module, MARK) or f"torch.nn:{type(module).__name__}" in known
    }
