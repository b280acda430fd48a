"""Laws of the module: what it keeps, what it does not touch, and PyTorch's transforms of it."""

import copy
import io
import pickle
import random
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations.laws.law import CheckedActivation, Law, batch
from reluctant.core.errors import describe_exception
from reluctant.core.randomness import preserve_random_states

Transform = Callable[[nn.Module, Tensor], Tensor]

_SEED = 614_657  # an unusual seed: code that sets a usual one must change the random state


def check_shape(activation: CheckedActivation) -> str:
    """Compare shapes of input and output, of empty and zero-dimensional inputs too."""
    module = activation.module_with_weights()
    small = [] if activation.is_block else [torch.zeros(size) for size in ((), (0,), (0, 3), (1,))]
    for x in (batch(), batch().reshape(2, 8, 9), *small):
        if (out := module(x)).shape != x.shape:
            return f"it turns shape {tuple(x.shape)} into {tuple(out.shape)}"
    return ""


def check_dtype(activation: CheckedActivation) -> str:
    """Compare dtypes of input and output in double, single and half precision."""
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        module = activation.module_with_weights().to(dtype)
        if (out_dtype := module(batch(dtype)).dtype) != dtype:
            return f"it turns {dtype} into {out_dtype}"
    return ""


def check_memory_format(activation: CheckedActivation) -> str:
    """Compare the strides of a channels-last input with those of the output."""
    x = batch().to(memory_format=torch.channels_last)
    out = activation.module_with_weights()(x)
    return "" if out.stride() == x.stride() else f"it turns strides {x.stride()} (channels last) into {out.stride()}"


def check_input(activation: CheckedActivation) -> str:
    """Compare the input before and after, and its memory with the output's."""
    x, before = batch(), batch()
    out = activation.module_with_weights()(x)
    if not torch.equal(x, before):
        return "it changes its input in place"
    if "identity" not in activation.name and out.data_ptr() == x.data_ptr():
        return "its output shares memory with its input"
    return ""


def check_random_state(activation: CheckedActivation) -> str:
    """Compare the global random states before and after building and calling the module."""
    with preserve_random_states():
        torch.manual_seed(_SEED)
        before = _random_states()
        module = activation.build()
        if not activation.is_block:
            module.train()(batch())
            module.eval()(batch())
        changed = [library for library, state in _random_states().items() if state != before[library]]
    return f"it uses or sets the global random state of {' and '.join(changed)}" if changed else ""


def _random_states() -> dict[str, bytes]:
    """The global random states of the libraries."""
    states = {"PyTorch": torch.get_rng_state().tolist(), "NumPy": np.random.get_state(), "Python": random.getstate()}
    return {library: pickle.dumps(state) for library, state in states.items()}


def check_determinism(activation: CheckedActivation) -> str:
    """Compare the outputs of two calls with the same input."""
    module = activation.module_with_weights()
    modes = [module.eval()] if activation.is_stochastic else [module.eval(), module.train()]
    for mode in modes:
        if not torch.equal(mode(batch()), mode(batch())):
            return "it gives different values for the same input"
    return ""


def check_fresh_parameters(activation: CheckedActivation) -> str:
    """Compare the memory of the parameters of two fresh modules."""
    first, second = activation.module_with_weights(), activation.module_with_weights()
    shared = {p.data_ptr() for p in first.parameters()} & {p.data_ptr() for p in second.parameters()}
    return "two fresh modules share their parameters" if shared else ""


def check_state(activation: CheckedActivation) -> str:
    """Compare a module with changed parameters and one that loads its state dict."""
    original, loaded = activation.module_with_weights(), activation.module_with_weights()
    with torch.no_grad():
        for p in original.parameters():
            p.mul_(1.1)
    file = io.BytesIO()
    torch.save(original.state_dict(), file)
    file.seek(0)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    same = torch.equal(original(batch()), loaded(batch()))
    return "" if same else "a state that was saved and loaded gives different values"


def check_copies(activation: CheckedActivation) -> str:
    """Compare a module with its deep copy and its pickled copy."""
    module = activation.module_with_weights()
    try:
        copies = {"copied": copy.deepcopy(module), "pickled": pickle.loads(pickle.dumps(module))}
    except Exception as fault:
        return f"it cannot be copied or pickled: {type(fault).__name__}: {fault}"
    for how, copied in copies.items():
        if not torch.equal(module(batch()), copied(batch())):
            return f"a {how} module gives different values"
    return ""


def check_learning(activation: CheckedActivation) -> str:
    """Compare the parameters with the row's trait, and send a gradient to all of them."""
    module = activation.module_with_weights().train()
    parameters = dict(module.named_parameters())
    stated = "learned" in activation.row.traits or (activation.is_block and bool(parameters))
    if bool(parameters) != stated:
        return f"it has the parameters {list(parameters)}, but its row states otherwise"
    x = batch().requires_grad_()
    (module(x.clone()) ** 2).sum().backward()
    for name, p in parameters.items():
        if p.grad is None or not p.grad.isfinite().all():
            return f"no finite gradient reaches the parameter {name}"
    return "no finite gradient reaches the input" if x.grad is None or not x.grad.isfinite().all() else ""


def _compare_transformed(name: str, transform: Transform, activation: CheckedActivation) -> str:
    """Compare a module with its transformed form, which `transform` calls on a batch; NaN equals NaN."""
    module = activation.module_with_weights()
    try:
        out = transform(module, batch())
    except Exception as fault:
        return f"{name} fails: {describe_exception(fault)}"
    same = torch.equal(out.nan_to_num(1.5), module(batch()).nan_to_num(1.5))
    return "" if same else f"{name} gives different values"


def _compile(module: nn.Module, x: Tensor) -> Tensor:
    torch._dynamo.reset()
    try:
        out: Tensor = torch.compile(module, backend="eager", fullgraph=True)(x)
    finally:
        torch._dynamo.reset()
    return out


def _transform_law(name: str, options: str, transform: Transform, *, for_blocks: bool = True) -> Law:
    check = partial(_compare_transformed, f"torch.{name}", transform)
    return Law(name, f"torch.{name}{options} gives the same values.", check, for_blocks)


module_law = partial(Law, for_blocks=True)
BEHAVIOUR = (
    module_law("shape", "The output has the shape of the input.", check_shape),
    module_law("dtype", "The output has the dtype of the input.", check_dtype),
    module_law("memory format", "For a channels-last input the output is channels last.", check_memory_format),
    module_law("input", "The input is unchanged, and the output does not share its memory.", check_input),
    module_law("random state", "The global random states of PyTorch, NumPy and Python are neither used nor set.",
               check_random_state),
    module_law("deterministic", "The same input gives the same output (stochastic activations: in evaluation only).",
               check_determinism),
    module_law("fresh", "Two fresh modules share no parameter.", check_fresh_parameters),
    module_law("state", "A saved and loaded state dict gives the same values.", check_state),
    module_law("copies", "The module can be copied and pickled.", check_copies),
    module_law("learned", "There are parameters if and only if the row states it. Gradients reach all of them.",
               check_learning),
)  # fmt: skip

TRANSFORMS = (
    _transform_law("compile", '(backend="eager", fullgraph=True)', _compile),
    _transform_law("vmap", "", lambda module, x: torch.vmap(module)(x), for_blocks=False),
    _transform_law("export", "", lambda module, x: torch.export.export(module, (x,)).module()(x)),
)
