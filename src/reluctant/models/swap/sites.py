"""Where a network applies its activations, and what the places are called."""

import re

from torch import nn

from reluctant.activations import MARK
from reluctant.catalogue import ACTIVATIONS
from reluctant.models.swap.activation_types import SOFTMAX, WIDTH, basic, kind_of

CALLS = "reluctant_sites"  # where a module keeps the modules that answer its calls of functions
TURNS = "reluctant_turns"  # where the modules are that answer for one called at several places


def sites(model: nn.Module) -> dict[str, nn.Module]:
    """The activation modules of a network by their paths, in the order they were registered.

    Those made by `reluctant.activations`, those of a class that the catalogue knows, and foreign ones that
    are called like one. A module that is used at several places is listed once.
    """
    known = {row.code for row in ACTIVATIONS}
    return {path: module for path, module in model.named_modules() if _is_site(module, known)}


def _is_site(module: nn.Module, known: set[str]) -> bool:
    if hasattr(module, MARK):
        return True
    if type(module) is nn.Identity:  # a gap that was filled, as in many networks
        return False
    if f"torch.nn:{type(module).__name__}" in known:
        return True
    kind = kind_of(module)
    return bool(kind) and basic(kind) not in SOFTMAX | WIDTH


def place_name(path: str) -> str:
    """What a place is called whose module lies at `path`.

    `layer1.0#relu` is a call of a function, `layer1.0.act#2` the second place of a module called at several.
    """
    path = re.sub(rf"(?:^|\.){CALLS}\.(\w+)$", r"#\1", path)
    return re.sub(rf"\.{TURNS}\.(\d+)$", lambda found: "" if found[1] == "1" else f"#{found[1]}", path)
