"""Networks by name: those of the catalogue, and user-defined ones as `module:factory`."""

from typing import Any

import torch
from torch import nn

from reluctant.catalogue import MODELS
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION
from reluctant.catalogue.models import IMAGE_MODELS
from reluctant.core.errors import ModelError, ReluctantError, build_error
from reluctant.core.extensions import load_object
from reluctant.core.names import Name
from reluctant.core.randomness import torch_seed
from reluctant.core.user_objects import load_user_object
from reluctant.models.factories import build_with_activation, shape_arguments
from reluctant.models.swap.forward import materialise_lazy_parameters, seeded
from reluctant.models.swap.report import SwapReport


def build(
    name: str, activation: str, image: tuple[int, ...], classes: int, seed: int = 0, *, task: str = CLASSIFICATION
) -> nn.Module:
    """A network whose weights follow from the seed; `initialise` can draw its layers again.

    A user-defined factory `module:name` gets `activation=` (or its own keyword for it, such as `act_layer=`),
    `image=`, `classes=` and the other `shape_arguments` as far as it takes them. If it takes no activation,
    those of the network are swapped. PyTorch's global random state does not change.

    Args:
        name: `convnet`, `mlp(widths='20-10')`, `my_module:MyNet(width=12)`.
        activation: A name, such as `elu(alpha=0.5)`.
        image: The shape of one input, (channels, height, width) for images.
        classes: The number of outputs; of predicted numbers if the task is regression.

    Raises:
        ModelError: The network cannot be built.
    """
    canonical = MODELS.canonical(name)
    with seeded(torch_seed(seed, "weights")):
        if canonical.is_user_defined:
            model, _ = _build_user_network(name, canonical, activation, image, classes)
        else:
            if canonical.head in IMAGE_MODELS and len(image) != 3:
                raise ModelError(
                    f"model {canonical.head} takes images (channels, height, width), and one input here has "
                    f"the shape {image}; use mlp, or your own network"
                )
            arguments = {"image": image, "classes": classes, **MODELS.arguments(canonical)}
            if canonical.head == "convnet" and task == REGRESSION:
                arguments["numbers"] = True
            model = load_object(MODELS[canonical.head].code)(activation=activation, **arguments)
    if not isinstance(model, nn.Module):
        raise ModelError(f"model {name} returned {type(model).__name__}; a torch module is expected")
    materialise_lazy_parameters(model, torch.zeros(2, *image))
    return model


def preview_replacements(
    name: str, activation: str, image: tuple[int, ...], classes: int
) -> tuple[SwapReport | None, dict[str, Any]]:
    """For a user-defined network: the report of its swap, and the arguments that tell its factory the data's shape.

    The report is None if the factory takes the activation. None and empty for a network of the catalogue.
    """
    canonical = MODELS.canonical(name)
    if not canonical.is_user_defined:
        return None, {}
    with seeded(0):
        _, report = _build_user_network(name, canonical, activation, image, classes)
    arguments = shape_arguments(load_user_object(canonical.head, "model"), image, classes)
    return report, {keyword: value for keyword, value in arguments.items() if keyword not in canonical.arguments}


def _build_user_network(
    name: str, canonical: Name, activation: str, image: tuple[int, ...], classes: int
) -> tuple[Any, SwapReport | None]:
    factory = load_user_object(canonical.head, "model")
    optional = {"image": image, "classes": classes, **shape_arguments(factory, image, classes)}
    example = torch.zeros(2, *image)
    try:
        return build_with_activation(factory, activation, canonical.arguments, example, optional)
    except ReluctantError:
        raise
    except Exception as error:
        raise ModelError(f"model {build_error(name, error)}") from error
