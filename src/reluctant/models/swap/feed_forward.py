"""Feed-forward layers: an activation between two linear maps, which a gate can replace as a whole."""

from collections import Counter
from typing import Any, NamedTuple

from torch import nn
from torch.nn.parameter import is_lazy

from reluctant.models.swap.feature_axes import is_conv1d
from reluctant.models.swap.layer_flows import LayerFlows


class FeedForward(NamedTuple):
    """down(f(up(x))): the paths of both linear layers, and how many rows each computes on the example.

    `gated` is whether the network multiplies f(…) by another map itself, as in down(f(gate(x)) · up(x)); then `up` is
    empty.
    """

    up: str
    down: str
    up_rows: int = 0
    down_rows: int = 0
    gated: bool = False


def find_feed_forward(model: nn.Module, flows: LayerFlows, site: Any) -> FeedForward | str:
    """The feed-forward layer around an activation site, or why it is not in one."""
    if site not in flows.sites:
        return "it was not called"
    around = flows.sites[site]
    if around.uses == {("product", site)}:
        uses = flows.products[site].uses
        if len(uses) == 1 and next(iter(uses))[0] == "layer":
            return FeedForward("", next(iter(uses))[1], gated=True)
        return "its output is multiplied by another one"
    if fault := _fault_before(flows, site) or _fault_behind(flows, site):
        return fault
    (_, up), (_, down) = next(iter(around.sources)), next(iter(around.uses))
    if up == down:
        return f"{up} is before it and behind it"
    for path in (up, down):
        if fault := _fault_of_layer(model, path, flows):
            return f"{path} {fault}"
    return FeedForward(up, down, flows.layers[up].rows, flows.layers[down].rows)


def _fault_before(flows: LayerFlows, site: Any) -> str:
    """Why the input of a site is not that of one linear layer alone; empty if it is."""
    sources = flows.sites[site].sources
    if len(sources) != 1 or next(iter(sources))[0] != "layer":
        return "its input does not come straight from a linear layer"
    (_, up) = next(iter(sources))
    others = flows.layers[up].uses - {("site", site)}
    return f"the output of {up} {_goes_to(others)} as well" if others else ""


def _fault_behind(flows: LayerFlows, site: Any) -> str:
    """Why the output of a site does not go to one linear layer alone; empty if it does."""
    uses = flows.sites[site].uses
    if others := {use for use in uses if use[0] != "layer"}:
        return f"its output {_goes_to(others)}"
    if len(uses) != 1:
        return f"its output goes to {len(uses)} linear layers"
    (_, down) = next(iter(uses))
    return "" if flows.layers[down].sources == {("site", site)} else f"{down} has other inputs as well"


def linear_sizes(layer: nn.Module) -> tuple[int, int]:
    """The inputs and outputs of a linear layer."""
    rows, columns = layer.weight.shape  # type: ignore[misc]
    return (int(rows), int(columns)) if is_conv1d(layer) else (int(columns), int(rows))


def _goes_to(uses: set[Any]) -> str:
    kind, name = min(uses, key=str)
    if kind == "site":
        return f"goes to the activation {name.path or 'itself'}"
    return f"goes to {name}" if kind in ("layer", "other") and name else "is multiplied by another one"


def _fault_of_layer(model: nn.Module, path: str, flows: LayerFlows) -> str:
    """Why a linear layer cannot get another width; empty if it can."""
    layer = model.get_submodule(path)
    own = list(layer._parameters.values())
    if isinstance(layer, nn.Linear) and _original(layer).forward is not nn.Linear.forward:
        return f"has a forward of its own ({type(layer).__name__})"
    if set(layer._parameters) != {"weight", "bias"} or any(layer.children()) or layer._buffers:
        return "has other weights than a linear layer, as with weight norm or LoRA"
    if any(p is not None and is_lazy(p) for p in own):
        return "has no weights yet"
    counts = Counter(id(p) for module in model.modules() for p in module._parameters.values())
    if any(counts[id(p)] > 1 or id(p) in flows.loose_weights for p in own if p is not None):
        return "has weights that are used elsewhere too"
    return ""


def _original(layer: nn.Module) -> Any:
    return getattr(type(layer), "reluctant_original_class", type(layer))
