"""Networks of token ids: example inputs, a mask of the padding, and outputs that have their logits as an attribute."""

from functools import partial
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from reluctant.data.dataset import TokenInputs


def example_inputs(shape: tuple[int, ...], tokens: TokenInputs | None = None) -> Tensor:
    """Two inputs of this shape: zeros, or sequences of one token that is no padding."""
    if tokens is None:
        return torch.zeros(2, *shape)
    return torch.full((2, *shape), int(tokens.padding == 0 and tokens.vocabulary > 1))


def real_tokens(ids: Tensor, padding: int) -> Tensor:
    """Which tokens are no padding, (n, t) bool; of a sequence of padding only, the first token counts as real.

    Attention over no tokens at all would be NaN.
    """
    real = ids != padding
    real[:, 0] |= ~real.any(dim=1)
    return real


def unpack_logits(model: nn.Module) -> None:
    """Let a network return its logits where its output is an object that has them, as in transformers.

    A tuple with that field, which may have logits of auxiliary outputs as well, stays as it is.
    """
    if not isinstance(model, torch.jit.ScriptModule):  # it takes no hooks, and returns no such objects
        model.register_forward_hook(_take_logits)


def _take_logits(_: nn.Module, __: tuple[Any, ...], output: Any) -> Any:
    logits = None if isinstance(output, Tensor | tuple) else getattr(output, "logits", None)
    return logits if isinstance(logits, Tensor) else output


def mask_padding(model: nn.Module, padding: int | None) -> None:
    """Give a network an `attention_mask` of the tokens that are no padding, if its forward takes one.

    A mask that the caller gives is used as it is. Without padding nothing changes.
    """
    if padding is not None and "attention_mask" in signature(model.forward).parameters:
        model.register_forward_pre_hook(partial(_add_attention_mask, padding), with_kwargs=True)


def _add_attention_mask(
    padding: int, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    ids = args[0] if args else kwargs.get("input_ids")
    if isinstance(ids, Tensor) and len(args) < 2 and kwargs.get("attention_mask") is None:
        kwargs = {**kwargs, "attention_mask": real_tokens(ids, padding).long()}
    return args, kwargs
