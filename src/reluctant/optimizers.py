"""Optimizers from their names."""

import importlib
from collections.abc import Iterable
from typing import Any

from torch import nn
from torch.optim import Optimizer

from reluctant.catalogue import OPTIMIZERS


def optimizer(name: str, parameters: Iterable[nn.Parameter], lr: float) -> Optimizer:
    """The optimizer of this name over these parameters, in PyTorch's fused form where there is one."""
    canonical = OPTIMIZERS.canonical(name)
    module, _, attribute = OPTIMIZERS[canonical.head].code.partition(":")
    kind = getattr(importlib.import_module(module), attribute)
    keywords: dict[str, Any] = OPTIMIZERS.arguments(canonical)
    if "beta1" in keywords:
        keywords["betas"] = (keywords.pop("beta1"), keywords.pop("beta2"))
    if canonical.head in ("adam", "adamw", "sgd"):
        keywords["fused"] = True
    made: Optimizer = kind(parameters, lr=lr, **keywords)
    return made
