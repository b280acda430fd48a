"""The deviations of the published procedure, in the order in which they are taken back, and each alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from reluctant.core.names import parse
from reluctant.replication.measurement import Measure

PROCEDURE = "reluctant.replica:Published"
TRAINING = ("raw_pixels", "lost_momentum", "forgetful", "double_softmax")  # what all published runs share
AS_PUBLISHED = Measure("last", "sure", "published")


@dataclass(frozen=True)
class Rung:
    """One way to arrive at a number: what is said of it, the training's switches that are on, the measure."""

    title: str
    on: frozenset[str]
    measure: Measure

    @property
    def procedure(self) -> str:
        """The procedure's name in a study."""
        return named(self.on)


def named(on: Iterable[str]) -> str:
    """The name of the published procedure with these switches on."""
    switches = ", ".join(f"{switch}=True" for switch in sorted(on))
    return f"{PROCEDURE}({switches})" if switches else PROCEDURE


def switches(procedure: str) -> frozenset[str] | None:
    """The switches that are on in a procedure's name; None for any other procedure."""
    name = parse(procedure)
    if name.head != PROCEDURE:
        return None
    return frozenset(switch for switch, on in name.arguments.items() if on)


_ALL = frozenset(TRAINING)

SEQUENCE = (
    Rung("as published", _ALL, AS_PUBLISHED),
    Rung("on all test images", _ALL, Measure("all", "sure", "published")),
    Rung("the largest output decides", _ALL, Measure("all", "largest", "published")),
    Rung("F1, with recall", _ALL, Measure()),
    Rung("pixels standardised", _ALL - {"raw_pixels"}, Measure()),
    Rung("momentum reaches Adam", _ALL - {"raw_pixels", "lost_momentum"}, Measure()),
    Rung("one optimizer for all epochs", frozenset({"double_softmax"}), Measure()),
    Rung("one softmax: measured properly", frozenset(), Measure()),
)

ALONE = (
    Rung("measured properly", frozenset(), Measure()),
    Rung("the last batch of images alone", frozenset(), Measure("last", "largest", "f1")),
    Rung("an output above one half decides", frozenset(), Measure("all", "sure", "f1")),
    Rung("accuracy and precision in place of F1", frozenset(), Measure("all", "largest", "published")),
    Rung("pixels from 0 to 255", frozenset({"raw_pixels"}), Measure()),
    Rung("momentum lost", frozenset({"lost_momentum"}), Measure()),
    Rung("an optimizer for every epoch", frozenset({"forgetful"}), Measure()),
    Rung("softmax twice", frozenset({"double_softmax"}), Measure()),
    Rung("pooling by one pixel", frozenset({"fine_pooling"}), Measure()),
)


def rungs(ladder: tuple[Rung, ...], procedures: Iterable[str]) -> tuple[Rung, ...]:
    """The rungs of a ladder that studies with these procedures can show."""
    held = {switches(procedure) for procedure in procedures}
    return tuple(rung for rung in ladder if rung.on in held)
