"""From a model's name to a network."""

import importlib
from collections.abc import Mapping
from functools import partial
from inspect import Parameter, signature
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from reluctant.catalogue import MODELS
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION
from reluctant.catalogue.models import IMAGE_MODELS
from reluctant.core.errors import StudyError
from reluctant.core.names import Name
from reluctant.core.own_code import load_own
from reluctant.core.randomness import integer
from reluctant.models.swap.factory import give_or_swap
from reluctant.models.swap.swap import Swap

# words that are also used for widths within a network: handed over only where there is no default
DOUBTFUL = frozenset(
    ("n_features", "num_features", "features", "inputs", "input_dim", "channels", "num_channels", "outputs",
     "out_features")
)  # fmt: skip


def build(
    name: str,
    activation: str,
    image: tuple[int, ...],
    classes: int,
    seed: int = 0,
    *,
    task: str = CLASSIFICATION,
) -> nn.Module:
    """A network whose weights follow from the seed; `initialise` draws those of known layers by their names.

    `image` is the shape of one input, (channels, height, width) of an image; `classes` is the number of
    outputs, of numbers too where the `task` is regression. The user's own `module:name` is called with
    `activation=` (or its own word for it, such as `act_layer=`), `image=` and `classes=` as far as it takes
    them, and with what `handed` finds it has a parameter for; where it takes no activation, every one in the
    network is swapped. PyTorch's global random state is left alone.

    Raises `StudyError` where the network cannot be made.
    """
    canonical = MODELS.canonical(name)
    data: dict[str, Any] = {"image": image, "classes": classes}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(integer(seed, "weights"))
        if canonical.is_own:
            model, _ = _own(name, canonical, activation, data)
        else:
            if canonical.head in IMAGE_MODELS and len(image) != 3:
                raise StudyError(_no_image(canonical.head, image))
            if canonical.head == "convnet" and task == REGRESSION:
                data["numbers"] = True
            module, _, attribute = MODELS[canonical.head].code.partition(":")
            kind = getattr(importlib.import_module(module), attribute)
            model = kind(activation=activation, **data, **MODELS.arguments(canonical))
    if not isinstance(model, nn.Module):
        raise StudyError(f"model {name} made a {type(model).__name__}; a torch module is wanted")
    _complete(model, image)
    return model


def swapped(name: str, activation: str, image: tuple[int, ...], classes: int) -> Swap | None:
    """What is swapped in a network of one's own; None where it takes the activation, or is a bundled one."""
    canonical = MODELS.canonical(name)
    if not canonical.is_own:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return _own(name, canonical, activation, {"image": image, "classes": classes})[1]


def _own(name: str, canonical: Name, activation: str, data: Mapping[str, Any]) -> tuple[Any, Swap | None]:
    """What the user's own factory makes, with this activation; and what was swapped for that."""
    kind = load_own(canonical.head, "model")
    example = torch.zeros(2, *data["image"])
    offered = {**data, **handed(kind, data["image"], data["classes"])}
    offered = {word: value for word, value in offered.items() if word not in _bound(kind)}
    try:
        return give_or_swap(kind, activation, canonical.arguments, example, offered)
    except StudyError:
        raise
    except Exception as fault:
        raise StudyError(f"model {name} cannot be made: {type(fault).__name__}: {fault}") from fault


def told(name: str, image: tuple[int, ...], classes: int) -> dict[str, Any]:
    """What the factory of a network of one's own is told of the data; nothing for a bundled network."""
    canonical = MODELS.canonical(name)
    if not canonical.is_own:
        return {}
    found = handed(load_own(canonical.head, "model"), image, classes)
    return {word: value for word, value in found.items() if word not in canonical.arguments}


def handed(factory: Any, image: tuple[int, ...], classes: int) -> dict[str, Any]:
    """What a factory is told of the data: `image`, `classes` and of `offers`, as far as it has parameters.

    What is bound in a `functools.partial` stays as it is. So does the default of a parameter whose name may
    mean something else, such as `features=64` for the width of a hidden layer.
    """
    try:
        parameters = signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    bound = _bound(factory)
    sizes = {"image": image, "classes": classes, **offers(image, classes)}
    return {
        word: size
        for word, size in sizes.items()
        if word in parameters
        and word not in bound
        and (word not in DOUBTFUL or parameters[word].default is Parameter.empty)
    }


def _bound(factory: Any) -> Mapping[str, Any]:
    """The keywords that a partial has bound; those of partials within it are among them."""
    return factory.keywords if isinstance(factory, partial) else {}


def offers(shape: tuple[int, ...], outputs: int) -> dict[str, int]:
    """The field's usual words for the sizes of one input and for the outputs, and how large these are."""
    words: dict[str, tuple[str, ...]] = {}
    words["outputs"] = ("num_classes", "n_classes", "num_labels", "out_features", "outputs")
    if len(shape) == 1:
        words["features"] = ("in_features", "n_features", "num_features", "features", "inputs", "input_dim")
    else:
        words["channels"] = ("in_channels", "in_chans", "channels", "num_channels")
    sizes = {"outputs": outputs, "features": shape[0], "channels": shape[0]}
    return {word: sizes[what] for what, those in words.items() for word in those}


def _no_image(model: str, shape: tuple[int, ...]) -> str:
    return (
        f"model {model} wants images of (channels, height, width), and one input here has the shape "
        f"{shape}; take mlp, or a network of your own"
    )


def _complete(model: nn.Module, image: tuple[int, ...]) -> None:
    """Let modules that take their width from the first input (blocks such as SwiGLU) make their weights."""
    if not any(is_lazy(p) for p in model.parameters()):
        return
    training = model.training
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        model.eval()(torch.zeros(2, *image))
    model.train(training)
