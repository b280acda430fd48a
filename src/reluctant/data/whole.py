"""A data set from items that come in one heap: a part is held out for testing."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.data.checks import check_lengths, checked
from reluctant.data.dataset import Dataset
from reluctant.data.inputs import as_array, singular, usual_word
from reluctant.data.labels import as_labels, told_apart
from reluctant.data.splits import stratified


def held_out(
    name: str,
    inputs: object,
    labels: object,
    test_fraction: float,
    *,
    kind: str = "auto",
    remarks: Sequence[str] = (),
    **known: Any,
) -> Dataset:
    """The data set of which round(n · test_fraction) items are the test part, with a remark that says so.

    The same items every time, from every class its share. `known` goes to `checked`. Raises `DataError`.
    """
    x, y = as_array(name, "inputs", inputs), as_labels(name, labels)
    items = known.get("items") or usual_word(x)
    check_lengths(name, x.shape[0] if x.ndim else 1, len(y) if y.ndim else 1, items)
    n = _size(name, len(y), test_fraction, items)
    by_class = y.ndim == 1 and told_apart(y, kind)
    test = stratified(np.unique(y, return_inverse=True)[1] if by_class else np.zeros(len(y), np.int64), n)
    train = np.setdiff1d(np.arange(len(y)), test)
    said = f"{n:,} of {len(y):,} {items} are held out as the test part, the same ones every time"
    return checked(
        name, (x[train], y[train]), (x[test], y[test]), kind=kind, remarks=(*remarks, said), **known
    )


def _size(name: str, total: int, fraction: Any, items: str) -> int:
    if isinstance(fraction, bool) or not isinstance(fraction, Real):
        raise DataError(
            f"{name}: test_fraction is a number between 0 and 1, such as 0.2, not {quoted(fraction)}"
        )
    share = float(fraction)
    n = round(total * share) if 0 < share < 1 else 0
    if not 0 < n < total:
        raise DataError(
            f"{name}: test_fraction = {share:g} of {total:,} {items if total != 1 else singular(items)} "
            f"leaves nothing to train on or nothing to test on; write a number between 0 and 1, or give a "
            f"test part"
        )
    return n
