"""What is kept of a record that was checked, to hold it against the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reluctant.study import Run
from reluctant.verification.counts import Images


@dataclass(frozen=True)
class Facts:
    """A record without its epochs: `content` is the sum of all that two trainings of a run have in common."""

    path: Path
    run: Run
    recipe: int
    data: str
    sources: Mapping[str, str]
    environment: str
    images: Mapping[str, Images]  # per split; empty where no epoch ended
    content: str
    sound: bool  # whether the record contradicts itself nowhere
