"""What a run minimises, over which batches, and the precision of its forward pass."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from reluctant.core.errors import StudyError
from reluctant.study import Run
from reluctant.study.class_weights import NONE, weight_numbers
from reluctant.tasks import Classification, Task
from reluctant.training.own_code import own_loss


class Objective:
    """The loss of a run as a function of (outputs, targets): the task's with its options, or the user's own.

    Raises `StudyError` where an option does not go with the task or with the loss.
    """

    def __init__(self, run: Run, task: Task, train_targets: Tensor) -> None:
        self.run, self.task = run, task
        self.own = own_loss(run.loss, train_targets.device)
        self.weights = None if run.class_weights == NONE else class_weights(run, task, train_targets)
        if self.own is not None and (run.label_smoothing or self.weights is not None):
            option = "label_smoothing" if run.label_smoothing else "class_weights"
            raise StudyError(f"{option} belongs to the standard loss, and the loss is {run.loss}; leave {option} out")

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """What is minimised, one number."""
        if self.own is not None:
            return self.own(outputs, targets)
        return self.task.loss(outputs, targets, self.run.label_smoothing, self.weights)

    def reported(self, loss: Tensor, outputs: Tensor, targets: Tensor) -> Tensor:
        """The training loss of a record: the minimised one, and with a loss of the user's the task's."""
        return loss.detach() if self.own is None else self._standard_where_finite(loss.detach(), outputs, targets)

    def _standard_where_finite(self, loss: Tensor, outputs: Tensor, targets: Tensor) -> Tensor:
        """The task's loss; the minimised one where that is not finite, so that divergence is noticed."""
        return torch.where(torch.isfinite(loss), self.task.loss(outputs.detach(), targets), loss)

    def state_dict(self) -> dict[str, Any]:
        """The buffers of a loss of the user's that is a module; empty otherwise."""
        return {"loss": self.own.state_dict()} if isinstance(self.own, nn.Module) else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue with the buffers of a state that has them."""
        if isinstance(self.own, nn.Module):
            self.own.load_state_dict(state["loss"])


def class_weights(run: Run, task: Task, train_targets: Tensor) -> Tensor:
    """The weight of every class; `StudyError` where there are no classes, or another number of them."""
    if not isinstance(task, Classification):
        raise StudyError("class_weights are for classes, and here numbers are predicted; leave it out")
    counts = torch.bincount(train_targets.cpu(), minlength=task.classes).tolist()
    try:
        numbers = weight_numbers(run.class_weights, counts)
    except ValueError as fault:
        raise StudyError(f"{fault}; give one per class, or write 'balanced'") from None
    return torch.tensor(numbers, dtype=torch.float32, device=train_targets.device)


class Group(NamedTuple):
    """Where a batch stands among those whose gradients make one step; by default it is the only one."""

    share: float = 1.0  # of the items of the group
    first: bool = True  # gradients begin at zero
    last: bool = True  # the weights are updated


def forward_precision(run: Run, device: torch.device) -> AbstractContextManager[object]:
    """A context in which a network computes in the precision of a run."""
    return torch.autocast(device.type, torch.bfloat16) if run.precision == "bf16" else nullcontext()


def in_full(outputs: Tensor) -> Tensor:
    """Outputs of a network in float32 where it computes in bfloat16, as the loss wants them; else as they are."""
    return outputs.float() if torch.is_autocast_enabled(outputs.device.type) else outputs
