"""The compiled variants of activations, where `torch.compile` works."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

import torch
from torch import Tensor, nn

from reluctant.bench.trial import Trial
from reluctant.core.errors import describe_exception


def variants(trials: Mapping[str, Trial]) -> Iterator[tuple[str, Trial | str]]:
    """Each name's compiled trial, or one sentence why there is none; the first failure of all ends it."""
    works = False
    for name, trial in trials.items():
        try:
            yield name, _tried(replace(trial, function=compiled(trial.module)))
            works = True
        except Exception as fault:  # a compiler may fail in any way
            reason = describe_exception(getattr(fault, "inner_exception", fault))
            if not works:
                yield name, f"nothing is compiled: torch.compile does not work here ({reason})"
                return
            yield name, f"{name} cannot be compiled ({reason})"


def _tried(trial: Trial) -> Trial:
    trial.both()()
    trial.backward()()
    return trial


def compiled(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The module through `torch.compile`; how many others have been compiled does not matter to it."""

    def call(x: Tensor) -> Tensor:
        out: Tensor = module(x)
        return out

    call.__code__ = call.__code__.replace()  # Dynamo gives a code object up after eight modules
    made: Callable[[Tensor], Tensor] = torch.compile(call)
    return made


def repeatable() -> AbstractContextManager[None]:
    """Within it, a compiled backward pass leaves the tensors kept for it whole, and so can run again."""
    from torch._functorch import config

    patched: AbstractContextManager[None] = config.patch(donated_buffer=False)
    return patched
