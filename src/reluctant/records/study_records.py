"""Everything that a study's folder holds: the study, its finished runs, failures, environments, history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy.typing as npt

from reluctant.core.errors import StudyError
from reluctant.records.run_result import RunResult, classes_from_base64, numbers_from_base64
from reluctant.records.schema import DataRecord, HistoryRecord, Json, RecordError
from reluctant.records.side_files import read_data, read_environments, read_failure, read_history
from reluctant.records.store import Store
from reluctant.study import Run, Study


@dataclass(frozen=True, eq=False)
class StudyRecords:
    """The finished runs of a study, in the study's order, and the files beside them.

    Args:
        failures: The traceback of every run that failed.
        environments: Machines and versions, by the name that records have for them.
        data: What was trained on, by SHA-256.
        history: The changes of the study, oldest first.
        damaged: Files that cannot be trusted; nothing was read from them.
    """

    study: Study
    runs: tuple[RunResult, ...]
    failures: Mapping[Run, str] = field(default_factory=dict)
    environments: Mapping[str, Json] = field(default_factory=dict)
    data: Mapping[str, DataRecord] = field(default_factory=dict)
    history: tuple[HistoryRecord, ...] = ()
    folder: Path | None = None
    damaged: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """The records of a study's folder, finished or not.

        Raises:
            StudyError: There is no study in the folder.
        """
        folder = Path(folder)
        study = read_study(folder)
        environments, damaged = read_environments(folder)
        data, damaged_data = read_data(folder)
        history, damaged_history = read_history(folder)
        damaged += [*damaged_data, *damaged_history]
        truths = {sha256: _truth(each) for sha256, each in data.items()}
        store = Store(folder / "runs")
        runs: dict[Run, RunResult] = {}
        for run in study.runs():
            try:
                if run.key in store:
                    record = store.read(run.key)
                    runs[run] = RunResult.of(record, truths.get(record.data))
            except (RecordError, OSError):
                damaged.append(store.path(run.key))
        failures = {run: text for run in study.runs() if run not in runs and (text := read_failure(folder, run.key))}
        return cls(
            study,
            tuple(runs.values()),
            failures,
            environments,
            data,
            history,
            folder,
            tuple(path.relative_to(folder).as_posix() for path in damaged),
        )

    def __iter__(self) -> Iterator[RunResult]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def missing(self) -> int:
        """How many runs of the study have not finished."""
        return self.study.size - len(self)

    @property
    def extended_after_looking(self) -> bool:
        """Whether seeds were added after results had been seen."""
        return any(change.looked and "seed" in change.changed for change in self.history)


def read_study(folder: Path) -> Study:
    """The study of a folder; `StudyError` where there is none."""
    path = folder / "study.toml"
    if not path.is_file():
        raise StudyError(f"{folder} holds no study (no study.toml); give the folder that `reluctant run` wrote")
    return Study.read(path)


def _truth(data: DataRecord) -> npt.NDArray[Any] | None:
    """The targets of the test split: classes (n,), or numbers (n, outputs)."""
    try:
        if data.test_targets is not None:
            return numbers_from_base64(data.test_targets, data.outputs)
        return classes_from_base64(data.test_labels or "", len(data.classes))
    except ValueError:  # no base64
        return None
