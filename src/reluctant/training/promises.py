"""What own modules promise without a word: PyTorch knows their parameters, trains them, and stores their state."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from reluctant.activations import Stochastic
from reluctant.core.errors import ModelError
from reluctant.models.swap.forward import seeded
from reluctant.training.objective import forward_precision, in_full
from reluctant.training.training import Training


def check_parameters_known(model: nn.Module, what: str) -> None:
    """`ModelError` where a module keeps parameters that `model.parameters()` does not return: nothing trains them."""
    known = {id(parameter) for parameter in model.parameters()}
    for path, module in model.named_modules():
        owner = type(module).__name__
        if type(module).__module__.partition(".")[0] == "torch":
            continue
        for kind in type(module).__mro__:
            for name, value in vars(kind).items():
                if isinstance(value, nn.Parameter) and id(value) not in known:
                    raise ModelError(
                        f"{what}: {owner}.{name} is a parameter of the class, which all its modules would share and "
                        f"nothing trains; write self.{name} = nn.Parameter(…) in __init__"
                    )
        for name, value in vars(module).items():
            if not name.startswith("_") and any(id(each) not in known for each in _parameters_in(value)):
                raise ModelError(
                    f"{what}: {path + '.' if path else ''}{name} is a {type(value).__name__} that holds parameters, so "
                    f"PyTorch does not know them and nothing trains them; use nn.ModuleList, nn.ModuleDict or "
                    f"nn.ParameterList"
                )


def _parameters_in(value: object) -> Iterator[nn.Parameter]:
    """The trained parameters in a plain list, tuple or dictionary."""
    if isinstance(value, list | tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, nn.Parameter):
                yield each
            elif isinstance(each, nn.Module):
                yield from (parameter for parameter in each.parameters() if parameter.requires_grad)


def check_gradients(training: Training, first: int, what: str) -> None:
    """`ModelError` where the loss of a training step depends on a parameter and has no gradient by it.

    Computes batches in training mode. A gradient of 0 is none of these: a branch may begin with a factor 0; nor is a
    parameter whose module is called for nothing, such as the pooler of a BERT with another head.
    """
    called: set[str] = set()
    handles = [
        module.register_forward_hook(lambda module, inputs, output, path=path: called.add(path))
        for path, module in training.model.named_modules()
        if not isinstance(module, torch.jit.ScriptModule)  # these take no hooks
    ]
    training.model.train()

    def loss_of_batch() -> Tensor:
        with seeded(2), forward_precision(training.run, training.device):
            outputs = in_full(training.model(training.data.train.inputs[:first].clone()))
        return training.objective(outputs, training.data.train.targets[:first])

    try:
        loss = loss_of_batch()
    finally:
        for handle in handles:
            handle.remove()
    modules = dict(training.model.named_modules())
    parameters = {
        f"{path}.{name}".lstrip("."): parameter
        for path in sorted(called)
        for name, parameter in modules[path].named_parameters(recurse=False)
        if parameter.requires_grad
    }
    reached = loss.requires_grad and parameters
    gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True) if reached else ()
    for name, gradient in zip(parameters, gradients or [None] * len(parameters), strict=True):
        if gradient is None and _changes(loss_of_batch, parameters[name]):
            raise ModelError(
                f"{what}: the loss has no gradient with respect to {name}, so it would never be trained. Behind it the "
                f"network leaves PyTorch's gradients, by .detach(), .data, torch.no_grad(), NumPy or a comparison. If "
                f"that is meant, set its requires_grad to False; if it is not used, remove it"
            )


@torch.no_grad()
def _changes(loss: Callable[[], Tensor], parameter: Tensor) -> bool:
    """Whether the loss is another one when a parameter is."""
    value, before = parameter.clone(), loss()
    parameter.mul_(-2).add_(torch.linspace(-1, 1, parameter.numel()).view_as(parameter).to(parameter))
    try:
        return not torch.equal(before, loss())
    finally:
        parameter.copy_(value)


def check_activation_gradient(module: nn.Module, what: str) -> None:
    """`ModelError` where an activation has no gradient, or one that is 0 for all inputs from −3 to 3."""
    x = torch.linspace(-3, 3, 144).reshape(2, 8, 3, 3).requires_grad_()
    out: Tensor = module(x)
    slopes = torch.autograd.grad(out.sum(), x, allow_unused=True)[0] if out.requires_grad else None
    if slopes is None:
        raise ModelError(
            f"{what} has no gradient with respect to its input, so nothing before it would be trained; compute it "
            f"without .detach(), .data, torch.no_grad() and NumPy"
        )
    if not slopes.any():
        raise ModelError(
            f"{what} is a step function: its slope is 0 for all inputs between −3 and 3, so nothing before it would be "
            f"trained; give it a slope of your own by torch.autograd.Function"
        )


def check_continues(training: Training, continued: Training, first: int, what: str) -> None:
    """`ModelError` where the next step is another one after its state was stored and loaded, as after a kill.

    Takes that step in both.
    """
    try:
        continued.model.load_state_dict(training.model.state_dict())
        # a copy, as a file is: loading an optimizer's state shares its tensors
        continued.optimizer.load_state_dict(copy.deepcopy(training.optimizer.state_dict()))
    except Exception:  # parameters made by the first input: an interrupted run begins anew
        return
    for each in (training, continued):
        each.model.train()
        for module in each.model.modules():
            if isinstance(module, Stochastic):  # ours begin every epoch anew
                module.reseed(1)
        with seeded(1):
            each.step(each.data.train.inputs[:first].clone(), each.data.train.targets[:first])
    weights = continued.model.state_dict()
    for name, tensor in training.model.state_dict().items():
        if not torch.equal(tensor, weights[name]) and not (tensor.isnan().any() or weights[name].isnan().any()):
            raise ModelError(
                f"{what} keeps a state that its state_dict lacks, so a run that is interrupted and continued would end "
                f"with other numbers: {name} differs after one step. Keep such a state in a buffer "
                f"(self.register_buffer), or in get_extra_state and set_extra_state"
            )
