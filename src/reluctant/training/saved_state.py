"""The state of a run between two steps, to which steps that were tried are taken back."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from reluctant.activations import Stochastic
from reluctant.training.tensor_steps import TensorSteps


class SavedState:
    """Everything that a step of a run changes: weights, buffers, gradients, the optimizer's memory, counters."""

    def __init__(self, member: TensorSteps) -> None:
        self.member = member
        # Without their gradients' history: what is known of a parameter to a stream would stay there
        self.named = {name: (tensor, tensor.detach().clone()) for name, tensor in _named_tensors(member)}

    @property
    def in_place(self) -> bool:
        """Whether all tensors of the network are still the same objects: steps have written into them."""
        return all(tensor is self.named[name][0] for name, tensor in _named_tensors(self.member) if name in self.named)

    @torch.no_grad()
    def restore(self) -> None:
        """Every tensor as it was, in its memory; what the optimizer has made since then is zero, as if new."""
        for module, name, path in _owners(self.member):
            if path in self.named:
                module._buffers[name] = self.named[path][0]
        for name, tensor in _named_tensors(self.member):
            if name in self.named:
                tensor.copy_(self.named[name][1])
            else:
                tensor.zero_()
        for module in self.member.training.model.modules():
            if isinstance(module, Stochastic):
                module.restart()

    def tensors(self) -> list[Tensor]:
        """The tensors as they are now, copied."""
        return [tensor.detach().clone() for _, tensor in _named_tensors(self.member)]


def _owners(member: TensorSteps) -> Iterator[tuple[nn.Module, str, str]]:
    """Every module with a buffer, the buffer's name, and its whole path."""
    own = member.training.objective.own
    for root, prefix in ((member.training.model, "network"), (own, "loss")):
        if isinstance(root, nn.Module):
            for path, module in root.named_modules():
                for name, buffer in module._buffers.items():
                    if buffer is not None:
                        yield module, name, f"{prefix}.{path}.{name}"


def _named_tensors(member: TensorSteps) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a step changes, each under a name of its own."""
    training = member.training
    for name, parameter in training.model.named_parameters():
        yield f"parameter.{name}", parameter
        if parameter.grad is not None:
            yield f"gradient.{name}", parameter.grad
    for module, name, path in _owners(member):
        buffer = module._buffers[name]
        if buffer is not None:
            yield path, buffer
    for number, group in enumerate(training.optimizer.param_groups):
        for position, parameter in enumerate(group["params"]):
            yield f"optimized.{number}.{position}", parameter
            for key, value in training.optimizer.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    yield f"optimizer.{number}.{position}.{key}", value
    for number, counter in enumerate(member.counters()):
        yield f"counter.{number}", counter
