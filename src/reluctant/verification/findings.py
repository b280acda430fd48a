"""What verification finds, and the files that it can read: records and descriptions of data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.records.schema import DataRecord, RunRecord
from reluctant.records.side_files import DATA, json_files
from reluctant.records.stored_arrays import decode_targets
from reluctant.study import Run, Study

Inputs = tuple[int, ...]  # how many inputs of every class; where numbers are predicted, how many in all


@dataclass(frozen=True)
class Finding:
    """One sentence about one file: a contradiction, or a remark that is only worth knowing."""

    path: Path
    message: str
    is_contradiction: bool = True

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def remark(path: Path, message: str) -> Finding:
    """A finding that contradicts nothing."""
    return Finding(path, message, is_contradiction=False)


@dataclass(frozen=True, eq=False)
class CheckedRecord:
    """A record that can be read and belongs to the study."""

    path: Path
    record: RunRecord  # the record without its epochs
    # how many inputs every split has; empty where no epoch ended or the record contradicts itself
    inputs: Mapping[str, Inputs]
    content: str  # hash of what two trainings of the run have in common

    @property
    def run(self) -> Run:
        """What was trained."""
        return self.record.run


@dataclass(frozen=True, eq=False)
class CheckedData:
    """A description of data that can be read, with the targets of the test split as in `RunResult.truth`."""

    path: Path
    record: DataRecord
    targets: npt.NDArray[Any]

    @property
    def trained(self) -> int:
        """How many inputs there are for training and validation together."""
        return self.record.images["train"] + self.record.images["valid"]

    def difference(self, other: "CheckedData") -> str:
        """How another description of the same data differs; '' where it does not."""
        if other.record.classes != self.record.classes:
            return "names other classes"
        if not np.array_equal(other.targets, self.targets):
            return "has other targets of the test split"
        return "" if other.trained == self.trained else "has another number of training inputs"


@dataclass(frozen=True, eq=False)
class CheckedFolder:
    """A study's folder: its records that can be read, and what was found in all its files but the report."""

    path: Path
    study: Study
    planned: int  # runs that the study needs
    data: Mapping[str, CheckedData]
    records: tuple[CheckedRecord, ...]
    findings: tuple[Finding, ...]


def read_checked_data(folder: Path) -> tuple[dict[str, CheckedData], list[Finding]]:
    """The descriptions in `data/`, by the SHA-256 of the data, and what is wrong with the files."""
    data: dict[str, CheckedData] = {}
    findings: list[Finding] = []
    for path in json_files(folder / DATA):
        try:
            record = DataRecord.read(json.loads(path.read_text("utf-8")))
            data[record.sha256] = CheckedData(path, record, _test_targets(record))
        except OSError as fault:
            findings.append(Finding(path, f"cannot be read: {fault.strerror or fault}"))
        except (ValueError, RecursionError):
            findings.append(Finding(path, "is no description of data; copy it again, or let `reluctant run` write it"))
        else:
            if path.stem != (start := record.sha256[:16]):
                findings.append(Finding(path, f"describes the data {start}, which its name does not say"))
    return data, findings


def _test_targets(data: DataRecord) -> npt.NDArray[Any]:
    """The test targets; `ValueError`: they cannot be read, are too few or many, or name a class that there is not."""
    targets = decode_targets(data)
    if data.test_targets is None and targets.max(initial=0) >= len(data.classes):
        raise ValueError("a class without a name")
    if len(targets) != data.images["test"]:
        raise ValueError("another number of inputs")
    return targets
