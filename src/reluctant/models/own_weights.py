"""Layers whose initial weights are the network's own: its code changed what their `reset_parameters` had set."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.nn.parameter import is_lazy

from reluctant.core.randomness import RANDOM_STATES

_MARK = "_reluctant_as_reset"  # in a layer: the values that its reset_parameters set; a copy of the layer has them too


class InitialWeights(NamedTuple):
    """Where the initial weights of a network come from, as paths of layers that have a `reset_parameters`."""

    own: tuple[str, ...] = ()  # the network's code drew them, or loaded them
    made_before: tuple[str, ...] = ()  # they existed before the network was built


@contextmanager
def watch_initialisation() -> Iterator[None]:
    """Networks that are built meanwhile can be given to `initial_weights`."""
    originals: list[tuple[type, str, Any]] = []

    def watch(cls: type, method: str, mark: Callable[[Any], None]) -> None:
        original = vars(cls).get(method)
        if not isinstance(original, FunctionType) or hasattr(original, "mark"):
            return

        @functools.wraps(original)
        def watched(module: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(module, *args, **kwargs)
            mark(module)
            return result

        watched.mark = mark  # type: ignore[attr-defined]
        originals.append((cls, method, original))
        setattr(cls, method, watched)

    def watch_classes(module: nn.Module, *_: object) -> None:
        for cls in type(module).__mro__:
            watch(cls, "reset_parameters", _mark)

    # One thread at a time changes classes and restores them. It is the lock of the random states, which is held by
    # whoever builds a network under a seed: two locks would be taken in either order, and threads wait for ever.
    with RANDOM_STATES:
        hook = register_module_parameter_registration_hook(watch_classes)
        # Attention sets the bias of a linear layer in it: PyTorch's initial weights as well.
        watch(nn.MultiheadAttention, "_reset_parameters", lambda attention: [*map(_mark, attention.children())])  # type: ignore[arg-type]
        try:
            yield
        finally:
            hook.remove()
            for cls, method, original in reversed(originals):
                setattr(cls, method, original)


def initial_weights(model: nn.Module) -> InitialWeights:
    """Where a network's weights come from, if it was built in `watch_initialisation`; of this package's, nothing."""
    marks = {path: vars(module).pop(_MARK, None) for path, module in model.named_modules()}
    if type(model).__module__.startswith("reluctant."):
        return InitialWeights()
    unchanged: set[int] = set()  # ids of parameters; tied ones are those of another layer
    changed: dict[str, list[int]] = {}
    made_before = []
    for path, module in model.named_modules():
        own = {name: p for name, p in module._parameters.items() if p is not None and not is_lazy(p)}
        mark = marks[path]
        resets = callable(getattr(module, "reset_parameters", None))
        if not own or not resets or type(module).__module__.startswith("reluctant."):
            continue
        if mark is None:
            made_before.append(path)
            continue
        for name, parameter in own.items():
            if name not in mark:  # a part of a weight that was split, as by weight norm
                continue
            if _is_equal(parameter, mark[name]):
                unchanged.add(id(parameter))
            else:
                changed.setdefault(path, []).append(id(parameter))
    changed_layers = tuple(path for path, ids in changed.items() if not unchanged.issuperset(ids))
    return InitialWeights(changed_layers, tuple(made_before))


def _mark(module: nn.Module) -> None:
    vars(module)[_MARK] = {
        name: None if is_lazy(p) else p.detach().clone() for name, p in module._parameters.items() if p is not None
    }


def _is_equal(parameter: Tensor, before: Tensor | None) -> bool:
    """Whether a parameter has the values of before, in whatever type; what had none then is not equal."""
    if before is None or before.is_meta or parameter.is_meta or before.shape != parameter.shape:
        return False
    return torch.equal(before.to(parameter.device, parameter.dtype), parameter.detach())
