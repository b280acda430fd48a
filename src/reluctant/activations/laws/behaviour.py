"""Laws of a well-behaved module: what it keeps, what it leaves alone, what it can be put through."""

import copy
import io
import pickle
import random

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.activations.laws.law import Law, Subject, batch

_SEED = 614_657


def _shape(subject: Subject) -> str:
    module = _ready(subject)
    for given in (batch(), batch().reshape(2, 8, 9)):
        out = module(given)
        if out.shape != given.shape:
            return f"it turns shape {tuple(given.shape)} into {tuple(out.shape)}"
    if not subject.is_block:
        for size in ((), (0,), (0, 3), (1,)):
            if module(torch.zeros(size)).shape != size:
                return f"it does not keep the shape {size}"
    return ""


def _dtype(subject: Subject) -> str:
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        module = _ready(subject).to(dtype)
        if (found := module(batch(dtype)).dtype) != dtype:
            return f"it turns {dtype} into {found}"
    return ""


def _memory_format(subject: Subject) -> str:
    given = batch().to(memory_format=torch.channels_last)
    out = _ready(subject)(given)
    if out.stride() != given.stride():
        return f"it turns strides {given.stride()} (channels last) into {out.stride()}"
    return ""


def _input(subject: Subject) -> str:
    given = batch()
    kept = given.clone()
    out = _ready(subject)(given)
    if not torch.equal(given, kept):
        return "it changes its input in place"
    if "identity" not in subject.name and out.data_ptr() == given.data_ptr():
        return "what it returns shares its memory with the input"
    return ""


def _random_state(subject: Subject) -> str:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)  # a state of our own: who always seeds alike would not be seen twice
        before = _random_states()
        module = subject.fresh()
        if not subject.is_block:
            module.train()(batch())
            module.eval()(batch())
        moved = [whose for whose, state in _random_states().items() if state != before[whose]]
    return f"it draws from the global random state of {' and '.join(moved)}, or sets it" if moved else ""


def _random_states() -> dict[str, bytes]:
    """The states of all the generators that everybody shares."""
    numpy = np.random.get_state(legacy=True)
    return {
        "PyTorch": torch.get_rng_state().numpy().tobytes(),
        "NumPy": pickle.dumps(numpy),
        "Python": pickle.dumps(random.getstate()),
    }


def _deterministic(subject: Subject) -> str:
    module = _ready(subject)
    modes = [module.eval()] if subject.is_stochastic else [module.eval(), module.train()]
    for mode in modes:
        if not torch.equal(mode(batch()), mode(batch())):
            return "it gives other values for the same input"
    return ""


def _fresh(subject: Subject) -> str:
    one, other = _ready(subject), _ready(subject)
    shared = {p.data_ptr() for p in one.parameters()} & {p.data_ptr() for p in other.parameters()}
    return "two fresh modules share their parameters" if shared else ""


def _state(subject: Subject) -> str:
    one, other = _ready(subject), _ready(subject)
    with torch.no_grad():
        for p in one.parameters():
            p.mul_(1.1)
    kept = io.BytesIO()
    torch.save(one.state_dict(), kept)
    kept.seek(0)
    other.load_state_dict(torch.load(kept, weights_only=True))
    if not torch.equal(one(batch()), other(batch())):
        return "a state that was saved and loaded gives other values"
    return ""


def _copies(subject: Subject) -> str:
    module = _ready(subject)
    try:
        copies = {"copied": copy.deepcopy(module), "pickled": pickle.loads(pickle.dumps(module))}
    except Exception as fault:
        return f"it cannot be copied or pickled: {type(fault).__name__}: {fault}"
    for how, copied in copies.items():
        if not torch.equal(module(batch()), copied(batch())):
            return f"a {how} module gives other values"
    return ""


def _learned(subject: Subject) -> str:
    module = _ready(subject).train()
    parameters = dict(module.named_parameters())
    if bool(parameters) != ("learned" in subject.row.traits or (subject.is_block and bool(parameters))):
        return f"it has the parameters {list(parameters)}, and its row says otherwise"
    x = batch().requires_grad_()
    (module(x.clone()) ** 2).sum().backward()
    for name, p in parameters.items():
        if p.grad is None or not p.grad.isfinite().all():
            return f"no finite gradient reaches the parameter {name}"
    if x.grad is None or not x.grad.isfinite().all():
        return "no finite gradient reaches the input"
    return ""


def _ready(subject: Subject) -> nn.Module:
    """A fresh module in evaluation mode that has seen a batch, so that lazy ones have their weights."""
    module = subject.fresh().eval()
    if subject.is_block:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            module(batch())
    return module


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two results are equal, NaN included."""
    return torch.equal(one.nan_to_num(1.5), other.nan_to_num(1.5))


BEHAVIOUR = (
    Law("shape", "it keeps the shape", _shape, blocks=True),
    Law("dtype", "it keeps the dtype", _dtype, blocks=True),
    Law("memory format", "it keeps channels-last maps channels last", _memory_format, blocks=True),
    Law("input", "it leaves its input alone and returns memory of its own", _input, blocks=True),
    Law("random state", "it never draws from the global random state", _random_state, blocks=True),
    Law("deterministic", "the same input gives the same output, but for a stochastic one in training",
        _deterministic, blocks=True),
    Law("fresh", "two modules share no parameter", _fresh, blocks=True),
    Law("state", "its state survives saving and loading", _state, blocks=True),
    Law("copies", "it can be copied and pickled", _copies, blocks=True),
    Law("learned", "it has parameters exactly where it learns, and gradients reach them", _learned,
        blocks=True),
)  # fmt: skip
