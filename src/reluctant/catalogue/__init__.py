"""The catalogues of everything that has a name: activations, models, data sets, optimizers and so on.

Catalogues are data. They do not import torch, so studies can be validated and listed without it.
"""

from reluctant.catalogue.activations import ACTIVATIONS, Activation
from reluctant.catalogue.augmentations import AUGMENTATIONS, augmentation_steps, canonical_augmentation
from reluctant.catalogue.datasets import DATASETS, DatasetEntry
from reluctant.catalogue.entry import Catalogue, Entry, Parameter
from reluctant.catalogue.models import MODELS
from reluctant.catalogue.norms import NORMS
from reluctant.catalogue.training import INITIALISATIONS, LOSSES, OPTIMIZERS, PROCEDURES, SCHEDULES

__all__ = [
    "ACTIVATIONS", "AUGMENTATIONS", "DATASETS", "INITIALISATIONS", "LOSSES", "MODELS", "NORMS", "OPTIMIZERS",
    "PROCEDURES", "SCHEDULES", "Activation", "Catalogue", "DatasetEntry", "Entry", "Parameter", "augmentation_steps",
    "canonical_augmentation",
]  # fmt: skip
