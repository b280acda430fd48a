"""What a study asks (`Study`) and the single trainings it is made of (`Run`)."""

from reluctant.study.claim import Claim
from reluctant.study.files import bundled
from reluctant.study.growth import differences
from reluctant.study.overrides import parse_overrides
from reluctant.study.published import Published
from reluctant.study.run import RECIPE, Run
from reluctant.study.seeds import SOURCES, Seed, numbers
from reluctant.study.study import MANY, Study

__all__ = [
    "MANY",
    "RECIPE",
    "SOURCES",
    "Claim",
    "Published",
    "Run",
    "Seed",
    "Study",
    "bundled",
    "differences",
    "numbers",
    "parse_overrides",
]
