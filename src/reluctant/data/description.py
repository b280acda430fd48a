"""The description of data before anything trains: size, type, range, balance, remarks and warnings."""

from collections.abc import Iterator
from functools import partial
from textwrap import wrap

import numpy as np

from reluctant.catalogue.token_sums import IGNORED
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
    word = "token" if dataset.tokens is not None else "column"
    of = f"{size} {word}{'s' if inputs.shape[1] != 1 else ''}" if inputs.ndim == 2 else size
    splits = (inputs, dataset.test.inputs)
    if any(isinstance(part, StreamedInputs) for part in splits):
        extent = "read batch by batch"
    else:
        low, high = min(part.min() for part in splits), max(part.max() for part in splits)
        digits = 3 if dataset.tokens is None else 12
        extent = f"{low:.{digits}g} to {high:.{digits}g}"
    name = dataset.name.removeprefix(f"{SESSION_MODULE}:")
    first = (
        f"{name}: {len(dataset.train):,} {dataset.items} to train and validate on, {len(dataset.test):,} test "
        f"{dataset.items} of {of} ({inputs.dtype.name}, {extent})"
    )
    targets = {"classification": _describe_classes, "regression": _describe_numbers, "tokens": _describe_tokens}
    others = [
        *targets[dataset.task](dataset),
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


def _describe_tokens(dataset: Dataset) -> Iterator[str]:
    targets = dataset.train.targets
    predicted = targets[targets != IGNORED]
    shares = np.bincount(predicted) / len(predicted)
    vocabulary = dataset.tokens.vocabulary if dataset.tokens else len(shares)
    entropy = -(shares[shares > 0] * np.log(shares[shares > 0])).sum()
    yield (
        f"every target is one of {vocabulary:,} token ids, the most frequent {shares.max():.1%} of "
        f"{len(predicted):,} in the training data; their frequencies alone have the loss {entropy:.3f}"
    ).replace("%", " %")
    if ignored := targets.size - len(predicted):
        yield f"{ignored:,} of {targets.size:,} targets of the training data are {IGNORED}: not predicted"
