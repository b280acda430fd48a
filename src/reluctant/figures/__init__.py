"""Figures of a study: one function per figure, `Results` in, a matplotlib `Figure` out. Needs no torch."""

from reluctant.figures.confusion import confusion
from reluctant.figures.curves import score_by_epoch, training_curves
from reluctant.figures.differences import differences
from reluctant.figures.inline import inline_svg
from reluctant.figures.inside_depth import gradient_by_depth
from reluctant.figures.inside_grid import shares_by_site, update_ratios
from reluctant.figures.inside_shapes import learned_shapes
from reluctant.figures.inside_values import distributions
from reluctant.figures.predicted import predicted
from reluctant.figures.published import published
from reluctant.figures.quality import quality
from reluctant.figures.saving import save
from reluctant.figures.scores import final_scores
from reluctant.figures.shapes import formula, shape, shapes
from reluctant.figures.spread import spread_by_source

__all__ = [
    "confusion",
    "differences",
    "distributions",
    "final_scores",
    "formula",
    "gradient_by_depth",
    "inline_svg",
    "learned_shapes",
    "predicted",
    "published",
    "quality",
    "save",
    "score_by_epoch",
    "shape",
    "shapes",
    "shares_by_site",
    "spread_by_source",
    "training_curves",
    "update_ratios",
]
