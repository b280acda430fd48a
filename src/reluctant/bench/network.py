"""One network that is ready to be measured: its loss on a random batch, as training computes it."""

from typing import Any

import torch
from torch import Tensor, nn

from reluctant.bench.config import BenchConfig
from reluctant.bench.trial import SEED, TimedTrial
from reluctant.catalogue import MODELS
from reluctant.catalogue.models import TOKEN_MODELS
from reluctant.core.errors import ReluctantError, StudyError, describe_exception
from reluctant.data.dataset import TokenInputs
from reluctant.models import build
from reluctant.models.layers import suits_channels_last
from reluctant.tasks import Classification, Tokens

CLASSES, VOCABULARY = 10, 256  # of the random targets, and of random token ids


class BatchLoss(nn.Module):
    """The loss of a network on one batch: a function of the inputs; the targets stay the same."""

    def __init__(self, network: nn.Module, task: Classification | Tokens, targets: Tensor) -> None:
        super().__init__()
        self.network, self.task = network, task
        self.register_buffer("targets", targets)

    def forward(self, inputs: Tensor) -> Tensor:
        """The mean loss, one number."""
        targets: Any = self.targets
        return self.task.loss(self.network(inputs), targets)


def prepare_network(activation: str, config: BenchConfig) -> TimedTrial:
    """The network of the configuration with this activation, in training mode, after one training step.

    Raises:
        StudyError: The network cannot be built with it, or fails on this batch.
    """
    device, shape = config.torch_device, config.shape
    generator = torch.Generator().manual_seed(SEED)
    head, tokens = MODELS.canonical(config.model).head, None
    task: Classification | Tokens = Classification(CLASSES)
    inputs = torch.randn(shape, generator=generator)
    targets = torch.randint(CLASSES, shape[:1], generator=generator)
    if head in TOKEN_MODELS:
        tokens = TokenInputs(VOCABULARY)
        inputs = torch.randint(VOCABULARY, shape, generator=generator)
        if head == "gpt":
            task, targets = Tokens(VOCABULARY), torch.randint(VOCABULARY, shape, generator=generator)
    try:
        network = build(config.model, activation, shape[1:], task.outputs, task=task.name, tokens=tokens)
        network = network.to(device, config.torch_dtype).train()
        inputs = inputs.to(device) if tokens else inputs.to(device, config.torch_dtype)
        if len(shape) == 4 and suits_channels_last(network, inputs[:2]):
            network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            inputs = inputs.to(memory_format=torch.channels_last)
        loss = BatchLoss(network, task, targets.to(device))
        gradient = torch.ones_like(loss(inputs))
        trial = TimedTrial(loss, loss, inputs, gradient)
        trial.both()()
    except ReluctantError:
        raise
    except Exception as fault:  # a user's network may raise anything
        raise StudyError(
            f"model {config.model} with {activation}: it fails on a batch of shape {config.shape_text} in "
            f"{config.dtype} ({describe_exception(fault)}); give another --shape or --dtype"
        ) from None
    return trial
