"""The activation functions: name, formula, parameters, source, purpose, and the address of the code."""

from reluctant.catalogue.activations import (
    blocks,
    bounded,
    classical,
    exponential,
    gated,
    gated_learned,
    periodic,
    rectifiers,
    shapes,
)
from reluctant.catalogue.activations.row import Activation
from reluctant.catalogue.entry import Catalogue

__all__ = ["ACTIVATIONS", "Activation"]

ACTIVATIONS: Catalogue[Activation] = Catalogue(
    "activation",
    tuple(
        sorted(
            (
                *classical.ROWS,
                *rectifiers.ROWS,
                *exponential.ROWS,
                *gated.ROWS,
                *gated_learned.ROWS,
                *bounded.ROWS,
                *periodic.ROWS,
                *shapes.ROWS,
                *blocks.ROWS,
            ),
            key=lambda row: row.number,
        )
    ),
    refused=blocks.REFUSED,
)
