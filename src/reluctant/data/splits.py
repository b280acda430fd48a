"""Which items are held out: for validation, and for testing where data come without a test part."""

import math
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.core.randomness import generator
from reluctant.data.checks import check_lengths, checked
from reluctant.data.dataset import Dataset
from reluctant.data.inputs import as_array, singular, usual_word
from reluctant.data.labels import are_classes, as_labels
from reluctant.data.random_items import RandomItems
from reluctant.data.streamed import StreamedInputs

Indices = NDArray[np.int64]


def split_indices(n: int, train_fraction: float, seed: int = 0) -> tuple[Indices, Indices]:
    """The indices to train on and those to validate on, both ascending, together 0 … n-1.

    round(n * train_fraction) are for training. The choice depends on `n`, the fraction and the seed alone:
    unless a study varies that, every activation and every seed is judged on the same images. Raises
    `DataError` where a part would be empty.
    """
    valid = math.isfinite(train_fraction) and 0 < train_fraction < 1
    size = round(n * train_fraction) if valid else 0
    if not 0 < size < n:
        if n < 2:
            raise DataError(f"{n} training item cannot be split; at least 2 are needed")
        digits = len(str(n)) + 1  # enough that the bounds in the message really work
        low = math.ceil(10**digits / n) / 10**digits
        high = math.floor(10**digits * (n - 1) / n) / 10**digits
        raise DataError(
            f"train_fraction = {train_fraction} leaves nothing to train on, or nothing to validate on, of "
            f"{n} items; write a number from {low:.{digits}f} to {high:.{digits}f}"
        )
    order = generator(seed, "split").permutation(n).astype(np.int64)
    return np.sort(order[:size]), np.sort(order[size:])


def stratified(labels: Indices, n: int) -> Indices:
    """`n` indices, ascending, always the same, with every class in its proportion (to within one).

    The shuffled items are lined up by class; every (size/n)-th is taken.
    """
    order = generator(0, "split", "digits").permutation(len(labels))  # the name of the first data set so cut
    by_class = order[np.argsort(labels[order], kind="stable")]
    positions = (2 * np.arange(n) + 1) * len(labels) // (2 * n)
    return np.sort(by_class[positions]).astype(np.int64)


def checked_by_strata(
    name: str,
    inputs: NDArray[Any] | StreamedInputs,
    labels: NDArray[Any],
    strata: Indices,
    n: int,
    random: RandomItems | None = None,
    **fields: Any,
) -> Dataset:
    """The data set of which `n` items are the test part, of every stratum its share; `fields` are for `checked`.

    `random` draws all items afresh, and in the data set those of the training part.
    """
    test = stratified(strata, n)
    train = np.setdiff1d(np.arange(len(strata)), test)
    dataset = checked(name, (inputs[train], labels[train]), (inputs[test], labels[test]), **fields)
    return replace(dataset, random=random.of_rows(train)) if random else dataset


def hold_out(
    name: str,
    inputs: object,
    labels: object,
    test_fraction: float,
    *,
    kind: str = "auto",
    remarks: Sequence[str] = (),
    **fields: Any,
) -> Dataset:
    """The data set of which round(n · test_fraction) items are the test part, with a remark about it.

    The items are the same every time, from every class its share. `fields` are for `checked`. Raises `DataError`: a
    fraction that leaves a part empty, or arrays that nothing can be trained on.
    """
    x = inputs if isinstance(inputs, StreamedInputs) else as_array(name, "inputs", inputs)
    y = as_labels(name, labels)
    items = fields.get("items") or usual_word(x)
    check_lengths(name, x.shape[0] if x.ndim else 1, len(y) if y.ndim else 1, items)
    if isinstance(test_fraction, bool) or not isinstance(test_fraction, Real):
        raise DataError(f"{name}: test_fraction is a number between 0 and 1, such as 0.2, not {quoted(test_fraction)}")
    share, total = float(test_fraction), len(y)
    n = round(total * share) if 0 < share < 1 else 0
    if not 0 < n < total:
        raise DataError(
            f"{name}: test_fraction = {share:g} of {total:,} {items if total != 1 else singular(items)} leaves nothing "
            f"to train on or nothing to test on; add {items}, give a test part, or change test_fraction"
        )
    by_class = y.ndim == 1 and are_classes(y, kind)
    strata = np.unique(y, return_inverse=True)[1] if by_class else np.zeros(len(y), np.int64)
    remark = f"{n:,} of {total:,} {items} are held out as the test part, the same ones every time"
    return checked_by_strata(name, x, y, strata, n, kind=kind, remarks=(*remarks, remark), **fields)
