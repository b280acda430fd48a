"""Laws that every activation of the catalogue obeys, and that can be checked for any activation."""

from reluctant.activations.laws.behaviour import BEHAVIOUR, TRANSFORMS
from reluctant.activations.laws.law import CheckedActivation, Law
from reluctant.activations.laws.mathematics import MATHEMATICS
from reluctant.activations.laws.precision import PRECISION

LAWS: tuple[Law, ...] = (*MATHEMATICS, *PRECISION, *BEHAVIOUR, *TRANSFORMS)

__all__ = ["LAWS", "TRANSFORMS", "CheckedActivation", "Law"]
