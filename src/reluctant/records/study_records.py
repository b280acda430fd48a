"""Everything that a study's folder holds: the study, its finished runs, failures, environments, history."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from reluctant.catalogue.metrics import Metric
from reluctant.core.errors import StudyError
from reluctant.records.looks import needed_runs
from reluctant.records.parts import Json
from reluctant.records.reported_result import ReportedResult, reported_results
from reluctant.records.run_result import RunResult
from reluctant.records.schema import DataRecord, HistoryRecord, LookRecord
from reluctant.records.side_files import read_data, read_environments, read_failure, read_history, read_looks
from reluctant.records.store import Store
from reluctant.records.stored_arrays import decode_targets
from reluctant.study import Compare, Run, Study


@dataclass(frozen=True, eq=False)
class StudyRecords:
    """The finished runs of a study, in the study's order, and the files beside them."""

    study: Study
    runs: tuple[RunResult, ...]  # of our own loop
    failures: Mapping[Run, str] = field(default_factory=dict)  # the traceback of every run that failed
    # machines and versions, by the name that records have for them
    environments: Mapping[str, Json] = field(default_factory=dict)
    data: Mapping[str, DataRecord] = field(default_factory=dict)  # what was trained on, by SHA-256
    history: tuple[HistoryRecord, ...] = ()  # the changes of the study, oldest first
    folder: Path | None = None
    looks: tuple[LookRecord, ...] = ()  # at a study that grows until all is decided, oldest first
    damaged: tuple[str, ...] = ()  # files that cannot be trusted; nothing was read from them
    reported: tuple[ReportedResult, ...] = ()  # the runs of the user's own training, in place of `runs`
    metrics: Mapping[str, Metric] = field(default_factory=dict)  # that these have reported, the deciding one first

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """The records of a study's folder, finished or not; `StudyError` where there is no study in it."""
        folder = Path(folder)
        study = read_study(folder)
        environments, damaged = read_environments(folder)
        data, damaged_data = read_data(folder)
        history, damaged_history = read_history(folder)
        looks, damaged_looks = read_looks(folder)
        damaged += [*damaged_data, *damaged_history, *damaged_looks]
        planned = needed_runs(study, looks)
        truths = {}
        for sha256, each in data.items():
            with suppress(ValueError):
                truths[sha256] = decode_targets(each)
        store = Store(folder / "runs")
        runs: dict[Run, RunResult] = {}
        reported = []
        for run in planned:
            try:
                if run.key in store:
                    record = store.read(run.key)
                    if run.reported:
                        reported.append(record)
                    else:
                        described = data.get(record.data)
                        guess_loss = described.guess_loss if described else None
                        runs[run] = RunResult.of(record, truths.get(record.data), guess_loss)
            except (ValueError, OSError):  # a RecordError, or counts of different shapes
                damaged.append(store.path(run.key))
        results, metrics = reported_results(study, reported)
        failures = {
            run: text
            for run in planned
            if run not in runs and run not in results and (text := read_failure(folder, run.key))
        }
        names = tuple(path.relative_to(folder).as_posix() for path in damaged)
        return cls(study, tuple(runs.values()), failures, environments, data, history, folder, looks, names,
                   tuple(results.values()), metrics)  # fmt: skip

    def __iter__(self) -> Iterator[RunResult]:
        """The runs of our own loop, which have counts and probes."""
        return iter(self.runs)

    @property
    def scored(self) -> tuple[RunResult, ...] | tuple[ReportedResult, ...]:
        """All finished runs, whoever trained."""
        return self.runs or self.reported

    def __len__(self) -> int:
        return len(self.runs) + len(self.reported)

    @property
    def planned(self) -> int:
        """How many runs the study needs: of one that grows until all is decided, those of its looks so far."""
        return len(needed_runs(self.study, self.looks)) if self.looks else self.study.size

    @property
    def missing(self) -> int:
        """How many runs of the study have not finished."""
        return self.planned - len(self)

    @property
    def extended_after_looking(self) -> bool:
        """Whether seeds were added when at least one run had finished, whether anybody looked at it or not."""
        return any(change.looked and "seed" in change.changed for change in self.history)

    @property
    def arms_added_after_looking(self) -> bool:
        """Whether activations were added when at least one run had finished."""
        return any(change.looked and {"activation", "arm"} & set(change.changed) for change in self.history)

    @property
    def asked_first(self) -> Compare | None:
        """What the study compared before its first result; None where it still does."""
        changes = (
            change.changed["compare"][0] for change in self.history if change.looked and "compare" in change.changed
        )
        before = next(changes, None)
        return None if before is None else Compare.model_validate(before)


def read_study(folder: Path) -> Study:
    """The study of a folder; `StudyError` where there is none."""
    path = folder / "study.toml"
    if not path.is_file():
        raise StudyError(f"{folder} holds no study (no study.toml); give the folder that `reluctant run` wrote")
    return Study.read(path)
