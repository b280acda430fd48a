"""From a model's name to a network."""

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from reluctant.catalogue import MODELS
from reluctant.models.giving import give_or_swap
from reluctant.names import Name, StudyError, load_own
from reluctant.randomness import integer


def build(name: str, activation: str, image: tuple[int, int, int], classes: int, seed: int = 0) -> nn.Module:
    """A network whose weights follow from the seed; `initialise` draws those of known layers by their names.

    `image` is (channels, height, width). The user's own `module:name` is called with `activation=` (or its
    own word for it, such as `act_layer=`), `image=` and `classes=` as far as it takes them; where it takes no
    activation, every one in the network is swapped. PyTorch's global random state is left alone.

    Raises `StudyError` where the network cannot be made.
    """
    canonical = MODELS.canonical(name)
    data = {"image": image, "classes": classes}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer(seed, "weights"))
        if canonical.is_own:
            model = _own(name, canonical, activation, data)
        else:
            module, _, attribute = MODELS[canonical.head].code.partition(":")
            kind = getattr(importlib.import_module(module), attribute)
            model = kind(activation=activation, **data, **MODELS.arguments(canonical))
    if not isinstance(model, nn.Module):
        raise StudyError(f"model {name} made a {type(model).__name__}; a torch module is wanted")
    _complete(model, image)
    return model


def _own(name: str, canonical: Name, activation: str, data: Mapping[str, Any]) -> Any:
    """What the user's own factory makes, with this activation."""
    kind = load_own(canonical.head, "model")
    example = torch.zeros(2, *data["image"])
    try:
        return give_or_swap(kind, activation, canonical.arguments, example, data)[0]
    except StudyError:
        raise
    except Exception as fault:
        raise StudyError(f"model {name} cannot be made: {type(fault).__name__}: {fault}") from fault


def _complete(model: nn.Module, image: tuple[int, int, int]) -> None:
    """Let modules that take their width from the first input (blocks such as SwiGLU) make their weights."""
    if not any(is_lazy(p) for p in model.parameters()):
        return
    training = model.training
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        model.eval()(torch.zeros(2, *image))
    model.train(training)
