"""Studies that grow: `seed = "until decided"` trains seeds until every comparison is decided."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reluctant.core.display import normalised
from reluctant.statistics.sequential import FIRST, LAST

UNTIL_DECIDED = "until decided"

SeedCount = Annotated[int, Field(ge=FIRST, le=LAST)]


class UntilDecided(BaseModel):
    """How a study grows that trains seeds until every comparison is decided: `seed = "until decided"`.

    It begins with `start` seeds and adds one after each look for the activations that are still undecided, up to `most`
    seeds and, where given, `hours` of one command.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: SeedCount = 5
    most: SeedCount = 40
    hours: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _start_within_most(self) -> Self:
        if self.start > self.most:
            raise ValueError(f"start = {self.start} seeds are more than most = {self.most}")
        return self


def with_first_seeds(content: dict[str, Any]) -> dict[str, Any]:
    """The content with the first seeds of a study that grows, in place of `seed = "until decided"`."""
    seed, table = content.get("seed"), content.get("until_decided")
    if isinstance(seed, str) and normalised(seed).replace(" ", "") == UNTIL_DECIDED.replace(" ", ""):
        table = {} if table is None else table
    elif seed is not None or table is None:
        return content
    start = table.get("start") if isinstance(table, Mapping) else None
    first = start if isinstance(start, int) and 0 < start <= LAST else UntilDecided().start
    return {**content, "seed": list(range(first)), "until_decided": table}


def growth_fault(seeds: Sequence[object], activations: Sequence[str], looks: str) -> str:
    """What keeps a study from growing; empty where nothing does."""
    if looks != "any":
        return "a study that grows until all is decided is looked at after every seed; leave out compare.looks"
    if tuple(seeds) != tuple(range(len(seeds))):
        return "a study that grows until all is decided has the seeds 0, 1, 2, …; leave out seed"
    return "there is nothing to decide between; give several activations" if len(activations) == 1 else ""
