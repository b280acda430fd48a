"""The faults of the published procedure: corrected one after another, and each alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from reluctant.core.names import parse
from reluctant.replication.measurement import Measure

PROCEDURE = "reluctant.replica:Published"


@dataclass(frozen=True)
class AblationStep:
    """One way to train and to score."""

    title: str  # what tables and figures call the step
    switches: frozenset[str]  # the switches of the training procedure that are on
    measure: Measure  # how an epoch is scored

    @property
    def procedure(self) -> str:
        """The name of the training procedure in a study."""
        arguments = ", ".join(f"{switch}=True" for switch in sorted(self.switches))
        return f"{PROCEDURE}({arguments})" if arguments else PROCEDURE


def switches_of(procedure: str) -> frozenset[str] | None:
    """The switches that are on in the name of a procedure; None for any other procedure."""
    name = parse(procedure)
    if name.head != PROCEDURE:
        return None
    return frozenset(switch for switch, on in name.arguments.items() if on)


def available_steps(steps: tuple[AblationStep, ...], procedures: Iterable[str]) -> tuple[AblationStep, ...]:
    """The steps whose training is among these procedures."""
    trained = {switches_of(procedure) for procedure in procedures}
    return tuple(step for step in steps if step.switches in trained)


_PUBLISHED = frozenset({"raw_pixels", "lost_momentum", "forgetful", "double_softmax"})  # of all published runs
_PROPER: frozenset[str] = frozenset()

SEQUENCE = (
    AblationStep("as published", _PUBLISHED, Measure("last_batch", "above_half", "published")),
    AblationStep("on all test images", _PUBLISHED, Measure("all", "above_half", "published")),
    AblationStep("the largest output decides", _PUBLISHED, Measure("all", "largest", "published")),
    AblationStep("F1, with recall", _PUBLISHED, Measure()),
    AblationStep("pixels standardised", _PUBLISHED - {"raw_pixels"}, Measure()),
    AblationStep("momentum reaches Adam", frozenset({"forgetful", "double_softmax"}), Measure()),
    AblationStep("one optimizer for all epochs", frozenset({"double_softmax"}), Measure()),
    AblationStep("one softmax: measured properly", _PROPER, Measure()),
)
AS_PUBLISHED = SEQUENCE[0]

ALONE = (
    AblationStep("measured properly", _PROPER, Measure()),
    AblationStep("the last batch of images alone", _PROPER, Measure("last_batch", "largest", "f1")),
    AblationStep("an output above one half decides", _PROPER, Measure("all", "above_half", "f1")),
    AblationStep("accuracy and precision in place of F1", _PROPER, Measure("all", "largest", "published")),
    AblationStep("pixels from 0 to 255", frozenset({"raw_pixels"}), Measure()),
    AblationStep("momentum lost", frozenset({"lost_momentum"}), Measure()),
    AblationStep("an optimizer for every epoch", frozenset({"forgetful"}), Measure()),
    AblationStep("softmax twice", frozenset({"double_softmax"}), Measure()),
    AblationStep("pooling by one pixel", frozenset({"fine_pooling"}), Measure()),
)
