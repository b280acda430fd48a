"""A folder and all that is found of it: every record by itself, what they share, the report."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reluctant.core.canonical_json import digest
from reluctant.core.errors import ReluctantError
from reluctant.records.run_result import SPLITS
from reluctant.records.store import Record, Store
from reluctant.records.study_results import read_history, read_study
from reluctant.study import Run, Study
from reluctant.verification import described, page
from reluctant.verification.agreement import disagreements, environments, meetings
from reluctant.verification.counts import Images, images
from reluctant.verification.described import Described
from reluctant.verification.difference import comparable
from reluctant.verification.facts import Facts
from reluctant.verification.finding import Finding, remark
from reluctant.verification.record import contradictions, malformed
from reluctant.verification.sums import sizes


@dataclass(frozen=True)
class Place:
    """A study's folder: the facts of its records that can be trusted, and what was found of all."""

    path: Path
    study: Study
    data: Mapping[str, Described]
    facts: tuple[Facts, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Verified:
    """One folder or several, and everything that was found."""

    places: tuple[Place, ...]
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts."""
        return not any(finding.grave for finding in self.findings)


def verify(*folders: str | Path) -> Verified:
    """Check folders of one study, each by itself and against one another; nothing is written or trained.

    Raises `StudyError` where a folder holds no study.
    """
    places = tuple(read(Path(folder)) for folder in folders)
    facts = [each for place in places for each in place.facts]
    findings = [
        *(finding for place in places for finding in place.findings),
        *disagreements(facts),
        *meetings(places),
        *(finding for place in places for finding in page.findings(place.path)),
    ]
    return Verified(places, tuple(findings))


def read(folder: Path) -> Place:
    """Check every record of a folder, its environments, data and history."""
    study = read_study(folder)
    data, findings = described.read(folder)
    facts: list[Facts] = []
    runs = {run.key: run for run in study.runs()}
    store = Store(folder / "runs")
    for key in list(store.keys()):
        path = folder / "runs" / f"{key}.json"
        found, said = _examined(path, key, store, runs, data)
        facts += [found] if found else []
        findings += said
    findings += [*_strangers(folder), *environments(folder, facts), *_history(folder)]
    return Place(folder, study, data, tuple(facts), tuple(findings))


def _examined(
    path: Path, key: str, store: Store, runs: Mapping[str, Run], data: Mapping[str, Described]
) -> tuple[Facts | None, list[Finding]]:
    """The facts of one record, None where it cannot be trusted or is foreign, and what is wrong with it."""
    try:
        record = store[key]
    except ReluctantError as fault:
        told = str(fault).removeprefix(f"{path} ").partition(";")[0]
        return None, [Finding(path, f"{told}; `reluctant run` sets it aside and trains it again")]
    except OSError as fault:
        return None, [Finding(path, f"cannot be read: {fault.strerror or fault}")]
    if wrong := malformed(record) or _misnamed(record, key):
        return None, [Finding(path, f"is not the record that its name promises: {wrong}")]
    if key not in runs:
        named = f"{record['run'].get('activation')}, seed {record['run'].get('seed')}"
        return None, [remark(path, f"is foreign: the study has no such run ({named}); it counts nowhere")]
    kept = data.get(record["data"])
    found = [Finding(path, told) for told in contradictions(record, runs[key], kept)]
    if kept is None and record["epochs"]:
        found.append(remark(path, "has no true classes to be held against: data/ does not describe its data"))
    return _facts(path, record, runs[key], sound=not any(f.grave for f in found)), found


def _misnamed(record: Record, key: str) -> str:
    try:
        own = Run.from_dict(record["run"]).key
    except (TypeError, ValueError, AttributeError, ReluctantError):
        return "its run cannot be read"
    return "" if own == key else f"its run is called {own}"


def _facts(path: Path, record: Record, run: Run, *, sound: bool) -> Facts:
    return Facts(
        path=path,
        run=run,
        recipe=record["recipe"],
        data=record["data"],
        sources=record.get("sources", {}),
        environment=record["environment"],
        images=_images(record) if sound else {},
        content=digest(comparable(record)),
        sound=sound,
    )


def _images(record: Record) -> dict[str, Images]:
    if not record["epochs"]:
        return {}
    first = record["epochs"][0]
    if "sums" in first:
        return sizes(first)
    return {split: images(first["confusion"][split]) for split in SPLITS}


def _strangers(folder: Path) -> Iterator[Finding]:
    """Files among the records that nobody reads."""
    for path in sorted((folder / "runs").glob("*")):
        if path.suffix != ".json" and not path.name.startswith("."):
            yield remark(path, "is no record; nothing is read from it")


def _history(folder: Path) -> Iterator[Finding]:
    path = folder / "history.jsonl"
    try:
        lines = read_history(folder)
        whole = all(isinstance(line, dict) and {"date", "looked", "changed"} <= line.keys() for line in lines)
    except (json.JSONDecodeError, UnicodeDecodeError):
        whole = False
    if not whole:
        yield Finding(path, "is damaged; the changes of the study cannot be told from it")
