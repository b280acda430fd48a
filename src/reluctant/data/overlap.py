"""Whether test items occur among the training items, found by their content."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from reluctant.data.dataset import Inputs
from reluctant.data.inputs import singular

_WIDTH = 8  # bytes of a sum: among a million items two different ones share one in 1 of 10⁷ cases


def overlap(train: Inputs, test: Inputs, items: str) -> str:
    """A sentence about the test items that are in the training part too, '' where there are none.

    Items are alike where all their numbers are; labels do not count.
    """
    known, asked = _sums(train), _sums(test)
    found = np.flatnonzero(np.isin(asked, known))
    if not len(found):
        return ""
    first = int(found[0])
    twin = int(np.flatnonzero(known == asked[first])[0])
    one = len(found) == 1
    return (
        f"{len(found):,} of {len(test):,} test {items} {'occurs' if one else 'occur'} in the training part "
        f"too ({'' if one else 'the first: '}test {singular(items)} {first:,} is training "
        f"{singular(items)} {twin:,}, counted from 0); scores on {'it' if one else 'them'} tell nothing "
        f"about new {items}"
    )


def _sums(inputs: Inputs) -> NDArray[np.uint64]:
    """One short sum for every item."""
    rows = inputs.reshape(len(inputs), -1)
    if rows.dtype != np.uint8:
        rows = rows + np.float32(0)  # −0 is 0
    sums = b"".join(blake2b(row.data, digest_size=_WIDTH).digest() for row in np.ascontiguousarray(rows))
    return np.frombuffer(sums, np.uint64)
