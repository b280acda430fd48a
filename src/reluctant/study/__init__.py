"""A study (`Study`), and the single trainings that it consists of (`Run`)."""

from reluctant.study.changes import study_changes
from reluctant.study.files import bundled
from reluctant.study.growth import UNTIL_DECIDED
from reluctant.study.overrides import parse_overrides
from reluctant.study.run import RECIPE, Run
from reluctant.study.seeds import SOURCES, Seed, seed_numbers
from reluctant.study.study import MANY, Study
from reluctant.study.tables import Claim, Compare, PublishedNumber

__all__ = [
    "MANY", "RECIPE", "SOURCES", "UNTIL_DECIDED", "Claim", "Compare", "PublishedNumber", "Run", "Seed", "Study",
    "bundled", "parse_overrides", "seed_numbers", "study_changes",
]  # fmt: skip
