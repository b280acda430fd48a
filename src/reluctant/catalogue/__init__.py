"""The tables of everything that has a name: activations, models, data sets, optimizers and so on.

Tables are data. They need no torch, so that studies are validated, listed and explained without it.
"""

from reluctant.catalogue.activations import ACTIVATIONS, Activation
from reluctant.catalogue.augmentations import AUGMENTATIONS, augmentation, parts_of
from reluctant.catalogue.datasets import DATASETS, DatasetEntry
from reluctant.catalogue.entry import Entry, Parameter, Table
from reluctant.catalogue.initialisations import INITIALISATIONS
from reluctant.catalogue.models import MODELS
from reluctant.catalogue.optimizers import OPTIMIZERS
from reluctant.catalogue.procedures import PROCEDURES
from reluctant.catalogue.schedules import SCHEDULES

__all__ = [
    "ACTIVATIONS",
    "AUGMENTATIONS",
    "DATASETS",
    "INITIALISATIONS",
    "MODELS",
    "OPTIMIZERS",
    "PROCEDURES",
    "SCHEDULES",
    "Activation",
    "DatasetEntry",
    "Entry",
    "Parameter",
    "Table",
    "augmentation",
    "parts_of",
]
