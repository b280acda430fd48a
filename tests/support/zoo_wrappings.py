"""Networks with what PyTorch wraps around layers: checkpoints, lazy layers, hooks, parametrizations, dropout."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

from tests.support.zoo import IMAGES, ROWS, Network, normal


class Block(nn.Module):
    """A module's activation and a functional one, with dropout between."""

    def __init__(self, width: int = 6, rate: float = 0.2, inplace: bool = False) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.act, self.dropout = nn.ReLU(inplace=inplace), nn.Dropout(rate)

    def forward(self, x: Tensor) -> Any:
        return x + F.relu(self.second(self.dropout(self.act(self.first(x)))))


class CheckpointedModules(nn.Module):
    """Each block runs again in the backward pass."""

    def __init__(self, use_reentrant: bool, inplace: bool = False) -> None:
        super().__init__()
        self.stem, self.out, self.use_reentrant = nn.Linear(6, 6), nn.Linear(6, 3), use_reentrant
        self.blocks = nn.ModuleList(Block(inplace=inplace) for _ in range(2))

    def forward(self, x: Tensor) -> Any:
        x = F.relu(self.stem(x))
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=self.use_reentrant)
        return self.out(x)


class CheckpointedInTraining(CheckpointedModules):
    """Checkpoints only in the training mode, as the libraries do."""

    def forward(self, x: Tensor) -> Any:
        x = F.relu(self.stem(x))
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=self.use_reentrant) if self.training else block(x)
        return self.out(x)


class CheckpointedSequential(nn.Module):
    def __init__(self, use_reentrant: bool) -> None:
        super().__init__()
        self.use_reentrant, self.out = use_reentrant, nn.Linear(6, 3)
        self.body = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), Block(), nn.Linear(6, 6), nn.ReLU(inplace=True), Block())
        self.stem = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Any:
        run: Any = checkpoint_sequential
        return self.out(run(self.body, 3, self.stem(x), use_reentrant=self.use_reentrant))


def lazy_linear() -> nn.Module:
    return nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(6), nn.ReLU(inplace=True), nn.LazyLinear(3))


class LazyConvolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(inplace=True), nn.LazyConv2d(4, 3))
        self.head = nn.LazyLinear(3)

    def forward(self, x: Tensor) -> Any:
        return self.head(F.relu(self.body(x)).flatten(1))


def double_output(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
    return output * 2


def shift_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (inputs[0] - 0.5,)


def triple_gradient(module: nn.Module, into: Any, out: Any) -> tuple[Tensor, ...]:
    return (into[0] * 3,)


def keyword_hook(module: nn.Module, inputs: Any, keywords: dict[str, Any], output: Tensor) -> Tensor:
    return output + 1


def hooks_on_blocks() -> nn.Module:
    """Hooks on the layers around the activations, and on the network."""
    network = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), Block(), nn.Linear(6, 3))
    network[0].register_forward_hook(double_output)
    network[2].register_forward_pre_hook(shift_input)
    network[2].register_forward_hook(keyword_hook, with_kwargs=True)
    network.register_forward_hook(double_output)
    network[3].register_full_backward_hook(triple_gradient)
    return network


def hook_calls_an_activation() -> nn.Module:
    """The activation is called by a hook."""
    network = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))
    network[0].register_forward_hook(lambda module, inputs, output: F.relu(output))
    return network


def weight_norm() -> nn.Module:
    norm = parametrizations.weight_norm
    return nn.Sequential(norm(nn.Linear(6, 6)), nn.ReLU(), norm(nn.Linear(6, 6)), nn.ReLU(True), nn.Linear(6, 3))


def weight_norm_of_hooks() -> nn.Module:
    """The older spelling: a pre-hook computes the weight."""
    norm = torch.nn.utils.weight_norm
    return nn.Sequential(norm(nn.Linear(6, 6)), nn.ReLU(), norm(nn.Linear(6, 6)), nn.ReLU(), nn.Linear(6, 3))


def spectral_norm() -> nn.Module:
    """Power iterations change buffers in every training pass."""
    norm = parametrizations.spectral_norm
    return nn.Sequential(
        norm(nn.Conv2d(3, 4, 3)), nn.ReLU(), norm(nn.Conv2d(4, 4, 3)), nn.ReLU(), nn.Flatten(), norm(nn.Linear(64, 3))
    )


def spectral_norm_of_hooks() -> nn.Module:
    norm = torch.nn.utils.spectral_norm
    return nn.Sequential(norm(nn.Linear(6, 6)), nn.ReLU(), norm(nn.Linear(6, 6)), nn.ReLU(True), nn.Linear(6, 3))


def orthogonal() -> nn.Module:
    return nn.Sequential(
        parametrizations.orthogonal(nn.Linear(6, 6)), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3)
    )


class Positive(nn.Module):
    """A parametrization that uses an activation: weights that are not negative."""

    def forward(self, weight: Tensor) -> Any:
        return F.relu(weight)


