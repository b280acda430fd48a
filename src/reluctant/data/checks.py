"""What is checked of all arrays before training: lengths, types, leaks, and items common to both splits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data.dataset import Dataset, Split, Targets, TokenInputs
from reluctant.data.inputs import Inputs, as_inputs, singular, subtract_offsets, usual_word
from reluctant.data.streamed import StreamedInputs, blocks_of
from reluctant.data.survey import survey_splits
from reluctant.data.targets import as_targets
from reluctant.data.tokens import SEQUENCES, are_token_targets, as_token_ids, as_token_targets, check_token_inputs
from reluctant.data.window_overlap import window_overlap_warning

_PARTS = ("train", "test")
_LISTED = 5  # columns named in a sentence
_FIRST_ROWS = 1000  # checked first for a leak; they clear most columns
_FEWEST_ROWS = 20  # among fewer rows a column may equal the target by chance
_ALIKE = 1 - 1e-9  # of a correlation: the target in other units


def checked(
    name: str,
    train: tuple[object, object],
    test: tuple[object, object],
    *,
    title: str,
    classes: Sequence[str] = (),
    note: str = "",
    warnings: Sequence[str] = (),
    items: str | None = None,
    kind: str = "auto",
    remarks: Sequence[str] = (),
    columns: Sequence[str] = (),
    tokens: TokenInputs | None = None,
    by_position: bool = False,
    groups: NDArray[np.int64] | None = None,
) -> Dataset:
    """A data set from two pairs (inputs, labels), each array in its final form.

    Its warnings name test items that occur in train, classes in test alone, columns that never change and
    columns that are the target.

    Inputs are as for `as_inputs`, labels and `kind` as for `as_targets`; `items` is what the inputs are called (None:
    see `usual_word`), `columns` are the names of a table's columns. With `tokens` the inputs are token ids. `tokens`,
    `by_position` and `groups` become those of the data set. Raises `DataError`: nothing can be trained on these arrays.
    """
    labels = train[1], test[1]
    offset_remarks: tuple[str, ...] = ()
    first: Inputs | StreamedInputs
    second: Inputs | StreamedInputs
    if tokens is None:
        *pair, offset_remarks = subtract_offsets(train[0], test[0], columns)
        first, second = (
            x if isinstance(x, StreamedInputs) else as_inputs(f"{name}: {part}", x, items)
            for part, x in zip(_PARTS, pair, strict=True)
        )
        items = items or usual_word(first)
    else:
        check_token_inputs(name, tokens)
        first, second = ids = tuple(
            as_token_ids(f"{name}: {part}", x, tokens.vocabulary)
            for part, x in zip(_PARTS, (train[0], test[0]), strict=True)
        )
        items = items or SEQUENCES
    if tokens is not None and are_token_targets(labels, kind):
        interpreted = as_token_targets(name, ids, labels, tokens, classes)
    else:
        interpreted = as_targets(name, *labels, items=items, classes=classes, kind=kind)
    targets, test_targets, class_names, target_warnings = interpreted
    splits = Split(first, targets), Split(second, test_targets)
    for part, split in zip(_PARTS, splits, strict=True):
        check_lengths(f"{name}: {part}", len(split.inputs), len(split.targets), items)
    for what, one, other in (("type", first.dtype, second.dtype), ("shape", first.shape[1:], second.shape[1:])):
        if one != other:
            raise DataError(f"{name}: {items} have {what} {one} in train and {other} in test; make them equal")
    sha256, in_train, in_test = survey_splits(*splits, tokens=tokens, by_position=by_position, groups=groups)
    computed = list(target_warnings)
    if tokens is None:
        computed += [constant_columns_warning(in_train.constant, columns), leak_warning(first, targets, columns)]
    if tokens is None or tokens.stream is None:  # short windows of one text may well be equal
        computed += [overlap_warning(in_train.digests, in_test.digests, items)]
        computed += [window_overlap_warning(first, second, items)]
    return Dataset(
        name,
        title,
        note,
        class_names,
        *splits,
        sha256=sha256,
        warnings=(*warnings, *(warning for warning in computed if warning and warning not in warnings)),
        items=items,
        remarks=(*remarks, *offset_remarks),
        tokens=tokens,
        by_position=by_position,
        groups=groups,
    )


def check_lengths(where: str, inputs: int, labels: int, items: str) -> None:
    """`DataError` unless there are as many labels as inputs."""
    if inputs != labels:
        raise DataError(f"{where} has {inputs} {items} and {labels} labels; every {singular(items)} needs one label")


def constant_columns_warning(is_constant: NDArray[np.bool_], columns: Sequence[str] = ()) -> str:
    """A sentence about columns of a table that never change, if there are other columns; '' where there are none."""
    constant = np.flatnonzero(is_constant)
    if not len(constant) or len(is_constant) < 2:
        return ""
    names = [columns[i] if i < len(columns) else str(i) for i in constant[:_LISTED]]
    more = f" and {len(constant) - _LISTED} more" if len(constant) > _LISTED else ""
    one = len(constant) == 1
    return (
        f"{len(constant)} of {len(is_constant)} columns never {'changes' if one else 'change'} in the training "
        f"data ({', '.join(names)}{more}); nothing can be learned from {'it' if one else 'them'}"
    )


def leak_warning(train: Inputs | StreamedInputs, targets: Targets, columns: Sequence[str] = ()) -> str:
    """A sentence about columns of a table that are the target under another name; '' where there are none.

    Such a column has one value for every class and one class for every value; or, of numbers, it is a
    straight line of the target.
    """
    if train.ndim != 2 or len(train) < _FEWEST_ROWS:
        return ""
    is_target = _is_class if targets.ndim == 1 else _is_line
    head = np.asarray(train[:_FIRST_ROWS])
    suspects = [i for i in range(train.shape[1]) if is_target(head[:, i], targets[:_FIRST_ROWS])]
    if not suspects:
        return ""
    values = np.concatenate([block[:, suspects] for block in blocks_of(train)])
    leaks = [
        columns[i] if i < len(columns) else str(i)
        for i, column in zip(suspects, values.T, strict=True)
        if is_target(column, targets)
    ]
    if not leaks:
        return ""
    which = f"column {leaks[0]} is" if len(leaks) == 1 else f"columns {', '.join(leaks[:5])} are"
    pronoun = "it" if len(leaks) == 1 else "them"
    return f"{which} the target under another name; leave {pronoun} out of the inputs"


def _is_class(column: NDArray[np.generic], classes: Targets) -> bool:
    """Whether the values of a column and the classes stand one for the other."""
    values = np.unique(column)
    if len(values) != len(np.unique(classes)) or len(values) < 2:
        return False
    pairs = np.unique(np.stack([np.searchsorted(values, column), classes]), axis=1)
    return bool(pairs.shape[1] == len(values))


def _is_line(column: NDArray[np.generic], targets: Targets) -> bool:
    """Whether a column is a straight line of one of the targets."""
    x = np.asarray(column, float)
    x = x - x.mean()
    y = np.asarray(targets, float) - np.asarray(targets, float).mean(axis=0)
    size = np.sqrt((x**2).sum() * (y**2).sum(axis=0))
    r = np.divide(np.abs(x @ y), size, out=np.zeros(y.shape[1]), where=size > 0)
    return bool((r > _ALIKE).any())


def overlap_warning(train: NDArray[np.uint64], test: NDArray[np.uint64], items: str) -> str:
    """A sentence about the test items that are in the training data too; '' where there are none.

    The items are given by their digests: they are equal where all their numbers are; labels do not count.
    """
    common = np.flatnonzero(np.isin(test, train))
    if not len(common):
        return ""
    first = int(common[0])
    twin = int(np.flatnonzero(train == test[first])[0])
    one = len(common) == 1
    return (
        f"{len(common):,} of {len(test):,} test {items} {'occurs' if one else 'occur'} in the training data too "
        f"({'' if one else 'the first: '}test {singular(items)} {first:,} is training {singular(items)} {twin:,}, "
        f"counted from 0); scores on {'it' if one else 'them'} say nothing about new {items}"
    )
