"""From a model's name to a network."""

import importlib

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from reluctant.catalogue import MODELS
from reluctant.names import StudyError, load_own
from reluctant.randomness import integer


def build(name: str, activation: str, image: tuple[int, int, int], classes: int, seed: int = 0) -> nn.Module:
    """A network whose weights follow from the seed; `initialise` draws those of known layers by their names.

    `image` is (channels, height, width). The user's own `module:name` is called with `activation=`, `image=`
    and `classes=`. PyTorch's global random state is left alone.

    Raises `StudyError` where the network cannot be made.
    """
    canonical = MODELS.canonical(name)
    if canonical.is_own:
        kind = load_own(canonical.head, "model")
    else:
        module, _, attribute = MODELS[canonical.head].code.partition(":")
        kind = getattr(importlib.import_module(module), attribute)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(integer(seed, "weights"))
            model = kind(activation=activation, image=image, classes=classes, **MODELS.arguments(canonical))
    except StudyError:
        raise
    except Exception as fault:
        if not canonical.is_own:
            raise
        raise StudyError(f"model {name} cannot be made: {type(fault).__name__}: {fault}") from fault
    if not isinstance(model, nn.Module):
        raise StudyError(f"model {name} made a {type(model).__name__}; a torch module is wanted")
    _complete(model, image)
    return model


def _complete(model: nn.Module, image: tuple[int, int, int]) -> None:
    """Let modules that take their width from the first input (blocks such as SwiGLU) make their weights."""
    if not any(is_lazy(p) for p in model.parameters()):
        return
    training = model.training
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        model.eval()(torch.zeros(2, *image))
    model.train(training)
