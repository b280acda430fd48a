"""Frames and labels of train and test read together, so that columns and classes are the same in both."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reluctant.core.errors import DataError
from reluctant.data.columns import as_numbers, check_unique_names
from reluctant.data.labels import flatten_column, interpret_labels
from reluctant.data.materialise import LabelledArrays
from reluctant.data.table import interpret_target, series_labels


def encode_frames(name: str, parts: list[LabelledArrays]) -> tuple[list[LabelledArrays], dict[str, Any]]:
    """Frames of pandas as arrays, both parts together, and the names of their columns."""
    pandas = sys.modules.get("pandas")
    frames = [part.inputs for part in parts]
    if pandas is None or not all(isinstance(each, pandas.DataFrame) for each in frames):
        return parts, {}
    for frame in frames:
        check_unique_names(name, frame.columns)
    if other := sorted(set(map(str, frames[0].columns)) ^ set(map(str, frames[-1].columns))):
        raise DataError(f"{name}: train and test differ in the columns {', '.join(other)}; make them equal")
    values, columns, remarks = as_numbers(name, pandas.concat(frames, ignore_index=True))
    inputs = _cut_like(values, frames)
    encoded = [
        replace(part, inputs=x, remarks=(*part.remarks, *remarks)) for part, x in zip(parts, inputs, strict=True)
    ]
    return encoded, {"columns": columns}


def interpret_parts(
    name: str, parts: list[LabelledArrays], kind: str, classes: tuple[str, ...]
) -> tuple[list[LabelledArrays], dict[str, Any]]:
    """Labels as arrays, series of both parts together; the classes and the kind that they turn out to be."""
    pandas = sys.modules.get("pandas")
    labels: Sequence[Any] = [flatten_column(part.labels) for part in parts]
    series = pandas is not None and all(isinstance(each, pandas.Series) for each in labels)
    joint = pandas.concat(labels, ignore_index=True) if pandas is not None and series else None
    if joint is not None and not classes:
        targets, classes, remarks = interpret_target(name, joint, kind)
        labels, kind = _cut_like(targets, labels), "classes" if classes else "numbers"
    else:
        if joint is not None:
            labels = _cut_like(series_labels(name, joint), labels)
        labels, classes, kind, remarks = interpret_labels(name, labels, kind, classes)
    interpreted_parts = [
        replace(part, labels=y, remarks=(*part.remarks, *remarks)) for part, y in zip(parts, labels, strict=True)
    ]
    return interpreted_parts, {"classes": classes, "kind": kind}


def _cut_like(values: Any, parts: Sequence[Any]) -> list[Any]:
    """One array for all parts, cut into one for each."""
    return list(np.split(values, np.cumsum([len(part) for part in parts])[:-1]))
