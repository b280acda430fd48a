"""What can be found wrong before anything trains: the data, the activations, the network on this data."""

from pathlib import Path

import torch

from reluctant.activations import check
from reluctant.catalogue import MODELS
from reluctant.models import build
from reluctant.names import StudyError, parse
from reluctant.study import Study
from reluctant.training.carrying import prepared
from reluctant.training.prepared import Prepared


def preflight(study: Study, folder: Path | None = None) -> dict[str, Prepared]:
    """The data sets by name, after everything that can be tried was tried.

    Raises `StudyError` for missing or broken data, an activation that fails, changes the shape or returns
    NaN, and a network that does not fit the images.
    """
    for activation in study.activation:
        check(activation)
    found = {}
    for dataset in study.dataset:
        for fraction in study.train_fraction:
            data = prepared(dataset, fraction, str(folder) if folder else None)
        found[dataset] = data
        for model in study.model:
            for activation in _worth_trying(study, model):
                _try(model, activation, data)
    return found


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
