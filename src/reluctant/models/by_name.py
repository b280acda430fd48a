"""Factories that take an activation by its name: `hidden_act="gelu"`, as configurations of transformers do."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from torch import nn

from reluctant.catalogue import ACTIVATIONS
from reluctant.core.display import quoted
from reluctant.core.errors import ModelError
from reluctant.models.swap.find_sites import find_sites
from reluctant.models.swap.forward import preserve_states_of_devices


def names_for(keyword: str, default: str, activation: object) -> list[str]:
    """The names under which a factory may know an activation: that of the catalogue, then its aliases.

    Raises `ModelError`: the activation has parameters of its own or is the user's, which no such name can say.
    """
    if isinstance(activation, str):
        name = ACTIVATIONS.canonical(activation)
        if not name.is_user_defined and not name.arguments:
            return [name.head, *ACTIVATIONS[name.head].aliases]
        written = str(name)
    else:
        written = str(getattr(activation, "__name__", quoted(activation)))
    raise ModelError(
        f"the network takes {keyword}= as a name, such as {default!r}, and no plain name says {written}; bind the "
        f"parameter, and every activation of the study is put into that network instead: write the model as "
        f"module:factory({keyword}={default!r}), in Python functools.partial(factory, {keyword}={default!r})"
    )


def follows_the_name(network: nn.Module, build_default: Callable[[], Any], example: Any) -> bool:
    """Whether a network that was built with a name differs from the factory's default in its modules or sites.

    One that does not has fallen back to the default, or uses the name for something else. Without an example calls of
    functions cannot be seen, and it is taken to follow. Random states are preserved.
    """
    if example is None:
        return True
    with suppress(Exception), preserve_states_of_devices(network):  # what fails is reported elsewhere
        return _parts(network, example) != _parts(build_default(), example)
    return True


def _parts(network: nn.Module, example: Any) -> tuple[list[Any], list[Any]]:
    """The classes of all modules and the kinds of all sites, by name; settings such as a slope in their text."""
    modules = [(name, type(module), module.extra_repr()) for name, module in network.named_modules()]
    return modules, [(site.name, site.kind) for site in find_sites(network, example)]
