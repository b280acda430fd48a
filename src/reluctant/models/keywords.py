"""What a factory takes, known from its keywords: an activation, in which form, and the shape of the data."""

import functools
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from reluctant.data.dataset import TokenInputs

ACTIVATION_KEYWORDS = (
    "activation", "act_layer", "act", "act_fn", "activation_function", "nonlinearity", "hidden_act"
)  # fmt: skip
OUTPUT_KEYWORDS = ("num_classes", "n_classes", "num_labels", "out_features", "outputs")
FEATURE_KEYWORDS = ("in_features", "n_features", "num_features", "features", "inputs", "input_dim")
CHANNEL_KEYWORDS = ("in_channels", "in_chans", "channels", "num_channels")
VOCABULARY_KEYWORDS = ("vocabulary", "vocab_size", "num_embeddings", "ntoken", "n_vocab")
CONTEXT_KEYWORDS = ("context", "block_size", "max_len", "max_position_embeddings", "n_positions", "seq_len")
SHAPE_KEYWORDS = (
    "image", "classes", *OUTPUT_KEYWORDS, *FEATURE_KEYWORDS, *CHANNEL_KEYWORDS, *VOCABULARY_KEYWORDS, *CONTEXT_KEYWORDS
)  # the data give them  # fmt: skip
# May also mean a width inside the network, so they are passed only where the parameter has no default.
AMBIGUOUS_KEYWORDS = frozenset(
    ("n_features", "num_features", "features", "inputs", "input_dim", "channels", "num_channels", "outputs",
     "out_features")
)  # fmt: skip


def keyword_parameters(factory: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters that accept a keyword, `**options` among them; empty where there is no signature."""
    try:
        parameters = signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in parameters.items() if p.kind is not Parameter.POSITIONAL_ONLY}


def bound_keywords(factory: Callable[..., Any]) -> Mapping[str, Any]:
    """The keywords that a `functools.partial` has bound, those of partials within it among them."""
    return factory.keywords if isinstance(factory, functools.partial) else {}


def activation_keyword(factory: Callable[..., Any]) -> str | None:
    """The keyword under which a factory takes an activation: the first of `ACTIVATION_KEYWORDS`, or None."""
    parameters = keyword_parameters(factory)
    return next((keyword for keyword in ACTIVATION_KEYWORDS if keyword in parameters), None)


def name_keyword(factory: Callable[..., Any]) -> str:
    """The keyword under which a factory takes an activation by its name: one whose default is a text; else ''.

    A name that a `functools.partial` has bound stays, and the network is swapped.
    """
    keyword = activation_keyword(factory) or ""
    parameter = keyword_parameters(factory).get(keyword)
    named = parameter is not None and isinstance(parameter.default, str) and keyword not in bound_keywords(factory)
    return keyword if named else ""


def shape_keywords(shape: tuple[int, ...], outputs: int, tokens: TokenInputs | None = None) -> dict[str, int]:
    """All usual keywords for the size of one input and for the number of outputs, with their values.

    For token ids they are those for the vocabulary and for the context, the length of a sequence.
    """
    if tokens is not None:
        sizes = dict.fromkeys(VOCABULARY_KEYWORDS, tokens.vocabulary) | dict.fromkeys(CONTEXT_KEYWORDS, shape[0])
    else:
        sizes = dict.fromkeys(FEATURE_KEYWORDS if len(shape) == 1 else CHANNEL_KEYWORDS, shape[0])
    return dict.fromkeys(OUTPUT_KEYWORDS, outputs) | sizes


def shape_arguments(
    factory: Callable[..., Any], shape: tuple[int, ...], outputs: int, tokens: TokenInputs | None = None
) -> dict[str, Any]:
    """The arguments that tell a factory the shape of the data, for those keywords that it declares.

    The keywords are `image` (the shape of one input), `classes` (the number of outputs) and the
    `shape_keywords`. A value that a `functools.partial` has bound is left, and so is the default of one of
    the `AMBIGUOUS_KEYWORDS`, such as `features=64` for the width of a hidden layer.
    """
    parameters, bound = keyword_parameters(factory), bound_keywords(factory)
    values = {"image": shape, "classes": outputs, **shape_keywords(shape, outputs, tokens)}
    return {
        keyword: value
        for keyword, value in values.items()
        if keyword in parameters
        and keyword not in bound
        and (keyword not in AMBIGUOUS_KEYWORDS or parameters[keyword].default is Parameter.empty)
    }
