"""What can be found wrong before anything trains: the data, the activations, the network on this data."""

from itertools import product
from pathlib import Path

import torch

from reluctant.activations import check, gain
from reluctant.catalogue import MODELS
from reluctant.models import build
from reluctant.names import StudyError, parse
from reluctant.study import Run, Study
from reluctant.training.carrying import prepared
from reluctant.training.prepared import Prepared
from reluctant.training.procedures import training_for


def preflight(study: Study, folder: Path | None = None) -> dict[str, Prepared]:
    """The data sets by name, after everything that can be tried was tried.

    Raises `StudyError` for missing or broken data, an activation that fails, changes the shape or returns
    NaN, and a network that does not fit the images.
    """
    for activation in study.activation:
        check(activation)
    if "kaiming" in study.init:
        _has_gain(study.activation)
    found = {}
    for dataset in study.dataset:
        for fraction, pixels in product(study.train_fraction, study.pixels):
            data = prepared(dataset, fraction, str(folder) if folder else None, pixels=pixels)
        found[dataset] = data
        for model in study.model:
            for activation in _worth_trying(study, model):
                _try(model, activation, data)
        for model, procedure in product(study.model, study.procedure):
            if procedure != Run.procedure:
                training_for(
                    Run(study.activation[0], dataset=dataset, model=model, procedure=procedure), data
                )
    return found


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
    network = build(model, activation, data.image, data.classes)
    images = data.train.images[:2]
    try:
        with torch.no_grad():
            out = network(images)
    except Exception as fault:
        size = "×".join(map(str, data.image))
        raise StudyError(
            f"model {model} with {activation} fails on images of {size}: {type(fault).__name__}: {fault}"
        ) from fault
    if tuple(out.shape) != (len(images), data.classes):
        raise StudyError(
            f"model {model} returns shape {tuple(out.shape)} for {len(images)} images; "
            f"({len(images)}, {data.classes}) is wanted, one score per class"
        )
    if not torch.isfinite(out).all():
        raise StudyError(f"model {model} with {activation} returns NaN or infinity before any training")
