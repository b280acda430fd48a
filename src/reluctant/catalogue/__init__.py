"""The tables of everything that has a name: activations, models, data sets, optimizers, initialisations.

Tables are data. They need no torch, so that studies are validated, listed and explained without it.
"""

from reluctant.catalogue.activations import ACTIVATIONS, Activation
from reluctant.catalogue.datasets import DATASETS, DatasetEntry
from reluctant.catalogue.entry import Entry, Parameter, Table
from reluctant.catalogue.initialisations import INITIALISATIONS
from reluctant.catalogue.models import MODELS
from reluctant.catalogue.optimizers import OPTIMIZERS
from reluctant.catalogue.procedures import PROCEDURES

__all__ = [
    "ACTIVATIONS",
    "DATASETS",
    "INITIALISATIONS",
    "MODELS",
    "OPTIMIZERS",
    "PROCEDURES",
    "Activation",
    "DatasetEntry",
    "Entry",
    "Parameter",
    "Table",
]
