"""Before a study trains: what can fail is tried, and the duration is estimated."""

import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import torch

from reluctant.activations import check_activation, gain
from reluctant.catalogue import DATASETS, MODELS
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION, TOKENS
from reluctant.catalogue.token_sums import IGNORED
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.names import parse
from reluctant.core.user_code import SESSION_MODULE
from reluctant.data import data_folder, load
from reluctant.models.layers import channels_first
from reluctant.study import Run, Study
from reluctant.study.study import AXES
from reluctant.tasks import Tokens
from reluctant.training.augmentation import check_augmentation
from reluctant.training.batches import steps_per_epoch
from reluctant.training.causality import check_causality, predicts_next_token
from reluctant.training.evaluation import BATCH, evaluate
from reluctant.training.machine import limit_threads
from reluctant.training.promises import check_activation_gradient
from reluctant.training.rehearsal import check_activation_matters, rehearse
from reluctant.training.runner import build_training, load_run_data, load_tensors
from reluctant.training.tensors import TensorData, TensorSplit


def preflight(study: Study, folder: str | None = None) -> dict[str, TensorData]:
    """The data sets by name, from a folder or the usual one, after everything that can be tried was tried.

    Raises:
        ReluctantError: Missing or damaged data, an activation that fails, changes the shape or returns NaN, or a
            network that does not fit the inputs.
    """
    for activation in study.activation:
        module = check_activation(activation)
        if parse(activation).is_user_defined:
            check_activation_gradient(module, f"activation {activation}")
    if "kaiming" in study.init:
        _check_gains(study.activation)
    datasets = {}
    for dataset in study.dataset:
        for fraction, pixels in product(study.train_fraction, study.pixels):
            data = load_tensors(dataset, fraction, folder, pixels=pixels)
        datasets[dataset] = data
        _check_repeatable(dataset, data, folder)
        _check_task(study, data)
        with limit_threads(max(study.threads)):  # workers may use the other cores already
            _check_networks(study, dataset, data, folder)
    return datasets


def _check_networks(study: Study, dataset: str, data: TensorData, folder: str | None) -> None:
    """Try every network on these data with the activations that may not fit it, and rehearse the runs."""
    first, *others = study.activation
    user_defined = [a for a in others if parse(a).is_user_defined]
    for model in study.model:
        own_network = MODELS.canonical(model).is_user_defined
        for activation in study.activation if own_network else (first, *user_defined):
            _check_network(model, activation, data)
        if own_network:
            check_activation_matters(model, study.activation, data)
        if predicts_next_token(data.train, data.task):
            for activation in study.activation:
                network = data.build_network(model, activation)
                check_causality(network, f"model {model} with {activation}", data.train)
    for run in _runs_to_rehearse(study, dataset, (first, *user_defined)):
        rehearse(run, load_run_data(run, folder))


def _check_repeatable(dataset: str, data: TensorData, folder: str | None) -> None:
    """`StudyError` where a function of the user's returns other data at each call: every worker calls it."""
    name = DATASETS.canonical(dataset)
    if not name.is_user_defined or name.head.partition(":")[0] == SESSION_MODULE:
        return
    if load(dataset, data_folder(Path(folder) if folder else None)).sha256 != data.source.sha256:
        raise StudyError(
            f"{dataset} returns other data at each call, and runs would be trained and tested on different items; make "
            f"its random numbers from a fixed seed, such as numpy.random.default_rng(0)"
        )


def _runs_to_rehearse(study: Study, dataset: str, activations: tuple[str, ...]) -> Iterator[Run]:
    """Every network with these activations and batch sizes, then every other value of the study once."""
    values: dict[str, tuple[Any, ...]] = {axis: getattr(study, axis) for axis in AXES if axis not in ("lr", "epochs")}
    first = {axis: axis_values[0] for axis, axis_values in values.items()} | {"lr": study.lr[0], "dataset": dataset}
    for model, activation, batch_size in product(study.model, activations, study.batch_size):
        yield Run(activation, study.seed[0], **first | {"model": model, "batch_size": batch_size})
    for axis in (axis for axis in values if axis not in ("dataset", "model", "batch_size")):
        for value in values[axis][1:]:
            yield Run(activations[0], study.seed[0], **first | {axis: value})


def _check_gains(activations: tuple[str, ...]) -> None:
    """Kaiming's initial weights are scaled by the gain, which blocks of several numbers do not have."""
    for activation in activations:
        try:
            gain(activation)
        except ReluctantError as fault:
            raise StudyError(
                f"init kaiming needs the gain of every activation, and {activation} has none ({fault}); "
                f"leave it out, or write init = 'default'"
            ) from None


