"""A folder and everything that verification finds in it: each record, what records share, the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from reluctant.core.canonical_json import digest
from reluctant.records.parts import RecordError
from reluctant.records.side_files import read_history, read_looks
from reluctant.records.store import Store
from reluctant.records.study_dir import StudyDir
from reluctant.records.study_records import read_study
from reluctant.study import Run
from reluctant.verification.findings import (
    CheckedData,
    CheckedFolder,
    CheckedRecord,
    Finding,
    read_checked_data,
    remark,
)
from reluctant.verification.page import check_page
from reluctant.verification.record_checks import count_inputs, find_contradictions
from reluctant.verification.retraining import comparable
from reluctant.verification.shared_checks import check_environments, check_shared, compare_folders


@dataclass(frozen=True, eq=False)
class Verification:
    """One folder or several, and everything that was found."""

    folders: tuple[CheckedFolder, ...]
    findings: tuple[Finding, ...]

    @property
    def contradictions(self) -> tuple[Finding, ...]:
        """The findings that are more than remarks."""
        return tuple(finding for finding in self.findings if finding.is_contradiction)


def verify_folders(*paths: str | Path) -> Verification:
    """Check folders of one study, each by itself and against one another; `StudyError` where one holds no study."""
    folders = tuple(_check_folder(Path(path)) for path in paths)
    findings = [finding for folder in folders for finding in folder.findings]
    findings += check_shared([record for folder in folders for record in folder.records])
    for one, other in combinations(folders, 2):
        findings += compare_folders(one, other)
    findings += (finding for folder in folders for finding in check_page(folder.path))
    return Verification(folders, tuple(findings))


def _check_folder(path: Path) -> CheckedFolder:
    """Check every record of a folder, its environments, data and history."""
    study, store = read_study(path), StudyDir(path).store
    data, findings = read_checked_data(path)
    runs = {run.key: run for run in StudyDir(path).needed(study)}
    records = []
    for key in list(store):
        record, faults = _check_record(store, key, runs, data)
        findings += faults
        if record is not None:
            records.append(record)
    for file in sorted(store.folder.glob("*")):
        if file.suffix != ".json" and not file.name.startswith("."):
            findings.append(remark(file, "is no record; nothing is read from it"))
    findings += check_environments(path, records)
    for file in read_history(path)[1]:
        findings.append(Finding(file, "is damaged: the changes of the study cannot be read from it"))
    for file in read_looks(path)[1]:
        findings.append(Finding(file, "is damaged: which seeds the study needs cannot be read from it"))
    return CheckedFolder(path, study, len(runs), data, tuple(records), tuple(findings))


def _check_record(
    store: Store, key: str, runs: Mapping[str, Run], data: Mapping[str, CheckedData]
) -> tuple[CheckedRecord | None, list[Finding]]:
    """One record, None where it cannot be read or is of no run of the study, and what is wrong with it."""
    path = store.path(key)
    try:
        record = store.read(key)
    except RecordError as error:
        fault = str(error).removeprefix(f"{path} ").replace("\n ", ";")
        return None, [Finding(path, f"{fault}; `reluctant run` moves it to damaged/ and trains its run again")]
    except OSError as error:
        return None, [Finding(path, f"cannot be read: {error.strerror or error}")]
    if key not in runs:
        name = f"{record.run.activation}, seed {record.run.seed}"
        return None, [remark(path, f"is foreign: the study has no such run ({name}); it counts nowhere")]
    described = data.get(record.data)
    findings = [Finding(path, message) for message in find_contradictions(record, described)]
    inputs = count_inputs(record) if record.epochs and not findings else {}
    if record.epochs and described is None:
        findings.append(remark(path, "is not compared with true classes: data/ does not describe its data"))
    stripped = record.model_copy(update={"epochs": [], "start": None})
    return CheckedRecord(path, stripped, inputs, digest(comparable(record))), findings
