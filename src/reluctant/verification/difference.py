"""The first difference of two records of the same run, as the path and the value on either side."""

from collections.abc import Mapping
from typing import Any

from reluctant.core.canonical_json import dumps
from reluctant.records.schema import Json, RunRecord
from reluctant.records.store import without_seconds

LOCAL = ("environment", "sha256", "schema")  # with times and provenance: what equal trainings may differ in
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
