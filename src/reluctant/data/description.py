"""The description of data before anything trains: size, type, range, balance, remarks and warnings."""

from collections.abc import Iterator
from functools import partial
from textwrap import wrap

import numpy as np

from reluctant.core.user_code import SESSION_MODULE
from reluctant.data.dataset import Dataset
from reluctant.data.inputs import singular
from reluctant.data.streamed import StreamedInputs

WIDTH = 79
_wrap = partial(wrap, width=WIDTH, break_long_words=False, break_on_hyphens=False)
_LISTED = 3  # classes or outputs named one by one
_RARE = 0.1  # of an even share


def describe_dataset(dataset: Dataset) -> str:
    """A few lines of at most 79 characters: size, type and range, targets, remarks, warnings."""
    inputs = dataset.train.inputs
    size = "×".join(map(str, inputs.shape[1:]))
    of = f"{size} column{'s' if inputs.shape[1] != 1 else ''}" if inputs.ndim == 2 else size
    if isinstance(inputs, StreamedInputs) or isinstance(dataset.test.inputs, StreamedInputs):
        extent = "read batch by batch"
    else:
        splits = (inputs, dataset.test.inputs)
        extent = f"{min(part.min() for part in splits):.3g} to {max(part.max() for part in splits):.3g}"
    name = dataset.name.removeprefix(f"{SESSION_MODULE}:")
    first = (
        f"{name}: {len(dataset.train):,} {dataset.items} to train and validate on, {len(dataset.test):,} test "
        f"{dataset.items} of {of} ({inputs.dtype.name}, {extent})"
    )
    targets = _describe_classes if dataset.task == "classification" else _describe_numbers
    others = [
        *targets(dataset),
        *(f"note: {remark}" for remark in dataset.remarks),
        *(f"warning: {warning}" for warning in dataset.warnings),
    ]
    lines = _wrap(first, subsequent_indent="    ")
    for text in others:
        lines += _wrap(text, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def _describe_classes(dataset: Dataset) -> Iterator[str]:
    counts = np.bincount(dataset.train.targets, minlength=len(dataset.classes))
    total = counts.sum()
    present = counts[counts > 0]
    yield (
        f"{len(dataset.classes)} classes, the rarest {present.min() / total:.1%}, the most frequent "
        f"{present.max() / total:.1%} of the training data".replace("%", " %")
    )
    if rare := [i for i in np.argsort(counts, kind="stable") if 0 < counts[i] < _RARE * total / len(counts)]:
        item = dataset.items if counts[rare[0]] != 1 else singular(dataset.items)
        more = f" ({len(rare)} classes are so rare)" if len(rare) > 1 else ""
        yield f"unbalanced: of {dataset.classes[rare[0]]} there are {counts[rare[0]]:,} {item}{more}"
    if empty := [dataset.classes[i] for i in np.flatnonzero(counts == 0)]:
        listed = ", ".join(empty[:_LISTED]) + (", …" if len(empty) > _LISTED else "")
        yield f"{len(empty)} of these classes have no training {dataset.items}: {listed}"


def _describe_numbers(dataset: Dataset) -> Iterator[str]:
    targets = dataset.train.targets.astype(float)
    outputs = targets.shape[1]
    for i in range(min(outputs, _LISTED)):
        column = targets[:, i]
        subject = "the target goes" if outputs == 1 else f"target {i + 1} of {outputs} goes"
        yield (
            f"{subject} from {column.min():.4g} to {column.max():.4g}, mean {column.mean():.4g}, std "
            f"{column.std():.4g} (training data)"
        )
