"""What the activations of a network learn, apart from its weights."""

from torch import nn

from reluctant.models.swap.sites import sites


def learned(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that lie within activation modules, each once: slopes of PReLU, gates of SwiGLU."""
    found = {id(p): p for module in sites(model).values() for p in module.parameters()}
    return list(found.values())
