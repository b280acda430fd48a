"""One activation ready to be measured: its input, the gradient that comes back, and what a pass is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from reluctant.activations import make
from reluctant.bench.setting import Setting
from reluctant.core.errors import StudyError, describe_exception

SEED = 20

Step = Callable[[], object]


@dataclass(frozen=True)
class Trial:
    """An activation with its input; `function` is the module itself or what was compiled from it."""

    module: nn.Module
    function: Callable[[Tensor], Tensor]
    x: Tensor
    gradient: Tensor

    def wanted(self) -> tuple[Tensor, ...]:
        """What gradients are taken of: the input and whatever is learned."""
        return self.x, *(p for p in self.module.parameters() if p.requires_grad)

    def forward(self) -> Step:
        """One forward pass that keeps what the backward pass needs."""
        return partial(self.function, self.x)

    def backward(self) -> Step:
        """One backward pass, through a forward pass that is made beforehand and stays."""
        return partial(torch.autograd.grad, self.function(self.x), self.wanted(), self.gradient,
                       retain_graph=True, allow_unused=True)  # fmt: skip

    def both(self) -> Step:
        """One forward and one backward pass, as a step of training takes them; no gradient adds up."""
        wanted = self.wanted()
        return lambda: torch.autograd.grad(self.function(self.x), wanted, self.gradient, allow_unused=True)


KINDS: Mapping[str, Callable[[Trial], Step]] = {
    "forward": Trial.forward,
    "backward": Trial.backward,
    "both": Trial.both,
}


def inputs(setting: Setting) -> tuple[Tensor, Tensor]:
    """The input and the gradient that comes back, both ~ N(0, 1), the same at every call."""
    source = torch.Generator().manual_seed(SEED)
    drawn = (torch.randn(setting.shape, generator=source) for _ in range(2))
    try:
        x, gradient = (each.to(setting.where, setting.kind) for each in drawn)
    except RuntimeError as fault:
        raise StudyError(
            f"no input of shape {setting.sizes} in {setting.dtype} can be made "
            f"({describe_exception(fault)}); give a smaller --shape or another --dtype"
        ) from None
    return x.requires_grad_(), gradient


def tried(name: str, setting: Setting, x: Tensor, gradient: Tensor) -> Trial:
    """The activation of this name, in training mode, after a pass forward and back.

    Raises `StudyError` where the name makes none, or it fails on this input.
    """
    module = make(name)
    try:
        module = module.to(setting.where, setting.kind).train()
        fault = _fault(Trial(module, module, x, gradient), setting)
    except Exception as raised:  # it may be anybody's code
        fault = (
            f"it fails on shape {setting.sizes} in {setting.dtype} ({describe_exception(raised)}); "
            f"give another --shape or --dtype"
        )
    if fault:
        raise StudyError(f"activation {name}: {fault}")
    return Trial(module, module, x, gradient)


def _fault(trial: Trial, setting: Setting) -> str:
    """What is wrong with an activation that runs; empty where nothing is."""
    before = trial.x.detach().clone()
    out = trial.function(trial.x)
    if not isinstance(out, Tensor):
        return f"it returns {type(out).__name__}; a tensor is wanted"
    if out.shape != before.shape:
        return f"it turns shape {setting.sizes} into {'x'.join(map(str, out.shape))}; an activation keeps it"
    if out.dtype != before.dtype:
        return f"it turns {before.dtype} into {out.dtype}; an activation keeps the dtype"
    if not out.requires_grad:
        return "no gradient flows through it, so it has no backward pass to measure; leave it out"
    trial.both()()
    if not torch.equal(before, trial.x):
        return "it changes its input in place; return a new tensor (inplace=False)"
    return ""
