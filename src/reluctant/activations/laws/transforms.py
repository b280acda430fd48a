"""Laws of PyTorch's transforms: compile, vmap and export each give what the module itself gives."""

import torch

from reluctant.activations.laws.behaviour import _ready, same
from reluctant.activations.laws.law import Law, Subject, batch
from reluctant.core.errors import describe_exception


def _compile(subject: Subject) -> str:
    module = _ready(subject)
    torch._dynamo.reset()
    try:
        out = torch.compile(module, backend="eager", fullgraph=True)(batch())
    except Exception as fault:
        return f"torch.compile fails: {describe_exception(fault)}"
    finally:
        torch._dynamo.reset()
    return "" if same(out, module(batch())) else "compiled it gives other values"


def _vmap(subject: Subject) -> str:
    module, x = _ready(subject), batch()
    try:
        out = torch.vmap(module)(x)
    except Exception as fault:
        return f"torch.vmap fails: {describe_exception(fault)}"
    return "" if same(out, module(x)) else "under vmap it gives other values"


def _export(subject: Subject) -> str:
    module = _ready(subject)
    try:
        out = torch.export.export(module, (batch(),)).module()(batch())
    except Exception as fault:
        return f"torch.export fails: {describe_exception(fault)}"
    return "" if same(out, module(batch())) else "exported it gives other values"


TRANSFORMS = (
    Law("compile", 'torch.compile(backend="eager", fullgraph=True) gives the same', _compile, blocks=True),
    Law("vmap", "torch.vmap gives the same", _vmap),
    Law("export", "torch.export gives the same", _export, blocks=True),
)
