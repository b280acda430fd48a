"""Networks by name: those of the catalogue, and user-defined ones as `module:factory`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import torch
from torch import nn

from reluctant.activations import undecided_axes
from reluctant.catalogue import MODELS
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION
from reluctant.catalogue.models import IMAGE_MODELS
from reluctant.core.errors import ModelError, ReluctantError, build_error
from reluctant.core.extensions import load_object
from reluctant.core.names import Name
from reluctant.core.randomness import torch_seed
from reluctant.core.user_objects import load_user_object
from reluctant.models.factories import build_with_activation
from reluctant.models.keywords import name_keyword, shape_arguments
from reluctant.models.own_training import refuse_own_training
from reluctant.models.swap.find_sites import find_sites
from reluctant.models.swap.forward import materialise_lazy_parameters, seeded
from reluctant.models.swap.report import SwapReport, reasons_to_skip
from reluctant.models.swap.site_axes import complete_blocks


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
            with undecided_axes():
                model = load_object(MODELS[canonical.head].code)(activation=activation, **arguments)
            complete_blocks(model, activation, torch.zeros(2, *image))
    if not isinstance(model, nn.Module):
        raise ModelError(f"model {name} returned {type(model).__name__}; a torch module is expected")
    materialise_lazy_parameters(model, torch.zeros(2, *image))
    return model


class Replacements(NamedTuple):
    """How a user-defined network gets its activation.

    `report` is of the swap, None if the factory takes the activation; `own` are then the sites where the network uses
    another one all the same. `sizes` are the arguments that tell the factory the shape of the data. `keyword` is the
    parameter that takes the activation's name, '' where none does.
    """

    report: SwapReport | None = None
    sizes: Mapping[str, Any] = {}
    own: tuple[str, ...] = ()
    keyword: str = ""


def preview_replacements(name: str, activation: str, image: tuple[int, ...], classes: int) -> Replacements:
    """What becomes of the activations of a user-defined network; nothing for a network of the catalogue."""
    canonical = MODELS.canonical(name)
    if not canonical.is_user_defined:
        return Replacements()
    with seeded(0):
        network, report = _build_user_network(name, canonical, activation, image, classes)
    factory = load_user_object(canonical.head, "model")
    arguments = shape_arguments(factory, image, classes)
    sizes = {key: value for key, value in arguments.items() if key not in canonical.arguments}
    keyword = "" if name_keyword(factory) in canonical.arguments else name_keyword(factory)
    own: tuple[str, ...] = ()
    if report is None and not keyword and isinstance(network, nn.Module):
        with suppress(ModelError):  # the check of the network reports what fails
            reasons = reasons_to_skip(find_sites(network, torch.zeros(2, *image)), None, None)
            own = tuple(site.name for site, reason in reasons.items() if not (reason or site.from_reluctant))
    return Replacements(report, sizes, own, keyword)


def _build_user_network(
    name: str, canonical: Name, activation: str, image: tuple[int, ...], classes: int
) -> tuple[Any, SwapReport | None]:
    factory = load_user_object(canonical.head, "model")
    refuse_own_training(factory)
    optional = {"image": image, "classes": classes, **shape_arguments(factory, image, classes)}
    example = torch.zeros(2, *image)
    try:
        with undecided_axes():
            network, report = build_with_activation(factory, activation, canonical.arguments, example, optional)
        if isinstance(network, nn.Module):
            complete_blocks(network, activation, example)
    except ReluctantError:
        raise
    except Exception as error:
        raise ModelError(f"model {build_error(name, error)}") from error
    refuse_own_training(network)
    return network, report
