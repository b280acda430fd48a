"""Run a network on an example without changing it: on a copy that shares its parameters."""

import copy
import random
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import FlopCounterMode

from reluctant.activations import undecided_axes
from reluctant.core.errors import ModelError
from reluctant.core.randomness import preserve_random_states

HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


def clone_sharing_parameters(model: nn.Module) -> nn.Module:
    """A copy of a network with the same parameters (not copies), but its own buffers; or `ModelError`."""
    shared: list[Tensor] = [p for p in model.parameters() if not is_lazy(p)]
    for module in model.modules():  # PyTorch cannot copy a tensor that was computed
        shared += [v for v in tree_leaves(vars(module)) if isinstance(v, Tensor) and not v.is_leaf]
    copies: dict[int, Any] = {id(tensor): tensor for tensor in shared}
    try:
        return _rebind_closures(copy.deepcopy(model, copies), copies)
    except Exception as error:
        raise ModelError(
            f"the network cannot be copied, and only a copy can be traced: {type(error).__name__}: {error}"
        ) from error


def _rebind_closures(clone: nn.Module, copies: dict[int, Any]) -> nn.Module:
    """Let the hooks and function attributes of a copy refer to the copied modules: `deepcopy` shares functions."""

    def rebound(value: Any) -> Any:
        if not isinstance(value, types.FunctionType) or not value.__closure__:
            return value
        contents = [cell.cell_contents for cell in value.__closure__]
        if not any(isinstance(copies.get(id(content)), nn.Module) for content in contents):
            return value
        cells = tuple(types.CellType(copies.get(id(content), content)) for content in contents)
        function = types.FunctionType(value.__code__, value.__globals__, value.__name__, value.__defaults__, cells)
        function.__kwdefaults__ = value.__kwdefaults__
        return function

    for module in clone.modules():
        for holder in (module.__dict__, *(getattr(module, name) for name in HOOKS)):
            for key, value in holder.items():
                holder[key] = rebound(value)
    return clone


def is_float(x: Any) -> bool:
    """Whether this is a tensor of floats."""
    return isinstance(x, Tensor) and x.is_floating_point()


def call_network(model: nn.Module, example: Any) -> Any:
    """The output for a tensor, or for a tuple or mapping of the network's inputs."""
    example = tree_map(lambda x: x.clone() if isinstance(x, Tensor) else x, example)  # the network may write into it
    if isinstance(example, Mapping):
        return model(**example)
    return model(*example) if isinstance(example, tuple | list) else model(example)


def run_example(clone: nn.Module, example: Any, *, training: bool = False) -> Any:
    """The output of one forward pass without gradients.

    In training mode batch norms still use their running statistics. The pass may change buffers and
    attributes, so it runs on a clone. Random states are preserved.
    """
    with preserve_states_of_devices(clone), torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="None of the inputs have requires_grad")  # of torch.utils.checkpoint
        return call_network(set_training_mode(clone, training=training), example)


def set_training_mode(clone: nn.Module, *, training: bool) -> nn.Module:
    """The network in training or evaluation mode, its batch norms in evaluation: a batch of one has no variance."""
    clone.train(training)
    for module in clone.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
    return clone


def materialise_lazy_parameters(model: nn.Module, example: Any) -> None:
    """Run the network once if it has lazy parameters, which take their shape from the first input.

    The pass runs in evaluation mode. The mode of every module and random states are preserved.
    """
    if not any(map(is_lazy, [*model.parameters(), *model.buffers()])):
        return
    with preserve_states_of_devices(model), torch.no_grad(), evaluation_mode(model):
        try:
            call_network(model, example)
        except Exception as error:
            raise ModelError(f"{type(model).__name__} fails {error_summary(error, example)}") from error


