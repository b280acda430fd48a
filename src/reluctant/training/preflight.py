"""What can be found wrong before anything trains: the data, the activations, the network on this data."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import torch

from reluctant.activations import check_activation, gain
from reluctant.catalogue import MODELS
from reluctant.catalogue.metrics import REGRESSION
from reluctant.core.errors import StudyError
from reluctant.core.names import parse
from reluctant.core.own_code import HERE
from reluctant.models import build
from reluctant.models.build import swapped, told
from reluctant.study import Run, Study
from reluctant.training.augmentation import check as check_augment
from reluctant.training.procedures import training_for
from reluctant.training.runner import prepared
from reluctant.training.tensors import Prepared


def preflight(study: Study, folder: Path | None = None) -> dict[str, Prepared]:
    """The data sets by name, after everything that can be tried was tried.

    Raises `StudyError` for missing or broken data, an activation that fails, changes the shape or returns
    NaN, and a network that does not fit the images.
    """
    for activation in study.activation:
        check_activation(activation)
    if "kaiming" in study.init:
        _has_gain(study.activation)
    found = {}
    for dataset in study.dataset:
        for fraction, pixels in product(study.train_fraction, study.pixels):
            data = prepared(dataset, fraction, str(folder) if folder else None, pixels=pixels)
        found[dataset] = data
        _agree(study, data)
        for model in study.model:
            for activation in _worth_trying(study, model):
                _try(model, activation, data)
        for model, procedure in product(study.model, study.procedure):
            if procedure != Run.procedure:
                training_for(
                    Run(study.activation[0], dataset=dataset, model=model, procedure=procedure), data
                )
    return found


def replaced(study: Study, found: Mapping[str, Prepared]) -> list[str]:
    """What is replaced in networks of one's own, and what their factories are told: a sentence each."""
    sentences = []
    for model, data in product(study.model, found.values()):
        swap = swapped(model, study.activation[0], data.image, data.classes)
        words = told(model, data.image, data.classes)
        what = [swap.brief()] if swap else ["takes the activation"] if words else []
        if words:
            what.append("told: " + ", ".join(f"{word}={value}" for word, value in words.items()))
        if what:
            sentences.append(f"{model.removeprefix(f'{HERE}:')}: {'; '.join(what)}")
    return list(dict.fromkeys(sentences))


def _agree(study: Study, data: Prepared) -> None:
    """The study asks for what the data can give."""
    if data.task.name != study.task:
        what = "numbers to be predicted" if data.task.name == REGRESSION else "classes"
        meant = "; a table's whole numbers are predicted with csv(…, kind='numbers')"
        meant = "" if data.task.name == REGRESSION else meant
        raise StudyError(
            f"{data.source.name} holds {what}, and the study's task is {study.task}; write "
            f"task = {data.task.name!r}{meant}"
        )
    for each in study.augment:
        check_augment(each, tuple(data.train.images.shape))
    if any(study.robustness) and (data.task.name == REGRESSION or len(data.image) != 3):
        raise StudyError("robustness is looked at by worsening images that are classified; leave it out")
    if data.task.name == REGRESSION and any(study.label_smoothing):
        raise StudyError("label_smoothing is for classes, and here numbers are predicted; leave it out")


def _has_gain(activations: tuple[str, ...]) -> None:
    """Kaiming's initial weights are scaled by the gain, which blocks of several numbers do not have."""
    for activation in activations:
        try:
            gain(activation)
        except StudyError as fault:
            raise StudyError(
                f"init kaiming needs the gain of every activation, and {activation} has none ({fault}); "
                f"leave it out, or write init = 'default'"
            ) from None


def _worth_trying(study: Study, model: str) -> tuple[str, ...]:
    """All activations for a network of one's own; else the first, and those that are not the catalogue's."""
    if MODELS.canonical(model).is_own:
        return study.activation
    return tuple(dict.fromkeys([study.activation[0], *(a for a in study.activation if parse(a).is_own)]))


def _try(model: str, activation: str, data: Prepared) -> None:
    network = build(model, activation, data.image, data.classes, task=data.task.name)
    images = data.train.images[:2]
    try:
        with torch.no_grad():
            out = network(images)
    except Exception as fault:
        size = "×".join(map(str, data.image))
        raise StudyError(
            f"model {model} with {activation} fails on {data.source.items} of {size}: "
            f"{type(fault).__name__}: {fault}"
        ) from fault
    if wrong := data.task.fault(out, len(images)):
        raise StudyError(f"model {model} {wrong}")
    if not torch.isfinite(out).all():
        raise StudyError(f"model {model} with {activation} returns NaN or infinity before any training")
