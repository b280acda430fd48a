"""One pass over the inputs of a split: for the checksum, for repeated items, for constant columns."""

import hashlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reluctant.data.dataset import Split, TokenInputs
from reluctant.data.inputs import Inputs
from reluctant.data.streamed import StreamedInputs, blocks_of

_DIGEST_SIZE = 8  # bytes: among a million items two different ones share a digest in 1 of 10⁷ cases


class Survey(NamedTuple):
    """What a pass finds.

    Attributes:
        digests: A short digest of every item; equal items have equal ones.
        constant: Of every column of a table, whether it never changes; empty for other inputs.
    """

    digests: NDArray[np.uint64]
    constant: NDArray[np.bool_]


def survey(split: Split, checksum: Any) -> Survey:
    """Add shape, type and values of a split to a checksum of `hashlib`, and survey its inputs on the way."""
    inputs: Inputs | StreamedInputs = split.inputs
    checksum.update(f"{inputs.dtype.name} {inputs.shape}\n".encode())
    digests, first, own = [], None, hashlib.sha256()
    constant = np.ones(inputs.shape[1] if inputs.ndim == 2 else 0, np.bool_)
    for block in blocks_of(inputs):
        _add_values(checksum, block)
        digests.append(item_digests(block))
        if inputs.ndim == 2:
            first = block[0] if first is None else first
            constant &= (block == first).all(axis=0)
        if isinstance(inputs, StreamedInputs):
            own.update(block.data)
    if isinstance(inputs, StreamedInputs):
        inputs.findings[inputs.finding("sha256")] = own.hexdigest()
    _add_array(checksum, split.targets)
    return Survey(np.concatenate(digests), constant)


def survey_splits(
    train: Split,
    test: Split,
    *,
    tokens: TokenInputs | None = None,
    by_position: bool = False,
    groups: NDArray[np.int64] | None = None,
) -> tuple[str, Survey, Survey]:
    """The SHA-256 of shape, type and values of the four arrays, however their files are compressed; the surveys.

    The vocabulary and padding of token ids, and what decides the validation split, count where they are there.
    """
    checksum = hashlib.sha256()
    first, second = (survey(split, checksum) for split in (train, test))
    if groups is not None:
        _add_array(checksum, groups)
    if tokens is not None:
        checksum.update(f"tokens {tokens.vocabulary} {tokens.padding}\n".encode())
    if by_position:
        checksum.update(b"by position\n")
    return checksum.hexdigest(), first, second


def _add_array(checksum: Any, array: NDArray[Any]) -> None:
    """Add type, shape and values of an array to a checksum."""
    checksum.update(f"{array.dtype.name} {array.shape}\n".encode())
    _add_values(checksum, array)


def _add_values(checksum: Any, array: NDArray[Any]) -> None:
    """Add the values of an array to a checksum, the same on every machine."""
    little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    checksum.update(little_endian.reshape(-1).view(np.uint8).data)


def item_digests(inputs: NDArray[Any]) -> NDArray[np.uint64]:
    """One short digest for every item."""
    rows = inputs.reshape(len(inputs), -1)
    if rows.dtype != np.uint8:
        rows = rows + np.float32(0)  # −0 is 0
    digests = b"".join(
        hashlib.blake2b(row.data, digest_size=_DIGEST_SIZE).digest() for row in np.ascontiguousarray(rows)
    )
    return np.frombuffer(digests, np.uint64)
