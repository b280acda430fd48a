"""Which runs a study needs: all of its own, but those of arms that a look has decided."""

from collections.abc import Sequence

from reluctant.records.schema import LookRecord
from reluctant.study import Run, Study


def needed_runs(study: Study, looks: Sequence[LookRecord]) -> list[Run]:
    """The runs of a study, in its order, without the seeds that came after their arm was decided."""
    if study.until_decided is None or not looks:
        return list(study.runs())
    decided = decided_after(looks)
    position = {seed: i for i, seed in enumerate(study.seed)}
    never = len(study.seed)
    return [r for r in study.runs() if position.get(r.seed, -1) < decided.get(r.activation, never)]


def decided_after(looks: Sequence[LookRecord]) -> dict[str, int]:
    """After how many seeds each arm was decided that no longer grows."""
    after: dict[str, int] = {}
    for record in looks:
        for arm in record.decided:
            after.setdefault(arm, record.seeds)
    return after
