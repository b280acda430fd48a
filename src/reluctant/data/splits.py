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
from reluctant.data.groups import Indices, as_groups, cut_groups, groups_in_both
from reluctant.data.inputs import as_array, singular, usual_word
from reluctant.data.labels import are_classes, as_labels
from reluctant.data.random_items import RandomItems
from reluctant.data.streamed import StreamedInputs
from reluctant.data.tokens import SEQUENCES

TEST_SPLITS = ("random", "last")
FEWEST_GROUPS = 3  # one each for training, validation and test


def split_indices(
    n: int, train_fraction: float, seed: int = 0, *, groups: Indices | None = None, by_position: bool = False
) -> tuple[Indices, Indices]:
    """The indices to train on and those to validate on, both ascending, together 0 … n-1.

    round(n * train_fraction) are for training. The choice depends on `n`, the fraction and the seed alone:
    unless a study varies that, every activation and every seed is judged on the same images.

    Args:
        groups: The group of every item, (n,). Items of one group stay together, and the number for training is as near
            as whole groups allow.
        by_position: Whether the last items are for validation, whatever the seed; with `groups`, the groups whose
            first items are the last.

    Raises:
        DataError: A part would be empty, or all items are of one group.
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
    if groups is not None:
        return cut_groups(groups, size, None if by_position else generator(seed, "split"))
    if by_position:
        return np.arange(size, dtype=np.int64), np.arange(size, n, dtype=np.int64)
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
    name: str, inputs: NDArray[Any], labels: NDArray[Any], strata: Indices, n: int, **fields: Any
) -> Dataset:
    """The data set of which `n` items are the test part, of every stratum its share; `fields` are for `checked`."""
    test = stratified(strata, n)
    train = np.setdiff1d(np.arange(len(strata)), test)
    return checked(name, (inputs[train], labels[train]), (inputs[test], labels[test]), **fields)


def hold_out(
    name: str,
    inputs: object,
    labels: object,
    test_fraction: float,
    *,
    kind: str = "auto",
    remarks: Sequence[str] = (),
    random: RandomItems | None = None,
    test_split: str = "random",
    groups: object = None,
    **fields: Any,
) -> Dataset:
    """The data set of which round(n · test_fraction) items are the test part, with a remark about it.

    The items are the same every time, from every class its share. `fields` are for `checked`.

    Args:
        random: Draws all items afresh, and in the data set those of the training part.
        test_split: "random", or "last": the last items are the test part, and validation is the last part of train.
        groups: The group of every item, (n,): items of one group stay in one part, without regard to classes.

    Raises:
        DataError: A fraction that leaves a part empty, or arrays that nothing can be trained on.
    """
    check_test_split(name, test_split)
    x = inputs if isinstance(inputs, StreamedInputs) else as_array(name, "inputs", inputs)
    y = as_labels(name, labels)
    items = fields.get("items") or (SEQUENCES if fields.get("tokens") else usual_word(x))
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
    last = test_split == "last"
    if groups is not None:
        codes = as_groups(name, groups, total)
        if (all_groups := len(np.unique(codes))) < FEWEST_GROUPS:
            raise DataError(
                f"{name}: there are {all_groups} groups; at least {FEWEST_GROUPS} are needed, one each to train on, to "
                f"validate on and to test on"
            )
        test, train = (
            cut_groups(codes, total - n, None)[::-1] if last else cut_groups(codes, n, generator(0, "split", "groups"))
        )
        fields["groups"] = codes[train]
        which = f"{len(test):,} of {total:,} {items}, {len(np.unique(codes[test])):,} of {all_groups:,} groups,"
        remark = f"{which} are held out as the test part, the {'last' if last else 'same'} ones every time"
    elif last:
        train, test = np.split(np.arange(total), [total - n])
        remark = f"the last {n:,} of {total:,} {items} are held out as the test part"
    else:
        by_class = y.ndim == 1 and are_classes(y, kind)
        test = stratified(np.unique(y, return_inverse=True)[1] if by_class else np.zeros(total, np.int64), n)
        train = np.setdiff1d(np.arange(total), test)
        remark = f"{n:,} of {total:,} {items} are held out as the test part, the same ones every time"
    fields |= {"kind": kind, "remarks": (*remarks, remark), "by_position": last}
    dataset = checked(name, (x[train], y[train]), (x[test], y[test]), **fields)
    return replace(dataset, random=random.of_rows(train)) if random else dataset


def check_test_split(name: str, test_split: object) -> None:
    """`DataError` unless `test_split` is random or last."""
    if test_split not in TEST_SPLITS:
        raise DataError(f"{name}: test_split is one of {', '.join(TEST_SPLITS)}, not {quoted(test_split)}")


def order_fields(name: str, test_split: str, groups: object, n_train: int, n_test: int) -> dict[str, Any]:
    """Fields of `checked` for data that have a test part: whether by position, the training items' groups, a warning.

    `groups` are those of the training items, or of all items, train before test. Raises `DataError`.
    """
    check_test_split(name, test_split)
    fields: dict[str, Any] = {"by_position": test_split == "last"}
    if groups is None:
        return fields
    of_all = np.shape(as_array(name, "groups", groups))[:1] == (n_train + n_test,)
    codes = as_groups(name, groups, n_train + n_test * of_all)
    fields["groups"] = codes[:n_train]
    if len(np.unique(codes[:n_train])) < 2:
        raise DataError(f"{name}: all training items are of one group; at least 2 groups are needed")
    if warning := groups_in_both(codes[:n_train], codes[n_train:]):
        fields["warnings"] = (warning,)
    return fields
