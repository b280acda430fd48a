"""What the records of a study have to share: recipe, data, code, inputs, environments; runs in two folders."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reluctant.records.schema import Json
from reluctant.records.side_files import ENVIRONMENTS
from reluctant.records.store import Store
from reluctant.verification.difference import comparable, first_difference
from reluctant.verification.findings import CheckedData, CheckedRecord, Finding


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
                message = f"its {subject} is {_listed(value)}, and {_listed(usual)} in {example.path}"
                yield Finding(each.path, message)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def check_environments(
    folder: Path,
    records: Sequence[CheckedRecord],
    environments: Mapping[str, Json],
    damaged: Collection[Path],
) -> Iterator[Finding]:
    """Environments that are damaged, and those that records name and that are missing."""
    for path in damaged:
        yield Finding(path, "is not what its name is the hash of: the description of the machine was changed")
    first = {str(each.record.environment): each for each in reversed(records)}
    for name, each in sorted(first.items()):
        path = folder / ENVIRONMENTS / f"{name}.json"
        if not re.fullmatch(r"[0-9a-f]{16}", name):
            yield Finding(each.path, f"names the environment {name!r}, which is not a name of one")
        elif name not in environments and path not in damaged:
            message = (
                f"names the environment {name}, and there is no {path}; copy it from the folder that the "
            )
            yield Finding(each.path, f"{message}record comes from")


def compare_records(one: Sequence[CheckedRecord], other: Sequence[CheckedRecord]) -> Iterator[Finding]:
    """Where two folders hold records of the same run that differ; a remark where they share no run."""
    by_key = {each.run.key: each for each in one}
    common = [(by_key[each.run.key], each) for each in other if each.run.key in by_key]
    for here, there in common:
        if here.content == there.content:
            continue
        first, second = (comparable(Store(r.path.parent).read(r.path.stem)) for r in (here, there))
        difference = first_difference(second, first)
        words = (
            f"{difference[0]} is {difference[1]}, and {difference[2]} there" if difference else "they differ"
        )
        yield Finding(there.path, f"contradicts {here.path}: {words}")


def compare_data(one: Mapping[str, CheckedData], other: Mapping[str, CheckedData]) -> Iterator[Finding]:
    """Where two folders describe the same data differently."""
    for sha256 in sorted({*one} & {*other}):
        if difference := one[sha256].difference(other[sha256]):
            yield Finding(other[sha256].path, f"contradicts {one[sha256].path}: it {difference}")
