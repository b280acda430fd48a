"""One activation that is ready to be measured, plain or compiled: its input, its gradient, its passes.

A network is measured in the same way: its loss is a function of the batch, and its gradient is 1.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from reluctant.activations import make, output_mismatch
from reluctant.bench.config import BenchConfig
from reluctant.core.errors import StudyError, describe_exception

SEED = 20

Step = Callable[[], object]


@dataclass(frozen=True)
class TimedTrial:
    """An activation or a loss with its input and the incoming gradient; `function` is the module, or it compiled."""

    module: nn.Module
    function: Callable[[Tensor], Tensor]
    x: Tensor
    gradient: Tensor

    def leaves(self) -> tuple[Tensor, ...]:
        """The tensors that get a gradient: the input of an activation, and the learned parameters."""
        return tuple(tensor for tensor in (self.x, *self.module.parameters()) if tensor.requires_grad)

    def forward(self) -> Step:
        """A forward pass that stores what the backward pass needs."""
        return partial(self.function, self.x)

    def backward(self) -> Step:
        """A backward pass. Its forward pass happens here, once, and its graph is retained."""
        return partial(torch.autograd.grad, self.function(self.x), self.leaves(), self.gradient,
                       retain_graph=True, allow_unused=True)  # fmt: skip

    def both(self) -> Step:
        """A forward and a backward pass, as in a training step; no gradient accumulates."""
        leaves = self.leaves()
        return lambda: torch.autograd.grad(self.function(self.x), leaves, self.gradient, allow_unused=True)


PASSES: Mapping[str, Callable[[TimedTrial], Step]] = {
    "forward": TimedTrial.forward,
    "backward": TimedTrial.backward,
    "both": TimedTrial.both,
}


def measured_passes(config: BenchConfig) -> Mapping[str, Callable[[TimedTrial], Step]]:
    """The passes that are timed: of a network both together, which are a training step without the update."""
    return {"both": PASSES["both"]} if config.model else PASSES


def sample_inputs(config: BenchConfig) -> tuple[Tensor, Tensor]:
    """The input and the incoming gradient, both ~ N(0, 1), the same at every call."""
    where = config.torch_device if config.uses_cuda else torch.device("cpu")  # large ones are made on the GPU
    generator = torch.Generator(where).manual_seed(SEED)
    try:
        samples = [torch.randn(config.shape, generator=generator, device=where) for _ in range(2)]
        x, gradient = (sample.to(config.torch_device, config.torch_dtype) for sample in samples)
    except RuntimeError as fault:
        raise StudyError(
            f"no input of shape {config.shape_text} in {config.dtype} can be made "
            f"({describe_exception(fault)}); give a smaller --shape or another --dtype"
        ) from None
    return x.requires_grad_(), gradient


def prepare_trial(name: str, config: BenchConfig, x: Tensor, gradient: Tensor) -> TimedTrial:
    """The activation of this name, in training mode, after one forward and one backward pass.

    Raises:
        StudyError: The name gives no activation, or it fails on this input.
    """
    module = make(name, feature_axis=1)
    try:
        module = module.to(config.torch_device, config.torch_dtype).train()
        trial, before = TimedTrial(module, module, x, gradient), x.detach().clone()
        out = module(x)
        fault = output_mismatch(before, x, out)
        if not fault and not out.requires_grad:
            fault = "no gradient flows through it, so it has no backward pass to measure; leave it out"
        if not fault:
            trial.both()()
    except Exception as raised:  # a user's code may raise anything
        fault = (
            f"it fails on shape {config.shape_text} in {config.dtype} ({describe_exception(raised)}); "
            f"give another --shape or --dtype"
        )
    if fault:
        raise StudyError(f"activation {name}: {fault}")
    return trial


def compile_trials(
    trials: Mapping[str, TimedTrial],
    passes: Mapping[str, Callable[[TimedTrial], Step]] = PASSES,
    on_phase: Callable[[str], None] = lambda text: None,
) -> Iterator[tuple[str, TimedTrial | str]]:
    """The compiled form of each trial, or a sentence why there is none.

    If the first one cannot be compiled, torch.compile does not work here and the others are not tried.
    """
    works = False
    for number, (name, trial) in enumerate(trials.items(), 1):
        on_phase(f"compiling {name} ({number} of {len(trials)})")
        try:
            compiled = replace(trial, function=compile_module(trial.module))
            for prepare in passes.values():
                prepare(compiled)()
            yield name, compiled
            works = True
        except Exception as fault:  # a compiler may raise anything
            reason = describe_exception(getattr(fault, "inner_exception", fault))
            if not works:
                yield name, f"nothing is compiled: torch.compile does not work here ({reason})"
                return
            yield name, f"{name} cannot be compiled ({reason})"


def compile_module(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The module through `torch.compile`, however many modules were compiled before."""

    def call(x: Tensor) -> Tensor:
        out: Tensor = module(x)
        return out

    call.__code__ = call.__code__.replace()  # Dynamo gives up on a code object after eight modules
    compiled: Callable[[Tensor], Tensor] = torch.compile(call)
    return compiled


def repeatable_backward() -> AbstractContextManager[None]:
    """Inside the block a compiled backward pass leaves its saved tensors intact, so that it can run again."""
    from torch._functorch import config

    patched: AbstractContextManager[None] = config.patch(donated_buffer=False)
    return patched
