"""Networks with hooks on activations and user-defined subclasses; those for which the law fails, with the reason."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.support.zoo import ROWS, Network
from tests.support.zoo_spellings import Lines, sequential_of
from tests.support.zoo_wrappings import double_output, shift_input, triple_gradient


class KnownFailure(NamedTuple):
    """A network and what differs after a swap of its own activation."""

    network: Network
    difference: str


class FirstModuleWritesIntoTheInput(nn.Sequential):
    """The in-place activation stands first: it changes the caller's tensor."""

    def __init__(self) -> None:
        super().__init__(nn.ReLU(inplace=True), nn.Linear(6, 6), nn.ReLU(inplace=True), nn.Linear(6, 3))


class EluCallsInPlace(Lines):
    def forward(self, x: Tensor) -> Any:
        h = self.a(x)
        F.elu_(h)
        return self.out(F.elu(self.b(h), inplace=True))


class ScaledReLU(nn.ReLU):
    """A subclass that scales the result, as in networks without normalisation."""

    def forward(self, x: Tensor) -> Any:
        return super().forward(x) * 1.7139588594436646


class GradientOfRows(nn.Module):
    """The gradient of the network at every row, as physics and score matching use it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))

    def forward(self, x: Tensor) -> Any:
        return torch.func.vmap(torch.func.grad(lambda row: self.net(row).sum()))(x)


def hooked_activation(register: str, hook: Callable[..., Any]) -> Callable[[], nn.Module]:
    """A hook on the activation module itself."""

    def build() -> nn.Module:
        network = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))
        getattr(network[1], register)(hook)
        return network

    return build


LAST_BITS = "gradients differ by up to 2e-7: PyTorch's backward of the in-place kernel rounds differently"


HOOKS_AND_SUBCLASSES = {
    "forward hook": Network(hooked_activation("register_forward_hook", double_output), ROWS),
    "forward pre-hook": Network(hooked_activation("register_forward_pre_hook", shift_input), ROWS),
    "backward hook": Network(hooked_activation("register_full_backward_hook", triple_gradient), ROWS),
    "scaled subclass": Network(lambda: nn.Sequential(nn.Linear(6, 6), ScaledReLU(), nn.Linear(6, 3)), ROWS),
    "gradient of rows": Network(GradientOfRows, ROWS, "tanh"),
}
KNOWN_FAILURES = {
    "input written into": KnownFailure(
        Network(FirstModuleWritesIntoTheInput, ROWS),
        "it changes its own input in place: with the replaced activation the caller's input keeps its values",
    ),
    "elu modules in place": KnownFailure(Network(sequential_of(lambda: nn.ELU(inplace=True)), ROWS, "elu"), LAST_BITS),
    "elu calls in place": KnownFailure(Network(EluCallsInPlace, ROWS, "elu"), LAST_BITS),
    "celu in place": KnownFailure(Network(sequential_of(lambda: nn.CELU(inplace=True)), ROWS, "celu"), LAST_BITS),
    "selu in place": KnownFailure(Network(sequential_of(lambda: nn.SELU(inplace=True)), ROWS, "selu"), LAST_BITS),
    "random relu": KnownFailure(
        Network(sequential_of(nn.RReLU), ROWS, "rrelu"), "train mode: other slopes and another random state"
    ),
}
