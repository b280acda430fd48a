"""Laws that every activation of the catalogue keeps, and that anybody's function can be tried on."""

from reluctant.activations.laws.behaviour import BEHAVIOUR
from reluctant.activations.laws.law import Law, Subject
from reluctant.activations.laws.mathematics import MATHEMATICS
from reluctant.activations.laws.precision import PRECISION
from reluctant.activations.laws.transforms import TRANSFORMS

LAWS: tuple[Law, ...] = (*MATHEMATICS, *PRECISION, *BEHAVIOUR, *TRANSFORMS)

__all__ = ["LAWS", "Law", "Subject"]
