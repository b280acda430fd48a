"""Laws that every activation of the catalogue keeps, and that anybody's function can be tried on."""

from reluctant.laws.behaviour import BEHAVIOUR
from reluctant.laws.law import Law, Subject
from reluctant.laws.mathematics import MATHEMATICS
from reluctant.laws.precision import PRECISION
from reluctant.laws.transforms import TRANSFORMS

LAWS: tuple[Law, ...] = (*MATHEMATICS, *PRECISION, *BEHAVIOUR, *TRANSFORMS)

__all__ = ["LAWS", "Law", "Subject"]
