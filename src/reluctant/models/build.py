"""Networks by name: those of the catalogue, and user-defined ones as `module:factory`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from torch import nn

from reluctant.activations import undecided_axes
from reluctant.catalogue import MODELS
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION, TOKENS
from reluctant.catalogue.models import IMAGE_MODELS, TOKEN_MODELS
from reluctant.core.errors import ModelError, ReluctantError, build_error
from reluctant.core.extensions import load_object
from reluctant.core.names import Name
from reluctant.core.randomness import torch_seed
from reluctant.core.user_objects import load_user_object
from reluctant.data.dataset import TokenInputs
from reluctant.models.factories import build_with_activation
from reluctant.models.keywords import name_keyword, shape_arguments
from reluctant.models.own_training import refuse_own_training
from reluctant.models.swap.find_sites import find_sites
from reluctant.models.swap.forward import materialise_lazy_parameters, seeded
from reluctant.models.swap.report import SwapReport, reasons_to_skip
from reluctant.models.swap.site_axes import complete_blocks
from reluctant.models.tokens import example_inputs, mask_padding, unpack_logits


def build(
    name: str,
    activation: str,
    image: tuple[int, ...],
    classes: int,
    seed: int = 0,
    *,
    task: str = CLASSIFICATION,
    tokens: TokenInputs | None = None,
) -> nn.Module:
    """A network whose weights follow from the seed; `initialise` can draw its layers again.

    A user-defined factory `module:name` gets `activation=` (or its own keyword for it, such as `act_layer=`),
    `image=`, `classes=` and the other `shape_arguments` as far as it takes them. If it takes no activation,
    those of the network are swapped. For token ids it gets the `attention_mask` that its forward takes (see
    `mask_padding`). Output objects with `.logits` are unpacked. PyTorch's global random state does not change.

    Args:
        name: `convnet`, `mlp(widths='20-10')`, `my_module:MyNet(width=12)`.
        activation: A name, such as `elu(alpha=0.5)`.
        image: The shape of one input, (channels, height, width) for images, (context,) for token ids.
        classes: The number of outputs; of predicted numbers if the task is regression.
        tokens: What is known of the token ids, where the inputs are such.

    Raises:
        ModelError: The network cannot be built.
    """
    canonical = MODELS.canonical(name)
    with seeded(torch_seed(seed, "weights")):
        if canonical.is_user_defined:
            model, _ = _build_user_network(name, canonical, activation, image, classes, tokens)
        else:
            if fault := _input_fault(canonical.head, image, classes, task, tokens):
                raise ModelError(f"model {canonical.head} {fault}")
            arguments = MODELS.arguments(canonical)
            if tokens is None:
                arguments |= {"image": image, "classes": classes}
            else:
                arguments |= {"vocabulary": tokens.vocabulary, "context": image[0]}
                if task != TOKENS:
                    arguments |= {"classes": classes, "padding": tokens.padding}
            if canonical.head == "convnet" and task == REGRESSION:
                arguments["numbers"] = True
            with undecided_axes():
                model = load_object(MODELS[canonical.head].code)(activation=activation, **arguments)
            complete_blocks(model, activation, example_inputs(image, tokens))
    if not isinstance(model, nn.Module):
        raise ModelError(f"model {name} returned {type(model).__name__}; a torch module is expected")
    materialise_lazy_parameters(model, example_inputs(image, tokens))
    if canonical.is_user_defined:
        unpack_logits(model)
        if tokens is not None:
            mask_padding(model, tokens.padding)
    return model


def _input_fault(head: str, image: tuple[int, ...], classes: int, task: str, tokens: TokenInputs | None) -> str:
    """Why a network of the catalogue does not suit the data, and which one does; empty if it does."""
    if tokens is None:
        fault = ""
        if head in TOKEN_MODELS:
            fault = f"takes token ids, and one input here is numbers, of the shape {image}"
        elif head in IMAGE_MODELS and len(image) != 3:
            fault = f"takes images (channels, height, width), and one input here has the shape {image}"
        return fault and f"{fault}; use mlp, or your own network"
    if task == TOKENS and classes != tokens.vocabulary:
        return f"has no output for each of {classes} classes at every token; use your own network"
    suited = "gpt" if task == TOKENS else "text_classifier"
    if head == suited:
        return ""
    if head not in TOKEN_MODELS:
        fault = f"takes numbers, and one input here is {image[0]} token ids"
    elif head == "gpt":
        fault = "predicts the next token, and here a whole sequence has one target"
    else:
        fault = "predicts one target for a whole sequence, and here every token has one"
    return f"{fault}; use {suited}, or your own network"


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


def preview_replacements(
    name: str, activation: str, image: tuple[int, ...], classes: int, tokens: TokenInputs | None = None
) -> Replacements:
    """What becomes of the activations of a user-defined network; nothing for a network of the catalogue."""
    canonical = MODELS.canonical(name)
    if not canonical.is_user_defined:
        return Replacements()
    with seeded(0):
        network, report = _build_user_network(name, canonical, activation, image, classes, tokens)
    factory = load_user_object(canonical.head, "model")
    arguments = shape_arguments(factory, image, classes, tokens)
    sizes = {key: value for key, value in arguments.items() if key not in canonical.arguments}
    keyword = "" if name_keyword(factory) in canonical.arguments else name_keyword(factory)
    own: tuple[str, ...] = ()
    if report is None and not keyword and isinstance(network, nn.Module):
        with suppress(ModelError):  # the check of the network reports what fails
            reasons = reasons_to_skip(find_sites(network, example_inputs(image, tokens)), None, None)
            own = tuple(site.name for site, reason in reasons.items() if not (reason or site.from_reluctant))
    return Replacements(report, sizes, own, keyword)


def _build_user_network(
    name: str, canonical: Name, activation: str, image: tuple[int, ...], classes: int, tokens: TokenInputs | None
) -> tuple[Any, SwapReport | None]:
    factory = load_user_object(canonical.head, "model")
    refuse_own_training(factory)
    optional = {"image": image, "classes": classes, **shape_arguments(factory, image, classes, tokens)}
    example = example_inputs(image, tokens)
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
