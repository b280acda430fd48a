"""Where two records part: the first path at which they differ, and the value on either side."""

from collections.abc import Mapping
from typing import Any

from reluctant.core.canonical_json import dumps
from reluctant.records.store import without_seconds
from reluctant.study import Run

_NOTHING = object()
_OF_THE_PLACE = ("environment", "sha256")  # with seconds and provenance: what two equal runs may differ in


def comparable(record: Mapping[str, Any]) -> dict[str, Any]:
    """What two trainings of one run have in common to the bit, wherever they took place.

    The run is held whole: a record of an older version lacks the fields that are at their defaults there.
    """
    kept = {key: value for key, value in record.items() if key not in _OF_THE_PLACE}
    return {**without_seconds(kept), "run": Run.from_dict(record["run"]).to_dict()}


def parted(one: Any, other: Any, path: str = "") -> tuple[str, str, str] | None:
    """The first path at which two values differ, with both values in words; None where they are equal.

    Keys are walked in alphabetical order; numbers in brackets count from 0, as in Python. Whole numbers and
    fractions are apart, and so are 0 and −0: what is compared is what stands in the files.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        steps = [(f"{path}.{key}".lstrip("."), one.get(key, _NOTHING), other.get(key, _NOTHING))
                 for key in sorted({*one, *other})]  # fmt: skip
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        steps = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        return None if _same(one, other) else (path, _words(one), _words(other))
    return next((found for step, a, b in steps if (found := parted(a, b, step))), None)


def _same(one: Any, other: Any) -> bool:
    return one is other or (_NOTHING not in (one, other) and dumps(one) == dumps(other))


def _words(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    if isinstance(value, list | Mapping):
        return f"{'a list' if isinstance(value, list) else 'a table'} of {len(value)}"
    text = dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
