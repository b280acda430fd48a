"""What a study claims, tested on its scores: supported, contradicted or undecided, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reluctant.analysis.claim_tests import SHARE, TESTS, ClaimTest, Direction, Evidence, in_epochs
from reluctant.analysis.labels import list_names
from reluctant.analysis.question import Question
from reluctant.analysis.units import Unit
from reluctant.scores import Scores
from reluctant.statistics.power import LEVEL
from reluctant.study import Claim

OTHER_SHARES = (0.5, 0.75, 0.95)  # of the way, by which convergence is judged too

CONVERGENCE = (
    f"Speed of convergence: epochs until a run has come {100 * SHARE:g} % of the way from its value after the first "
    "epoch to its own value after the last, on a straight line between epochs."
)


class Outcome(StrEnum):
    """What became of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"

    @property
    def sign(self) -> str:
        """A sign that differs by its form."""
        return {"supported": "✓", "contradicted": "✗", "undecided": "?"}[self.value]


@dataclass(frozen=True)
class JudgedClaim:
    """A claim and its outcome; `test` says in words what was tested, `in_epochs` what the numbers count."""

    claim: Claim
    outcome: Outcome
    test: str
    in_epochs: bool
    evidence: tuple[Evidence, ...]


def judge_claims(scores: Scores, question: Question, unit: Callable[[str], Unit]) -> tuple[JudgedClaim, ...]:
    """All claims of a study at one setting; `unit` is how a metric of this name is written."""
    return tuple(judge_claim(scores, question, claim, unit(claim.metric)) for claim in question.claims)


def judge_claim(scores: Scores, question: Question, claim: Claim, unit: Unit) -> JudgedClaim:
    """Test one claim on the scores of one setting."""
    family = max(1, len(question.claims))  # all claims of a study are corrected together (Bonferroni)
    level = LEVEL / family
    metric = scores.metric(claim.metric)
    margin = claim.margin
    if margin is None:
        margin = question.margin if metric is question.metric else metric.margin
    what = ClaimTest(scores, claim, margin, unit.margin(margin), level, question.sequential)
    test, evidence = TESTS[claim.kind](what)
    evidence, outcome = _outcome(scores, evidence)
    if in_epochs(claim):
        test = f"{test}. {_by_other_definitions(what)}"
    concerned = claim.activations if claim.than else scores.arms
    if outcome == Outcome.SUPPORTED and any(map(scores.diverged, concerned)):
        outcome, test = Outcome.UNDECIDED, f"{test}; runs diverged, so no claim is supported"
    if question.withheld:
        outcome, test = Outcome.UNDECIDED, f"{test}; {next(iter(question.withheld.values()))}, so no claim is tested"
    return JudgedClaim(claim, outcome, test, in_epochs(claim), evidence)


def _outcome(scores: Scores, evidence: Sequence[Evidence]) -> tuple[tuple[Evidence, ...], Outcome]:
    """What follows from the evidence; what surviving runs say counts against no claim."""
    sound = tuple(
        replace(each, direction=Direction.OPEN)
        if each.direction == Direction.AGAINST and any(map(scores.diverged, each.arms))
        else each
        for each in evidence
    )
    directions = {each.direction for each in sound}
    if Direction.AGAINST in directions:
        return sound, Outcome.CONTRADICTED
    return sound, Outcome.SUPPORTED if directions == {Direction.FOR} else Outcome.UNDECIDED


def _by_other_definitions(what: ClaimTest) -> str:
    """The outcomes if a run has converged after another share of its way; a claim that hangs on it says little."""
    outcomes: dict[Outcome, list[str]] = {}
    for share in OTHER_SHARES:
        _, evidence = TESTS[what.claim.kind](replace(what, share=share))
        outcomes.setdefault(_outcome(what.scores, evidence)[1], []).append(f"{100 * share:g} %")
    parts = [f"{outcome} at {list_names(shares)}" for outcome, shares in outcomes.items()]
    return f"By other shares of the way than {100 * SHARE:g} %: {', '.join(parts)}"
