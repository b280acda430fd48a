"""Windows of one series that overlap: stretches that test items share with training items at another position.

The stretches are compared by rolling hashes, a power series modulo 2⁶⁴ of one hash per step (Karp & Rabin 1987), so
that time and memory grow with the number of values only. A stretch counts where its values, and the steps between
them, are so rare that no two items would have it by chance; constant, padded and one-hot stretches do not.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from reluctant.data.inputs import Inputs, singular
from reluctant.data.streamed import StreamedInputs

Hashes = NDArray[np.uint64]
Number = TypeVar("Number", np.uint64, np.float64)

SHORTEST = 4  # steps that make a stretch
SHORTEST_OF_TOKENS = 32  # phrases of a language occur again
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2⁶⁴
_CHUNK = 2**22  # values at a time
_BINS = 20  # bits of a step's hash by which its frequency is counted
_RECENT = 8  # a step counts if its value is none of so many before it
_MARGIN = 12  # bits by which a stretch is rarer than one that chance would give once
_FEWEST_SEQUENCES = 0.01  # of the sequences of tokens; long quotations occur


def window_overlap_warning(train: Inputs | StreamedInputs, test: Inputs | StreamedInputs, items: str) -> str:
    """A sentence about test items that are windows of a series, and overlap with training items; '' without any.

    Items are (n, t), (n, channels, t) or (n, t, features); of all others nothing is said. They overlap where at least
    half of their steps, and four (of tokens 32), are those at the beginning or end of a training item, but not at the
    same position: equal items are the business of `overlap_warning`.
    """
    axes = {2: (1,), 3: (2, 1)}.get(train.ndim, ())
    for axis in axes:
        steps = train.shape[axis]
        stretch = max(SHORTEST_OF_TOKENS if train.dtype == np.int64 else SHORTEST, steps // 2)
        if steps <= stretch:
            continue
        overlapping = _overlapping_items(train, test, axis, stretch)
        few = _FEWEST_SEQUENCES * len(test) if train.dtype == np.int64 else 0
        if len(overlapping) and len(overlapping) >= few:
            one = len(overlapping) == 1
            return (
                f"{len(overlapping):,} of {len(test):,} test {items} {'is a window' if one else 'are windows'} that "
                f"{'overlaps' if one else 'overlap'} with training {items}: half of the {steps} steps or more are the "
                f"same{'' if one else ', the first in'} {'in ' if one else ''}test {singular(items)} "
                f"{overlapping[0]:,} (counted from 0); scores on {'it' if one else 'them'} say nothing about new data. "
                f"Split the series first and cut the windows afterwards, or use test_split='last' and leave out the "
                f"windows at the border"
            )
    return ""


def _overlapping_items(
    train: Inputs | StreamedInputs, test: Inputs | StreamedInputs, axis: int, stretch: int
) -> NDArray[np.int64]:
    """Which test items contain the first or last `stretch` steps of a training item at another position."""
    last = train.shape[axis] - stretch
    powers = _powers(_BASE, stretch)
    both = [
        [(codes[:, part] * powers).sum(axis=1) for part in (slice(None, stretch), slice(last, None))]
        for codes in _chunks(train, axis)
    ]
    starts, ends = (np.unique(np.concatenate(hashes)) for hashes in zip(*both, strict=True))
    bits = min(24, max(10, int(np.ceil(np.log2(16 * len(train))))))
    tables = [_table(each, bits) for each in (starts, ends)]
    needed = np.log2(float(len(train)) * len(test) * (last + 1)) + _MARGIN
    rarity: _Rarity | None = None
    overlapping: list[NDArray[np.int64]] = []
    first = 0
    for codes in _chunks(test, axis):
        hashes = _rolling(codes, stretch)
        is_start = _contained(hashes, starts, tables[0], bits)
        is_end = _contained(hashes, ends, tables[1], bits)
        is_start[:, 0] = is_end[:, last] = False  # at the same position
        hits = is_start | is_end
        rows = np.flatnonzero(hits.any(axis=1))
        if len(rows):
            rarity = rarity or _Rarity(train, axis)
            informative = _sums(rarity(np.asarray(test[first + rows]), codes[rows]), stretch) >= needed
            overlapping.append(first + rows[(hits[rows] & informative).any(axis=1)])
        first += len(codes)
    return np.concatenate(overlapping) if overlapping else np.zeros(0, np.int64)


def _chunks(inputs: Inputs | StreamedInputs, axis: int) -> Iterator[Hashes]:
    """One hash for every step of every item, (some items, steps), over all items."""
    size = max(1, _CHUNK // max(1, int(np.prod(inputs.shape[1:]))))
    parts: Iterator[NDArray[Any]] = (
        inputs.blocks()
        if isinstance(inputs, StreamedInputs)
        else (inputs[i : i + size] for i in range(0, len(inputs), size))
    )
    for part in parts:
        columns = part[:, None] if part.ndim == 2 else np.moveaxis(part, axis, 2)
        codes = np.zeros((len(part), columns.shape[2]), np.uint64)
        for channel in range(columns.shape[1]):
            codes = _mixed(codes * np.uint64(3) + _as_bits(columns[:, channel]))
        yield codes


def _as_bits(values: Inputs) -> Hashes:
    """Values as whole numbers, equal where the values are."""
    if values.dtype == np.float32:
        floats = np.add(values, np.float32(0), dtype=np.float32)  # −0 is 0
        return np.ascontiguousarray(floats).view(np.uint32).astype(np.uint64)
    return values.astype(np.uint64)


def _mixed(codes: Hashes) -> Hashes:
    """Whole numbers with all bits mixed, one to one (SplitMix64: Steele, Lea & Flood 2014)."""
    codes = codes + np.uint64(_BASE)
    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return codes ^ (codes >> np.uint64(31))


def _powers(base: int, n: int) -> Hashes:
    """base⁰ … baseⁿ⁻¹ modulo 2⁶⁴."""
    return np.cumprod(np.array([1, *[base] * (n - 1)], np.uint64), dtype=np.uint64)


def _rolling(codes: Hashes, stretch: int) -> Hashes:
    """The hash of `stretch` steps from every step on, (items, steps − stretch + 1)."""
    steps = codes.shape[1]
    inverse = pow(_BASE, -1, 2**64)
    return _sums(codes * _powers(_BASE, steps), stretch) * _powers(inverse, steps - stretch + 1)


def _sums(values: NDArray[Number], stretch: int) -> NDArray[Number]:
    """The sums of `stretch` values in a row."""
    sums = np.zeros((len(values), values.shape[1] + 1), values.dtype)
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums[:, stretch:] - sums[:, :-stretch]


def _table(hashes: Hashes, bits: int) -> NDArray[np.bool_]:
    """Which first bits occur among hashes."""
    table = np.zeros(2**bits, bool)
    table[hashes >> np.uint64(64 - bits)] = True
    return table


def _contained(hashes: Hashes, known: Hashes, table: NDArray[np.bool_], bits: int) -> NDArray[np.bool_]:
    """Which hashes are among the known ones, which are sorted."""
    contained: NDArray[np.bool_] = table[hashes >> np.uint64(64 - bits)]
    candidates = hashes[contained]
    positions = np.minimum(np.searchsorted(known, candidates), len(known) - 1)
    contained[contained] = known[positions] == candidates
    return contained


class _Rarity:
    """The bits that a step of an item tells: −log₂ of the frequency of its value, or of its change, if that is less.

    A value that one of the last few steps has tells nothing. Frequencies are those in a sample of the training items.
    """

    def __init__(self, train: Inputs | StreamedInputs, axis: int) -> None:
        n = min(len(train), max(1, 2**_BINS // train.shape[axis]))
        sample = np.asarray(train[np.linspace(0, len(train) - 1, n).astype(np.int64)])
        self.axis = axis
        self.values, self.changes = (self._bits(each) for each in (sample, np.diff(sample, axis=axis)))

    def _bits(self, sample: Inputs) -> NDArray[np.float64]:
        counts = np.zeros(2**_BINS)
        for codes in _chunks(sample, self.axis):
            counts += np.bincount(_bin(codes).reshape(-1), minlength=2**_BINS)
        bits: NDArray[np.float64] = np.log2(counts.sum() / np.maximum(counts, 1))
        return bits

    def __call__(self, items: Inputs, codes: Hashes) -> NDArray[np.float64]:
        bits = self.values[_bin(codes)]
        changes = np.concatenate(list(_chunks(np.diff(items, axis=self.axis), self.axis)))
        bits[:, 1:] = np.minimum(bits[:, 1:], self.changes[_bin(changes)])
        for lag in range(1, min(_RECENT + 1, codes.shape[1])):
            bits[:, lag:][codes[:, lag:] == codes[:, :-lag]] = 0
        return bits


def _bin(codes: Hashes) -> NDArray[np.int64]:
    """The first bits of hashes."""
    return (codes >> np.uint64(64 - _BINS)).astype(np.int64)