@contextmanager
def preserve_parameters(model: nn.Module) -> Iterator[None]:
    """Restore the values of parameters afterwards: a layer may set them from the first batch that it gets."""
    before = [(p, p._version, p.detach().clone()) for p in model.parameters() if not is_lazy(p)]
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, version, values in before:
                if parameter._version != version:
                    parameter.copy_(values)


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Evaluation mode; afterwards every module has its own mode again."""
    training, modes = model.training, {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        model.train(training)  # of a user's class it may do more than set the modes
        for module, mode in modes.items():
            module.training = mode


def count_multiply_adds(clone: nn.Module, example: Any) -> int | None:
    """Multiply-adds of one forward pass on the example: those of convolutions, linear maps and attention.

    None where PyTorch's counter fails, as within `torch.func.grad`.
    """
    for module in clone.modules():  # a compiled kernel, which no counter sees, does not run a layer with hooks
        if not isinstance(module, torch.jit.ScriptModule):
            module.register_forward_hook(_no_change)
    try:
        with FlopCounterMode(display=False) as counter:
            run_example(clone, example)
    except RuntimeError:
        return None
    flops: int = counter.get_total_flops()
    return flops // 2  # a multiplication and an addition are two


def _no_change(*_: object) -> None:
    """A hook that does nothing."""


def size_of(model: nn.Module, example: Any = None) -> tuple[int, int | None]:
    """A network's parameters, and its multiply-adds on the example; those of blocks whose axis is open not counted."""
    if example is None:
        return count_parameters(model), None
    with undecided_axes():
        return count_parameters(model), count_multiply_adds(clone_sharing_parameters(model), example)


def count_parameters(model: nn.Module) -> int:
    """How many numbers a network learns; parameters without a shape yet are not counted."""
    return sum(p.numel() for p in model.parameters() if not is_lazy(p))


@contextmanager
def preserve_states_of_devices(model: nn.Module | None, cards: Sequence[int] = ()) -> Iterator[None]:
    """Restore random states afterwards, those of the GPUs of a network and of these GPUs among them."""
    parameters = model.parameters() if model is not None else ()
    devices = {*cards} | {p.device.index or 0 for p in parameters if p.device.type == "cuda"}
    with preserve_random_states(), torch.random.fork_rng(devices=sorted(devices)):
        yield


def rewinding(card: torch.device | None = None) -> Callable[[], None]:
    """A function that sets the random states of PyTorch, NumPy and Python back to what they are now.

    PyTorch's are those of the CPU and of a GPU that is given.
    """
    on_card = torch.cuda.get_rng_state(card) if card is not None else None
    torch_state, numpy_state, python_state = torch.get_rng_state(), np.random.get_state(), random.getstate()

    def rewind() -> None:
        torch.set_rng_state(torch_state)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        if on_card is not None and card is not None:
            torch.cuda.set_rng_state(on_card, card)

    return rewind


class GlobalRandomStates:
    """The global random numbers of PyTorch, NumPy and Python for one piece of work that goes on in turns with others.

    They begin at the seed, and go on in every turn where the last one ended. Others' states are restored afterwards.
    """

    def __init__(self, seed: int, device: torch.device | None = None) -> None:
        self._seed = seed
        self._device = device if device is not None and device.type == "cuda" else None
        self._resume: Callable[[], None] | None = None

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within it random numbers are these."""
        with preserve_states_of_devices(None, [] if self._device is None else [self._device.index or 0]):
            if self._resume is None:
                _seed_all(self._seed)
            else:
                self._resume()
            yield
            self._resume = rewinding(self._device)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers of PyTorch, NumPy and Python from this seed; their states are restored afterwards."""
    with preserve_random_states():
        _seed_all(seed)
        yield


def _seed_all(seed: int) -> None:
    if torch.accelerator.is_available():
        torch.manual_seed(seed)
    else:  # `manual_seed` would format the stack three times, for devices that do not exist: 0.2 ms
        torch.default_generator.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


def error_summary(error: Exception, example: Any) -> str:
    """`on inputs of shape (2, 1, 28, 28): `, the type of an error and the first line of its message."""
    lines = str(error).strip().splitlines() or [""]
    inputs = f"inputs of shape {tuple(example.shape)}" if isinstance(example, Tensor) else "the example"
    return f"on {inputs}: {type(error).__name__}: {lines[0][:200]}"