def parametrized_by_an_activation() -> nn.Module:
    layer = nn.Linear(6, 6)
    torch.nn.utils.parametrize.register_parametrization(layer, "weight", Positive())
    return nn.Sequential(nn.Linear(6, 6), nn.ReLU(), layer, nn.ReLU(), nn.Linear(6, 3))


class TiedAutoencoder(nn.Module):
    """The decoder has the encoder's weight."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(6, 6), nn.Linear(6, 6)
        self.decoder.weight = self.encoder.weight

    def forward(self, x: Tensor) -> Any:
        code = F.relu(self.encoder(x))
        return self.decoder(torch.relu(F.linear(code, self.encoder.weight.t())))


def dropouts() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 6), nn.ReLU(), nn.Dropout(0.5), Block(rate=0.4), nn.Dropout(0.3, inplace=True), nn.Linear(6, 3)
    )


class StochasticDepth(nn.Module):
    """Blocks are dropped for single samples, and whole blocks for the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks, self.out = nn.ModuleList(Block() for _ in range(3)), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        for block in self.blocks:
            if self.training:
                survives = torch.rand(len(x), 1, device=x.device) < 0.7
                x = x + survives / 0.7 * F.relu(block(x))
            else:
                x = x + F.relu(block(x))
        return self.out(x)


def norms() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, momentum=None), nn.ReLU(True), nn.Conv2d(4, 4, 3), nn.GroupNorm(2, 4),
        nn.ReLU(True), nn.InstanceNorm2d(4, affine=True, track_running_stats=True), nn.ReLU(), nn.LayerNorm([4, 4, 4]),
        nn.ReLU(), nn.Flatten(), nn.Linear(64, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.RMSNorm(6), nn.Linear(6, 3),
    )  # fmt: skip


def self_normalising() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 6), nn.SELU(), nn.AlphaDropout(0.3), nn.Linear(6, 6), nn.SELU(), nn.Linear(6, 3))


def double_precision() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 6), nn.ReLU(), Block(), nn.BatchNorm1d(6), nn.GELU(), nn.Linear(6, 3)).double()


class RunningCount(nn.Module):
    """Forward changes a buffer and an attribute of its own."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first, self.out, self.passes = nn.Linear(6, 6), nn.Linear(6, 3), 0
        self.register_buffer("mean", torch.zeros(6))

    def forward(self, x: Tensor) -> Any:
        h = F.relu(self.first(x))
        if self.training:
            self.passes += 1
            self.mean = 0.9 * self.mean + h.detach().mean(0) / self.passes
        return self.out(h - self.mean)


class Frozen(nn.Module):
    """A part without gradients, run under no_grad."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), Block()), nn.Linear(6, 3)
        self.body.requires_grad_(False)

    def forward(self, x: Tensor) -> Any:
        with torch.no_grad():
            features = self.body(x)
        return self.head(F.relu(features + x))


WRAPPINGS = {
    "checkpoint, reentrant": Network(lambda: CheckpointedModules(True), ROWS),
    "checkpoint, not reentrant": Network(lambda: CheckpointedModules(False), ROWS),
    "checkpoint in place, reentrant": Network(lambda: CheckpointedModules(True, inplace=True), ROWS),
    "checkpoint in place, not reentrant": Network(lambda: CheckpointedModules(False, inplace=True), ROWS),
    "checkpoint in training, reentrant": Network(lambda: CheckpointedInTraining(True), ROWS),
    "checkpoint in training, not reentrant": Network(lambda: CheckpointedInTraining(False), ROWS),
    "checkpoint_sequential, reentrant": Network(lambda: CheckpointedSequential(True), ROWS),
    "checkpoint_sequential, not reentrant": Network(lambda: CheckpointedSequential(False), ROWS),
    "lazy linear": Network(lazy_linear, ROWS),
    "lazy convolutions": Network(LazyConvolutions, IMAGES),
    "hooks on blocks": Network(hooks_on_blocks, ROWS),
    "hook calls an activation": Network(hook_calls_an_activation, ROWS),
    "weight norm": Network(weight_norm, ROWS),
    "weight norm of hooks": Network(weight_norm_of_hooks, ROWS),
    "spectral norm": Network(spectral_norm, IMAGES),
    "spectral norm of hooks": Network(spectral_norm_of_hooks, ROWS),
    "orthogonal": Network(orthogonal, ROWS),
    "parametrized by an activation": Network(parametrized_by_an_activation, ROWS),
    "tied weights": Network(TiedAutoencoder, ROWS),
    "dropouts": Network(dropouts, ROWS),
    "stochastic depth": Network(StochasticDepth, ROWS),
    "norms": Network(norms, IMAGES),
    "self-normalising": Network(self_normalising, ROWS, "selu"),
    "double precision": Network(double_precision, normal(5, 6, dtype=torch.float64), only=("1", "2.act", "2#relu")),
    "running buffer": Network(RunningCount, ROWS),
    "frozen part": Network(Frozen, ROWS),
}