def _check_task(study: Study, data: TensorData) -> None:
    """`StudyError` where the study does not fit what the data hold."""
    regression, tokens = data.task.name == REGRESSION, data.task.name == TOKENS
    if data.task.name != study.task:
        what = "numbers to predict" if regression else "a class for every token" if tokens else "classes"
        hint = "; a table's whole numbers are predicted with csv(…, kind='numbers')" if study.task == REGRESSION else ""
        raise StudyError(
            f"{data.source.name} holds {what}, and the study's task is {study.task}; write "
            f"task = {data.task.name!r}{hint}"
        )
    if any(study.steps) and any("noise" in augment for augment in study.augment):
        raise StudyError("the augmentation noise is drawn anew in every epoch, and this study has steps; give epochs")
    for augment in study.augment:
        check_augmentation(augment, tuple(data.train.inputs.shape))
    if any(study.robustness) and (data.task.name != CLASSIFICATION or len(data.input_shape) != 3):
        raise StudyError("robustness is measured on corrupted images that are classified; leave it out")
    if set(study.loss) != {Run.loss} and (
        any(study.label_smoothing) or set(study.class_weights) != {Run.class_weights}
    ):
        option = "label_smoothing" if any(study.label_smoothing) else "class_weights"
        raise StudyError(f"{option} belongs to the standard loss, and this study has a loss of its own; leave it out")
    if tokens:
        _check_tokens(study, data)
    if tokens and set(study.class_weights) != {Run.class_weights}:
        raise StudyError("class_weights are for one class per input, and here every token has one; leave it out")
    if regression and any(study.label_smoothing):
        raise StudyError("label_smoothing is for classes, and here numbers are predicted; leave it out")


def _check_tokens(study: Study, data: TensorData) -> None:
    """`StudyError` where every token is its own target, or a metric needs sizes of tokens that are not known."""
    predicted = data.train.targets != IGNORED
    if torch.equal(data.train.inputs[predicted], data.train.targets[predicted]):
        raise StudyError(
            f"{data.source.name}: the targets are the inputs themselves, so there is nothing to predict; the target of "
            f"a token is the next one: inputs = ids[:, :-1], targets = ids[:, 1:]"
        )
    named = [study.compare.metric, *(claim.metric for claim in study.claim)]
    unknown = next((name for name in named if name.startswith("bits_per_")), "")
    if unknown and isinstance(data.task, Tokens) and data.task.sizes is None:
        raise StudyError(
            f"{unknown} needs the bytes and characters of every token, which are known of texts alone; choose loss or "
            f"perplexity, or give TokenInputs(sizes=…)"
        )


def _check_network(model: str, activation: str, data: TensorData) -> None:
    """Build a network and run it on two inputs."""
    network = data.build_network(model, activation)
    inputs = channels_first(data.train.inputs[:2])
    try:
        with torch.no_grad():
            outputs = network(inputs.clone())
            network.eval()
            evaluated = network(inputs.clone())
    except (Exception, SystemExit) as fault:
        size = "×".join(map(str, data.input_shape))
        raise StudyError(
            f"model {model} with {activation} fails on {data.source.items} of {size}: {type(fault).__name__}: {fault}"
        ) from fault
    if error := data.task.output_error(outputs, data.train.targets[:2]):
        raise StudyError(f"model {model} {error}")
    if error := data.task.output_error(evaluated, data.train.targets[:2]):
        raise StudyError(f"model {model}, in evaluation mode, {error}")
    if not torch.isfinite(outputs).all():
        raise StudyError(f"model {model} with {activation} returns NaN or infinity before any training")


def expected_seconds(run: Run, steps: int = 20) -> float:
    """The seconds one run will take, from a few timed steps of training and one batch of evaluation."""
    data = load_run_data(run, None)
    training = build_training(run, data)
    targets, batch_targets = data.train.targets[: run.batch_size], data.test.targets[:BATCH]
    step_seconds, evaluate_seconds = [], []
    with limit_threads(run.threads):
        training.model.train()
        for _ in range(steps):
            began = time.perf_counter()
            training.step(data.train.inputs[: run.batch_size], targets)  # streamed inputs are read here
            step_seconds.append(time.perf_counter() - began)
        for _ in range(5):
            began = time.perf_counter()
            evaluate(training.model, TensorSplit(data.test.inputs[:BATCH], batch_targets), training.task)
            evaluate_seconds.append((time.perf_counter() - began) / len(batch_targets))
    step, per_item = sorted(step_seconds)[steps // 2], sorted(evaluate_seconds)[2]
    per_epoch = step * steps_per_epoch(run, len(data.train)) + per_item * (len(data.valid) + len(data.test))
    return run.epochs * per_epoch + per_item * len(data.train)
