"""Figures of a study: one function per figure, `Results` in, a matplotlib `Figure` out. Needs no torch."""

from reluctant.figures.confusion import confusion
from reluctant.figures.curves import score_by_epoch, training_curves
from reluctant.figures.differences import differences
from reluctant.figures.inline import inline_svg
from reluctant.figures.saving import save
from reluctant.figures.scores import final_scores
from reluctant.figures.shapes import formula, shape, shapes

__all__ = [
    "confusion",
    "differences",
    "final_scores",
    "formula",
    "inline_svg",
    "save",
    "score_by_epoch",
    "shape",
    "shapes",
    "training_curves",
]
