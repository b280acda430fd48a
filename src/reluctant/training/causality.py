"""Whether a network that predicts the next token sees it: an output may depend on earlier tokens alone."""

import torch
from torch import Tensor, nn

from reluctant.catalogue.token_sums import IGNORED
from reluctant.core.errors import ModelError
from reluctant.models.swap.forward import clone_sharing_parameters, run_example
from reluctant.tasks import Task, Tokens
from reluctant.training.tensors import TensorSplit

TOLERANCE = 1e-5  # of the largest output: other lengths of sums may round in another way
SEQUENCES = 2


def predicts_next_token(split: TensorSplit, task: Task) -> bool:
    """Whether the target of every token is the token behind it."""
    if not isinstance(task, Tokens) or split.inputs.shape != split.targets.shape or split.inputs.shape[1] < 2:
        return False
    following, targets = split.inputs[:, 1:], split.targets[:, :-1]
    predicted = targets != IGNORED
    return bool(predicted.any() and (following == targets)[predicted].all())


def check_causality(model: nn.Module, description: str, split: TensorSplit) -> None:
    """`ModelError` where an output changes with a later token, which it has to predict.

    Args:
        model: The network, which is left as it is.
        description: How messages name it.
        split: Sequences of token ids, whose targets are the next tokens.
    """
    inputs = split.inputs[:SEQUENCES]
    length = inputs.shape[1]
    before = run_example(clone_sharing_parameters(model), inputs)
    for position in sorted({length // 2, length - 1}):
        changed = inputs.clone()
        changed[:, position:] = _other_ids(inputs[:, position:], split.inputs)
        after = run_example(clone_sharing_parameters(model), changed)
        difference = (after - before)[:, :position].abs().amax()
        if difference > TOLERANCE * before.abs().amax():
            raise ModelError(
                f"{description} sees the tokens that it has to predict: its outputs before token {position + 1} "
                f"change by {float(difference):.3g} with the tokens from there on; use causal attention "
                f"(is_causal=True, or a mask), and blocks whose features are the last axis"
            )


def _other_ids(ids: Tensor, known: Tensor) -> Tensor:
    """Another id of the data for each."""
    values = torch.unique(known)
    position = torch.searchsorted(values, ids.contiguous())
    others: Tensor = values[(position + 1) % len(values)]
    return others
