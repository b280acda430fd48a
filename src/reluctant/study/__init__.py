"""What a study asks (`Study`) and the single trainings it is made of (`Run`)."""

from reluctant.study.claim import Claim
from reluctant.study.growth import differences
from reluctant.study.overrides import parse_overrides
from reluctant.study.run import RECIPE, Run
from reluctant.study.study import MANY, Study, bundled

__all__ = ["MANY", "RECIPE", "Claim", "Run", "Study", "bundled", "differences", "parse_overrides"]
