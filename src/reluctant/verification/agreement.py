"""What records have to share: recipe, data, code, images, environments; and the same run in two folders."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reluctant.core.environment import environment_id
from reluctant.records.store import Store
from reluctant.verification.described import apart
from reluctant.verification.difference import comparable, parted
from reluctant.verification.facts import Facts
from reluctant.verification.finding import Finding, remark

if TYPE_CHECKING:
    from reluctant.verification.place import Place


def disagreements(facts: Sequence[Facts]) -> Iterator[Finding]:
    """Where a record is not of the recipe, the data, the code or the images that most are of."""
    by_subject: dict[str, list[tuple[Any, Facts]]] = {}
    for each in facts:
        for subject, value in _shared(each).items():
            by_subject.setdefault(subject, []).append((value, each))
    for subject, told in by_subject.items():
        usual = Counter(value for value, _ in told).most_common(1)[0][0]
        example = next(each for value, each in told if value == usual)
        for value, each in told:
            if value != usual:
                yield Finding(
                    each.path, f"its {subject} is {_words(value)}, and {_words(usual)} in {example.path}"
                )


def _shared(each: Facts) -> dict[str, Any]:
    """What this record has to have in common with others, by subject."""
    alike = f"{each.run.dataset} at train_fraction {each.run.train_fraction:g}"
    return {
        "recipe": each.recipe,
        f"SHA-256 of the data {each.run.dataset}": each.data,
        **{f"SHA-256 of the code {name}": source for name, source in each.sources.items()},
        **{f"number of {split} images by class ({alike}, data {each.data[:8]})": counts
           for split, counts in each.images.items()},
    }  # fmt: skip


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def environments(folder: Path, facts: Sequence[Facts]) -> Iterator[Finding]:
    """Environments that records name and that are missing, or are not what their name is the sum of."""
    first = {each.environment: each for each in reversed(facts)}
    for name, each in sorted(first.items()):
        path = folder / "environments" / f"{name}.json"
        if not re.fullmatch(r"[0-9a-f]{16}", name):
            yield Finding(each.path, f"names the environment {name!r}, which is no name of one")
        elif not path.is_file():
            yield Finding(
                each.path,
                f"names the environment {name}, and there is no {path}; copy it from the folder that the "
                f"record comes from",
            )
        elif not _is_its_sum(path):
            yield Finding(
                path, "is not what its name is the sum of: the description of the machine was changed"
            )


def _is_its_sum(path: Path) -> bool:
    try:
        held = json.loads(path.read_text("utf-8"))
        return isinstance(held, dict) and environment_id(held) == path.stem
    except (OSError, ValueError, RecursionError):
        return False


def meetings(places: Sequence["Place"]) -> Iterator[Finding]:
    """Where folders that hold the same run or describe the same data contradict one another."""
    for one, other in combinations(places, 2):
        held = {each.run.key: each for each in one.facts}
        common = [(held[each.run.key], each) for each in other.facts if each.run.key in held]
        if not common:
            yield remark(other.path, f"has no run in common with {one.path}")
        for here, there in common:
            if here.content != there.content:
                yield Finding(there.path, f"contradicts {here.path}: {_apart(here.path, there.path)}")
        yield from _described_apart(one.data, other.data)


def _apart(here: Path, there: Path) -> str:
    """In what two files of the same run differ first."""
    first, second = (comparable(Store(path.parent)[path.stem]) for path in (here, there))
    found = parted(second, first)
    return "they differ" if found is None else f"{found[0]} is {found[1]}, and {found[2]} there"


def _described_apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Finding]:
    for name in sorted({*one} & {*other}):
        if told := apart(one[name], other[name]):
            yield Finding(other[name].path, f"contradicts {one[name].path}: it {told}")
