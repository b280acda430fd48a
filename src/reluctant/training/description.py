"""What is said of user-defined networks before training: what is replaced, what they get, which weights they keep."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import torch
from torch import nn

from reluctant.catalogue import ACTIVATIONS, INITIALISATIONS, MODELS
from reluctant.core.user_code import SESSION_MODULE
from reluctant.models.build import Replacements, preview_replacements
from reluctant.models.own_weights import InitialWeights, initial_weights, watch_initialisation
from reluctant.models.swap import swap_report
from reluctant.models.swap.report import FEW_NAMES, join_names
from reluctant.study import Study
from reluctant.training.checksums import initial_weights_source
from reluctant.training.tensors import TensorData


def describe_replacements(study: Study, datasets: Mapping[str, TensorData]) -> list[str]:
    """What is replaced in user-defined networks, what they get, which weights they keep: a sentence each."""
    sentences = []
    for model, data in product(study.model, datasets.values()):
        swap, sizes, own, keyword = _preview(model, study.activation[0], data)
        if keyword:
            parts = _describe_names(study, model, data, keyword)
        else:
            parts = [swap.sites_text()] if swap else ["takes the activation"] if sizes or own else []
        if own:
            parts.append(f"uses one of its own as well, for every activation of the study: {', '.join(own)}")
        if sizes:
            listed = ", ".join(f"{keyword}={value}" for keyword, value in sizes.items())
            parts.append(f"arguments from the data: {listed}")
        if MODELS.canonical(model).is_user_defined:
            parts += _describe_weights(study, model, data)
        parts += _describe_blocks(study, model, data)
        if parts:
            sentences.append(f"{model.removeprefix(f'{SESSION_MODULE}:')}: {'; '.join(parts)}")
    return list(dict.fromkeys(sentences))


def _preview(model: str, activation: str, data: TensorData) -> Replacements:
    return preview_replacements(model, activation, data.input_shape, data.outputs, data.source.tokens)


def initial_weight_sources(study: Study, datasets: Mapping[str, TensorData]) -> dict[str, str]:
    """What records say of the networks whose initial weights are their own (see `initial_weights_source`)."""
    sources: dict[str, str] = {}
    for model, data in product(study.model, datasets.values()):
        if MODELS.canonical(model).is_user_defined:
            sources |= initial_weights_source(model, _build(model, study.activation[0], data)[1].own)
    return sources


def _build(model: str, activation: str, data: TensorData) -> tuple[nn.Module, InitialWeights]:
    with watch_initialisation():
        network = data.build_network(model, activation)
    return network, initial_weights(network)


def _describe_weights(study: Study, model: str, data: TensorData) -> Iterator[str]:
    """What a network keeps of its own initial weights and what is drawn anew, for every `init` of the study."""
    network, weights = _build(model, study.activation[0], data)
    for init in study.init:
        head, where = INITIALISATIONS.canonical(init).head, f" with init = {init}" if len(study.init) > 1 else ""
        if weights.own and head in ("default", "as_made"):
            yield f"keeps its own initial weights{where}: {_listed(weights.own)}"
            for other in study.activation[1:]:
                if layer := _first_that_differs(network, _build(model, other, data)[0], weights.own):
                    yield f"with one seed they are not the same for {study.activation[0]} and {other}, as in {layer}"
                    break
        elif weights.own:
            yield f"init = {init} draws anew what the network initialises itself: {_listed(weights.own)}"
        if weights.made_before and head != "as_made":
            yield (
                f"weights that existed before the network was built are drawn anew{where}: "
                f"{_listed(weights.made_before)}; init = 'as_made' keeps them"
            )


def _describe_blocks(study: Study, model: str, data: TensorData) -> Iterator[str]:
    """How the blocks among the activations get into a network, and how large they make it."""
    for activation in study.activation:
        name = ACTIVATIONS.canonical(activation)
        if name.is_user_defined or ACTIVATIONS[name.head].family != "block":
            continue
        report = swap_report(_build(model, activation, data)[0])
        if report and (remarks := report.remarks()):
            yield f"{activation}: {', '.join(remarks)}"


def _first_that_differs(network: nn.Module, other: nn.Module, layers: Sequence[str]) -> str:
    """The first of these layers that has parameters of one shape and other values in another network; or ''."""
    others = dict(other.named_parameters())
    for layer in layers:
        for name, parameter in network.get_submodule(layer).named_parameters(prefix=layer, recurse=False):
            twin = others.get(name)
            if twin is not None and twin.shape == parameter.shape and not torch.equal(twin, parameter):
                return layer or "the network itself"
    return ""


def _listed(layers: Sequence[str]) -> str:
    """`21 layers: layers.0, …`."""
    names = join_names([name or "the network itself" for name in layers], FEW_NAMES)
    return f"{len(layers)} layer{'s' * (len(layers) != 1)}: {names}"


def _describe_names(study: Study, model: str, data: TensorData, keyword: str) -> list[str]:
    """Which activations a factory takes by their names, and which it does not know, so that they are swapped."""
    swaps = {a: _preview(model, a, data).report for a in study.activation}
    named, unknown = [a for a, swap in swaps.items() if not swap], [a for a, swap in swaps.items() if swap]
    parts = [f"takes the activation by its name as {keyword}: {', '.join(named)}"] if named else []
    if unknown and (swap := swaps[unknown[0]]):
        subject = "it is" if len(unknown) == 1 else "they are"
        parts.append(
            f"has none for {', '.join(unknown)} as {keyword}, so {subject} swapped into the default network: "
            f"{swap.sites_text()}"
        )
    return parts
