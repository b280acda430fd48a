"""A finding: one sentence about one file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """What was found of a file; `grave` where it contradicts, else it is only worth knowing."""

    where: Path
    says: str
    grave: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.says}"


def remark(where: Path, says: str) -> Finding:
    """Something worth knowing that contradicts nothing."""
    return Finding(where, says, grave=False)
