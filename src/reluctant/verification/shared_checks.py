"""What records have to share: recipe, data, code, inputs, environments; and the same run in two folders."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reluctant.records.side_files import ENVIRONMENTS, read_environments
from reluctant.records.store import Store
from reluctant.verification.findings import CheckedFolder, CheckedRecord, Finding, remark
from reluctant.verification.retraining import comparable, first_difference


def check_shared(records: Sequence[CheckedRecord]) -> Iterator[Finding]:
    """Where a record differs from most others in recipe, data, code or inputs."""
    by_subject: dict[str, list[tuple[Any, CheckedRecord]]] = {}
    for each in records:
        record, run = each.record, each.run
        part = f"{run.dataset} at train_fraction {run.train_fraction:g}, data {record.data[:8]}"
        values = {
            "recipe": record.recipe,
            f"SHA-256 of the data {run.dataset}": record.data,
            **{f"SHA-256 of the code {name}": source for name, source in record.sources.items()},
            **{f"number of {split} images by class ({part})": n for split, n in each.inputs.items()},
        }
        for subject, value in values.items():
            by_subject.setdefault(subject, []).append((value, each))
    for subject, pairs in by_subject.items():
        usual = Counter(value for value, _ in pairs).most_common(1)[0][0]
        example = next(each for value, each in pairs if value == usual)
        for value, each in pairs:
            if value != usual:
                own, other = (", ".join(map(str, v)) if isinstance(v, tuple) else str(v) for v in (value, usual))
                yield Finding(each.path, f"its {subject} is {own}, and {other} in {example.path}")


def check_environments(folder: Path, records: Sequence[CheckedRecord]) -> Iterator[Finding]:
    """Environments that are damaged, and those that records name and that are missing."""
    environments, damaged = read_environments(folder)
    for path in damaged:
        yield Finding(path, "is not what its name is the hash of: the description of the machine was changed")
    first = {str(each.record.environment): each for each in reversed(records)}
    for name, each in sorted(first.items()):
        path = folder / ENVIRONMENTS / f"{name}.json"
        if not re.fullmatch(r"[0-9a-f]{16}", name):
            yield Finding(each.path, f"names the environment {name!r}, which is not a name of one")
        elif name not in environments and path not in damaged:
            mending = "copy it from the folder that the record comes from"
            yield Finding(each.path, f"names the environment {name}, and there is no {path}; {mending}")


def compare_folders(one: CheckedFolder, other: CheckedFolder) -> Iterator[Finding]:
    """Where two folders hold different records of the same run, or describe the same data differently."""
    by_key = {each.run.key: each for each in one.records}
    common = [(by_key[each.run.key], each) for each in other.records if each.run.key in by_key]
    if not common:
        yield remark(other.path, f"has no run in common with {one.path}")
    for here, there in common:
        if here.content != there.content:
            ours, theirs = (comparable(Store(r.path.parent).read(r.path.stem)) for r in (here, there))
            difference = first_difference(theirs, ours)
            assert difference is not None
            step, new, old = difference
            yield Finding(there.path, f"contradicts {here.path}: {step} is {new}, and {old} there")
    for sha256 in sorted({*one.data} & {*other.data}):
        described, other_described = one.data[sha256], other.data[sha256]
        if words := described.difference(other_described):
            yield Finding(other_described.path, f"contradicts {described.path}: it {words}")
