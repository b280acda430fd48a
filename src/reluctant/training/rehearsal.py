"""A rehearsal of one run on a few inputs, so that what would fail after hours fails before anything trains."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from reluctant.core.errors import ModelError, ReluctantError, describe_exception
from reluctant.core.names import parse
from reluctant.models.layers import channels_first
from reluctant.models.swap.forward import evaluation_mode, preserve_states_of_devices, seeded
from reluctant.study import Run
from reluctant.training.evaluation import BATCH, evaluate
from reluctant.training.machine import limit_threads
from reluctant.training.own_code import check_own_loss
from reluctant.training.promises import check_continues, check_gradients, check_parameters_known
from reluctant.training.runner import build_training
from reluctant.training.tensors import TensorData, TensorSplit
from reluctant.training.training import Training

_DETACH = "; a state that a network keeps from one batch to the next has to be detached (state.detach())"
_UNRELATED = "sin"  # differs from every monotone function


def rehearse(run: Run, data: TensorData) -> None:
    """Train and record one epoch of a few inputs, in batches of the first and the last batch's true size.

    Raises:
        ModelError: A step fails, an evaluation fails or cannot be repeated, or the record cannot be made.
    """
    size, n = run.batch_size, len(data.train)
    first, last = min(size, n), (0 if run.steps else n % size) or min(size, n)  # steps have whole batches
    excerpt = replace(
        data,
        train=_ends(data.train, first, last if n > size else 0),
        valid=_ends(data.valid, BATCH, len(data.valid) % BATCH),
        test=_ends(data.test, BATCH, len(data.test) % BATCH),
    )
    items, network = data.source.items, f"model {run.model} with {run.activation}"
    short = replace(run, epochs=1, steps=min(run.steps, 2))
    training = build_training(short, excerpt)
    with preserve_states_of_devices(training.model), limit_threads(run.threads):
        _check_evaluation_changes_nothing(training, network)
        training.model.train()
        inputs, targets = training.data.train.inputs, training.data.train.targets
        if training.objective.own is not None:
            check_own_loss(run.loss, training.objective.own, training.task, targets[:first])
        own = parse(run.model).is_user_defined or parse(run.activation).is_user_defined
        if own:
            check_parameters_known(training.model, network)
        with _faults(f"{network} fails in training on a batch of {first} {items}"), seeded(0):
            training.step(inputs[:first].clone(), targets[:first])  # the network may write into its inputs
        if parse(run.model).is_user_defined:
            _check_repeatable_step(training, build_training(short, excerpt), first, network)
        if own:
            with _faults(f"{network} fails in the second training step", _DETACH):
                continued = build_training(short, excerpt)
                check_continues(training, continued, first, network)
                if run.procedure == Run.procedure:  # another one may have another loss
                    check_gradients(continued, first, network)
        with _faults(f"{network} fails in the second training step", _DETACH):
            training.step(inputs[:first].clone(), targets[:first])
        advice = f"; write batch_size = {_other_size(n, size)}" if last < first else ""
        with _faults(f"{network} fails in training on the last batch, which holds {last} of {n:,} {items}", advice):
            training.step(inputs[-last:].clone(), targets[-last:])
        with _faults(f"{network} fails in evaluation"):
            (loss, predictions), (again, others) = (
                evaluate(training.model, training.data.test, training.task) for _ in range(2)
            )
        if math.isfinite(loss) and (loss != again or not torch.equal(predictions, others)):
            raise ModelError(
                f"{network} returns other outputs for the same inputs in evaluation mode: it uses random numbers "
                f"there, or changes its own state; with functions, write F.dropout(x, p, training=self.training)"
            )
        with _faults(f"{network} fails in an epoch of {len(excerpt.train)} {items}"):
            for _ in training:
                torch.save(training.state_dict(), io.BytesIO())
        with _faults(f"{network} trains, and its record cannot be made"):
            training.record()


def _check_evaluation_changes_nothing(training: Training, network: str) -> None:
    """`ModelError` where a network sets its own parameters as soon as it is evaluated."""
    before = {name: p.detach().clone() for name, p in training.model.named_parameters()}
    with _faults(f"{network} fails in evaluation"):
        evaluate(training.model, training.data.test, training.task)
    for name, parameter in training.model.named_parameters():
        if not torch.equal(before[name], parameter):
            raise ModelError(
                f"{network} sets its parameter {name} when it is evaluated, so measurements before training would "
                f"change it; set it in the constructor, or in training mode only"
            )


def _check_repeatable_step(training: Training, again: Training, first: int, network: str) -> None:
    """`ModelError` where the same first step of another training with the same seed gives other weights."""
    evaluate(again.model, again.data.test, again.task)  # as the other: a network may keep a state
    again.model.train()
    with seeded(0):
        again.step(again.data.train.inputs[:first].clone(), again.data.train.targets[:first])
    weights = again.model.state_dict()
    for name, tensor in training.model.state_dict().items():
        if not torch.equal(tensor, weights[name]):
            raise ModelError(
                f"{network} is not the same twice for one seed: after one step {name} differs. Its code uses random "
                f"numbers that the seed does not set, such as a torch.Generator of its own; use torch's global ones"
            )


def check_activation_matters(model: str, activations: tuple[str, ...], data: TensorData) -> None:
    """Refuse a user-defined network that is the same for every activation, or not the same twice.

    Raises:
        ModelError: Equal weights give equal outputs with two activations, or two networks of one seed differ.
    """
    inputs = channels_first(data.train.inputs[:8])

    def outputs_of(activation: str) -> torch.Tensor:
        network = data.build_network(model, activation)
        with torch.no_grad(), evaluation_mode(network), preserve_states_of_devices(network):
            outputs: torch.Tensor = network(inputs.clone())
        return outputs

    first = outputs_of(activations[0])
    if not torch.equal(first, outputs_of(activations[0])):
        raise ModelError(
            f"model {model} is not the same twice for one seed: its code uses random numbers that the seed does not "
            f"set, such as numpy.random.default_rng() without a seed; use torch's random numbers"
        )
    others = [activation for activation in activations[1:] if activation != activations[0]]
    if others and all(torch.equal(first, outputs_of(activation)) for activation in (*others, _UNRELATED)):
        raise ModelError(
            f"model {model} returns the same outputs with {activations[0]} and {others[0]}: it does not use the "
            f"activation that it gets; call it in the network, or remove the parameter, so that activations are "
            f"replaced"
        )


def _ends(split: TensorSplit, first: int, last: int) -> TensorSplit:
    """The first items of a split and, behind them, the last."""
    n = len(split)
    rows = torch.tensor([*range(min(first, n)), *range(max(n - last, min(first, n)), n)])
    return split.of_rows(rows)


def _other_size(n: int, size: int) -> int:
    """The next larger batch size whose last batch is not small."""
    return next(larger for larger in range(size + 1, n + 1) if n % larger == 0 or n % larger > larger // 4)


@contextmanager
def _faults(what: str, advice: str = "") -> Iterator[None]:
    try:
        yield
    except ReluctantError:
        raise
    except (Exception, SystemExit) as fault:
        raise ModelError(f"{what}: {describe_exception(fault)}{advice}") from fault
