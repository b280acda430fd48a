"""The layers of a network as a table: name, kind, output shape, parameters."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def layer_table(model: nn.Module, image: tuple[int, ...]) -> list[dict[str, Any]]:
    """One row per layer in the order of use: `name`, `kind`, `shape` (without the batch), `parameters`."""
    rows: dict[str, dict[str, Any]] = {}

    def row_hook(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, _: object, output: object) -> None:
            shape = list(output.shape[1:]) if isinstance(output, Tensor) else []
            count = sum(p.numel() for p in module.parameters())
            rows[name] = {"name": name, "kind": type(module).__name__, "shape": shape, "parameters": count}

        return hook

    leaves = [(name, module) for name, module in model.named_modules() if not any(module.children())]
    hooks = [module.register_forward_hook(row_hook(name)) for name, module in leaves if name]
    training = model.training
    try:
        with torch.no_grad():
            model.eval()(torch.zeros(2, *image))
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return list(rows.values())
