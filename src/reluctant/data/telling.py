"""What a reader should know of data before anything trains: size, type, range, balance, doubts."""

from collections.abc import Iterator
from textwrap import wrap

import numpy as np

from reluctant.data.dataset import Dataset
from reluctant.data.inputs import singular

WIDTH = 79
_LISTED = 3  # classes or outputs that are named one by one
_RARE = 0.1  # of an even share


def described(dataset: Dataset) -> str:
    """A few lines, none over 79 signs: what the data are, then what was done to them and what is doubtful."""
    texts = [
        *_targets(dataset),
        *(f"note: {remark}" for remark in dataset.remarks),
        *(f"warning: {warning}" for warning in dataset.warnings),
    ]
    wrapped = [_wrapped(f"{dataset.name}: {_inputs(dataset)}", "")]
    return "\n".join(
        line for lines in (*wrapped, *(_wrapped(text, "  ") for text in texts)) for line in lines
    )


def _wrapped(text: str, indent: str) -> list[str]:
    return wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _inputs(dataset: Dataset) -> str:
    inputs = dataset.train.images
    size = "×".join(map(str, inputs.shape[1:]))
    of = f"{size} column{'s' if inputs.shape[1] != 1 else ''}" if inputs.ndim == 2 else size
    low, high = (
        pick(getattr(split.images, which)() for split in (dataset.train, dataset.test))
        for pick, which in ((min, "min"), (max, "max"))
    )
    return (
        f"{len(dataset.train):,} training and {len(dataset.test):,} test {dataset.items} of {of} "
        f"({inputs.dtype.name}, {low:.3g} to {high:.3g})"
    )


def _targets(dataset: Dataset) -> Iterator[str]:
    return _balance(dataset) if dataset.task == "classification" else _range(dataset)


def _balance(dataset: Dataset) -> Iterator[str]:
    counts = np.bincount(dataset.train.labels, minlength=len(dataset.classes))
    total = counts.sum()
    there = counts[counts > 0]
    yield (
        f"{len(dataset.classes)} classes, the rarest {there.min() / total:.1%}, the most frequent "
        f"{there.max() / total:.1%} of the training part".replace("%", " %")
    )
    rare = [i for i in np.argsort(counts, kind="stable") if 0 < counts[i] < _RARE * total / len(counts)]
    if rare:
        item = dataset.items if counts[rare[0]] != 1 else singular(dataset.items)
        more = f" ({len(rare)} classes are so rare)" if len(rare) > 1 else ""
        yield f"unbalanced: of {dataset.classes[rare[0]]} there are {counts[rare[0]]:,} {item}{more}"
    empty = [dataset.classes[i] for i in np.flatnonzero(counts == 0)]
    if empty:
        some = ", ".join(empty[:_LISTED]) + (", …" if len(empty) > _LISTED else "")
        yield f"{len(empty)} of these classes have no training {dataset.items}: {some}"


def _range(dataset: Dataset) -> Iterator[str]:
    targets = dataset.train.labels.astype(float)
    outputs = targets.shape[1]
    for i in range(min(outputs, _LISTED)):
        column = targets[:, i]
        called = "the target goes" if outputs == 1 else f"target {i + 1} of {outputs} goes"
        yield (
            f"{called} from {column.min():.4g} to {column.max():.4g}, mean {column.mean():.4g}, deviation "
            f"{column.std():.4g} (training part)"
        )
