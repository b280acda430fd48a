"""A sample of a folder's runs trained again, and compared with its records to the bit."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reluctant.core.canonical_json import digest, dumps
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_code import check_user_code
from reluctant.records.parts import Json
from reluctant.records.schema import RunRecord
from reluctant.records.side_files import read_environments
from reluctant.records.store import without_seconds
from reluctant.records.study_dir import Origin, StudyDir
from reluctant.study import Run
from reluctant.verification.findings import CheckedFolder, CheckedRecord, Finding, remark

_DECISIVE = ("processor", "machine", "python", "torch", "settings", "packages")  # for bits, beside the run


def sample_runs(folder: CheckedFolder, number: int) -> list[CheckedRecord]:
    """Runs chosen at random, the same for the same records; all where there are no more."""
    keys = sorted(each.run.key for each in folder.records)
    return sorted(folder.records, key=lambda each: digest([keys, each.run.key]))[:number]


def retrain(folder: CheckedFolder, number: int, report: Callable[[str], None] = lambda _: None) -> Iterator[Finding]:
    """Train a sample again, in a scratch folder and without any checkpoint; a finding per run, as it ends.

    `report` is called with a line as each run begins. `ReluctantError`: a run cannot be trained here at all, by
    this version, without its data or with other code of the user's.
    """
    sample = sample_runs(folder, number)
    if any(each.run.reported for each in sample):
        raise StudyError(
            "runs of a training of your own are not trained again here; run the study in another folder and compare: "
            "reluctant verify FOLDER OTHER"
        )
    for count, each in enumerate(sample, 1):
        report(f"{count} of {len(sample)}: {each.run.activation}, seed {each.run.seed} is trained again")
        yield _retrain_run(folder, each)


def _retrain_run(folder: CheckedFolder, checked: CheckedRecord) -> Finding:
    from reluctant.training.checksums import run_sources
    from reluctant.training.runner import load_run_data

    run, study_dir = checked.run, StudyDir(folder.path)
    check_user_code(run.user_names)
    stored = study_dir.store.read(run.key)
    environment = read_environments(folder.path)[0].get(str(stored.environment), {})
    data = load_run_data(run, None).source.sha256
    study_dir.check_origins({run.dataset: data}, run_sources(run), [Origin.of(stored)])
    try:
        fresh = _train_again(run, environment)
    except ReluctantError:
        raise
    except Exception as fault:  # the user's code may raise anything
        return Finding(checked.path, f"cannot be trained again: {type(fault).__name__}: {fault}")
    difference = first_difference(comparable(stored), comparable(fresh))
    if difference is None:
        return remark(checked.path, "trained again, it is the same to the bit")
    path, before, now = difference
    message = f"trained again, it differs: {path} is {before} in the record, and {now} now"
    here = fresh.environment if isinstance(fresh.environment, dict) else {}
    if other := _environment_differences(environment, here):
        message += f"; made with another {', '.join(other)}, where other bits are to be expected"
    return Finding(checked.path, message)


def _train_again(run: Run, environment: Json) -> RunRecord:
    """The record of a run trained now, as the store reads it; on the CPU if the stored one was."""
    from reluctant.engines.training_work import TrainingWork

    torch = environment.get("torch")
    device = "cpu" if not isinstance(torch, dict) or torch.get("device", "cpu") == "cpu" else "auto"
    with tempfile.TemporaryDirectory() as scratch:
        nowhere = str(Path(scratch) / "none")  # a folder that does not exist gets no checkpoint
        steps = TrainingWork(folder=nowhere, device=device)(run)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return RunRecord.read(json.loads(dumps(end.value.to_json())))


def _environment_differences(stored: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """`processor (… there, … here)`: what decides bits and differs, packages and settings one by one."""
    pairs: list[tuple[str, Any, Any]] = []
    for name in _DECISIVE:
        one, two = stored.get(name, "unknown"), here.get(name, "unknown")
        if isinstance(one, dict) and isinstance(two, dict):
            pairs += [(key, one.get(key, "none"), two.get(key, "none")) for key in sorted({*one, *two})]
        else:
            pairs.append((name, one, two))
    return [f"{name} ({one} there, {two} here)" for name, one, two in pairs if one != two]


LOCAL = (
    "environment",
    "sha256",
    "schema",
    "multiply_adds",
)  # with times and provenance: what equal trainings may differ in
_MISSING = object()


def comparable(record: RunRecord) -> Json:
    """What two trainings of one run have in common to the bit, on whatever machine and in whatever schema.

    The run has all its fields: a record of an older version lacks those that have their defaults there.
    """
    content = without_seconds(record.to_json())
    return {**{k: v for k, v in content.items() if k not in LOCAL}, "run": record.run.to_dict()}


def first_difference(one: Any, other: Any, path: str = "") -> tuple[str, str, str] | None:
    """The first path at which two values differ, with both values in words; None where they are equal.

    Keys are walked in alphabetical order; numbers in brackets count from 0, as in Python. Whole numbers and
    fractions differ, and so do 0 and −0.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        steps = [(f"{path}.{key}".lstrip("."), one.get(key, _MISSING), other.get(key, _MISSING))
                 for key in sorted({*one, *other})]  # fmt: skip
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        steps = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        if one is other or (_MISSING not in (one, other) and dumps(one) == dumps(other)):
            return None
        return path, _value_in_words(one), _value_in_words(other)
    differences = (first_difference(a, b, step) for step, a, b in steps)
    return next((difference for difference in differences if difference), None)


def _value_in_words(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    if isinstance(value, list | Mapping):
        return f"{'a list' if isinstance(value, list) else 'a table'} of {len(value)}"
    text = dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
