"""Whether a network that predicts the next token sees it: an output may depend on earlier tokens alone."""

import copy

import torch
from torch import Tensor, nn

from reluctant.catalogue.token_sums import IGNORED
from reluctant.core.errors import ModelError
from reluctant.models.swap.forward import run_example
from reluctant.tasks import Task, Tokens
from reluctant.training.tensors import TensorSplit

TOLERANCE = 1e-5  # of the largest output: other lengths of sums may round in another way
SEQUENCES = 2
MOST_SEQUENCES = 1000  # of which ids are taken
NEXT = 0.99  # of the targets are the next tokens in a language model; others may stand at borders of documents


def predicts_next_token(split: TensorSplit, task: Task) -> bool:
    """Whether the target of every token is the token behind it."""
    if not isinstance(task, Tokens) or split.inputs.shape != split.targets.shape or split.inputs.shape[1] < 2:
        return False
    following, targets = split.inputs[:, 1:], split.targets[:, :-1]
    predicted = targets != IGNORED
    return bool(predicted.any() and (following == targets)[predicted].double().mean() >= NEXT)


def check_causality(model: nn.Module, description: str, split: TensorSplit) -> None:
    """`ModelError` where an output changes with a later token, which it has to predict.

    Args:
        model: The network, which is left as it is.
        description: How messages name it.
        split: Sequences of token ids, whose targets are the next tokens.
    """
    inputs = split.inputs[:SEQUENCES]
    length = inputs.shape[1]
    trial = _with_random_weights(model)
    before = run_example(copy.deepcopy(trial), inputs)
    if not torch.isfinite(before).all():  # such weights are too large for it
        trial = copy.deepcopy(model)
        before = run_example(copy.deepcopy(trial), inputs)
    for position in sorted({length // 2, length - 1}):
        changed = inputs.clone()
        changed[:, position:] = _other_ids(inputs[:, position:], split.inputs[:MOST_SEQUENCES])
        after = run_example(copy.deepcopy(trial), changed)
        difference = (after - before)[:, :position].abs().amax()
        if not difference <= TOLERANCE * before.abs().amax():  # of NaN nothing is known
            raise ModelError(
                f"{description} sees the tokens that it has to predict: its outputs before token {position + 1} "
                f"change by {float(difference):.3g} with the tokens from there on; use causal attention "
                f"(is_causal=True, or a mask), and blocks whose features are the last axis"
            )


def _with_random_weights(model: nn.Module) -> nn.Module:
    """A copy with other weights: a part that starts at zero hides what it sees until it is trained."""
    trial = copy.deepcopy(model)
    numbers = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in trial.parameters():
            if parameter.is_floating_point():
                noise = torch.randn(parameter.shape, generator=numbers).to(parameter)
                matrix = parameter.dim() > 1 and parameter.numel()
                parameter.copy_(noise / parameter[0].numel() ** 0.5 if matrix else 1 + 0.1 * noise)
    return trial


def _other_ids(ids: Tensor, known: Tensor) -> Tensor:
    """Another id of the data for each."""
    values = torch.unique(known)
    position = torch.searchsorted(values, ids.contiguous())
    others: Tensor = values[(position + 1) % len(values)]
    return others
