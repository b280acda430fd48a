"""Token ids: which inputs are such, their vocabulary, and the checks of ids and of one target for every token."""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reluctant.catalogue.token_sums import IGNORED
from reluctant.core.display import quoted
from reluctant.core.errors import DataError
from reluctant.data.dataset import TokenInputs
from reluctant.data.inputs import as_array
from reluctant.data.targets import SplitTargets

SEQUENCES = "sequences"  # what inputs of token ids are called
MOST_IDS = 10**6  # of a vocabulary that nobody named; larger ids are rather numbers
_TO_ROWS = "numbers in rows are given as floats"


def find_tokens(
    name: str,
    inputs: Sequence[Any],
    labels: Sequence[Any],
    *,
    tokens: bool | int | None = None,
    padding: int | None = None,
    kind: str = "auto",
    whole_tensors: bool = False,
) -> tuple[TokenInputs | None, tuple[str, ...]]:
    """What is known of the token ids of one part or of both, and a remark about it; None where inputs are no ids.

    Whole numbers (n, t), t > 1, are ids where every one has a target that is a whole number, or where they are tensors
    of int64 or int32, which in PyTorch can only be looked up. The vocabulary goes up to the largest id.

    Args:
        inputs: Those of train and of test, or of one part.
        labels: Theirs.
        tokens: True or the size of the vocabulary: the inputs are ids. False: they are not. None: see above.
        padding: The id that fills up short sequences.
        kind: See `as_targets`; "numbers" are never one target for every token.
        whole_tensors: Whether the inputs come from PyTorch and would reach a network as whole numbers.

    Raises:
        DataError: The arguments contradict each other or the inputs.
    """
    if tokens is not None and not isinstance(tokens, bool) and not _is_count(tokens):
        raise DataError(f"{name}: tokens is True, False, or how many token ids there are, not {quoted(tokens)}")
    inferred = _are_ids(inputs) and (whole_tensors or _have_token_targets(inputs, labels, kind))
    if not (inferred if tokens is None else tokens):
        if padding is not None:
            raise DataError(f"{name}: padding={padding} is a token id, and these inputs are none; add tokens=True")
        return None, ()
    arrays = [as_array(name, "inputs", each) for each in inputs]
    for array in arrays:
        _check_form(name, array)
    if tokens is None or isinstance(tokens, bool):
        arrays += [np.asarray(each) for each in labels if are_token_targets([each], kind)]
        largest = max(int(array.max()) for array in arrays)
        if largest >= MOST_IDS:
            raise DataError(
                f"{name}: the inputs go up to {largest:,}; if they are token ids, write tokens={largest + 1}, the size "
                f"of the vocabulary; {_TO_ROWS}"
            )
        tokens = largest + 1
    known = TokenInputs(int(tokens), padding)
    check_token_inputs(name, known)
    remark = f"the inputs are read as token ids, of a vocabulary of {known.vocabulary:,}; {_TO_ROWS}"
    return replace(known, padding=None if padding is None else int(padding)), (remark,)


def check_token_inputs(name: str, tokens: TokenInputs) -> None:
    """`DataError` where the vocabulary, the padding, the sizes or the stream cannot be."""
    vocabulary, padding = tokens.vocabulary, tokens.padding
    if not _is_count(vocabulary) or vocabulary < 2:
        raise DataError(f"{name}: the vocabulary is {quoted(vocabulary)}; at least 2 different token ids are needed")
    if padding is not None and not (_is_count(padding, least=0) and padding < vocabulary):
        raise DataError(
            f"{name}: padding is {quoted(padding)}, and the {vocabulary:,} token ids go from 0 to {vocabulary - 1:,}; "
            f"name one of them, or a larger vocabulary"
        )
    if tokens.sizes is not None and np.shape(tokens.sizes) != (vocabulary, 2):
        raise DataError(
            f"{name}: the sizes of tokens have the shape {np.shape(tokens.sizes)}; expected ({vocabulary}, 2), bytes "
            f"and characters of every token"
        )
    if tokens.stream is not None and np.ndim(tokens.stream) != 1:
        raise DataError(f"{name}: the stream of tokens has the shape {np.shape(tokens.stream)}; expected one dimension")


def as_token_ids(where: str, value: object, vocabulary: int) -> NDArray[np.int64]:
    """Inputs as token ids, (n, t) int64, contiguous; `DataError` where one is not below the vocabulary."""
    array = as_array(where, SEQUENCES, value)
    _check_form(where, array)
    _check_range(f"{where} {SEQUENCES}", array, vocabulary)
    return np.ascontiguousarray(array, np.int64)


def are_token_targets(labels: Sequence[Any], kind: str) -> bool:
    """Whether the labels of token inputs are one target for every token: whole numbers (n, t)."""
    return kind != "numbers" and any(np.ndim(each) == 2 and _are_whole(np.asarray(each)) for each in labels)


def as_token_targets(
    name: str, inputs: Sequence[NDArray[Any]], labels: Sequence[Any], tokens: TokenInputs, classes: Sequence[str] = ()
) -> SplitTargets:
    """The targets of every token of train and of test, (n, t) int64, the names of the classes, and warnings.

    A target is a token id, or one of the `classes` where these are named (tags), or `IGNORED` where nothing is
    predicted. Raises `DataError`: another shape than that of the inputs, a target that is too large, or nothing to
    predict or to learn.
    """
    targets = []
    for part, ids, value in zip(("train", "test"), inputs, labels, strict=True):
        where = f"{name}: {part}"
        array = as_array(where, "labels", value)
        if not _are_whole(array) or array.shape != ids.shape:
            raise DataError(
                f"{where} has {array.dtype} labels of shape {array.shape} for inputs of shape {ids.shape}; give one "
                f"whole number for every token, or one class per sequence, (n,)"
            )
        if (array == IGNORED).all():
            raise DataError(f"{where}: every target is {IGNORED}, which is ignored, so nothing is predicted")
        hint = f"; {IGNORED} marks tokens that are not predicted"
        noun = "classes" if classes else "ids of the vocabulary"
        _check_range(f"{where} targets", array, len(classes) or tokens.vocabulary, hint, noun)
        targets.append(np.ascontiguousarray(array, np.int64))
    train, test = targets
    predicted = train[train != IGNORED]
    if (predicted == predicted[0]).all():
        raise DataError(f"{name}: every training target is the token {predicted[0]}; there is nothing to learn")
    padded = 0 if tokens.padding is None or classes else sum(int((each == tokens.padding).sum()) for each in targets)
    warning = (
        f"{padded:,} targets are the padding {tokens.padding}, so it is predicted too; give {IGNORED} there instead"
    )
    return train, test, tuple(map(str, classes)), (warning,) if padded else ()


def _is_count(value: object, least: int = 1) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _are_whole(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "iu"


def _are_ids(inputs: Sequence[Any]) -> bool:
    """Whether inputs may be ids: arrays of whole numbers, (n, t), with at least two a sequence."""
    return all(isinstance(x, np.ndarray) and x.ndim == 2 and _are_whole(x) and x.shape[1] > 1 for x in inputs)


def _have_token_targets(inputs: Sequence[Any], labels: Sequence[Any], kind: str) -> bool:
    """Whether there is a whole number for every number of the inputs, and these are no one-hot classes."""
    targets = [np.asarray(each) for each in labels]
    if kind == "numbers" or any(
        np.shape(x) != y.shape or not _are_whole(y) for x, y in zip(inputs, targets, strict=True)
    ):
        return False
    return not all((y.max(axis=1) == 1).all() and (np.count_nonzero(y, axis=1) == 1).all() for y in targets)


def _check_form(where: str, array: NDArray[Any]) -> None:
    """`DataError` unless inputs are whole numbers (n, t)."""
    if array.ndim != 2:
        raise DataError(f"{where}: token ids have the shape {array.shape}; expected (n, tokens), a row per sequence")
    if array.size == 0:
        raise DataError(f"{where}: the token ids are empty (shape {array.shape}); at least one sequence is needed")
    if not _are_whole(array):
        raise DataError(f"{where}: token ids are whole numbers, and these are {array.dtype}; give .astype('int64')")


def _check_range(
    what: str, array: NDArray[Any], limit: int, hint: str = "", noun: str = "ids of the vocabulary"
) -> None:
    """`DataError` about the first number that is no id; in targets also `IGNORED` is allowed, with a `hint`."""
    bad = (array < 0) | (array >= limit)
    if hint:
        bad &= array != IGNORED
    if not bad.any():
        return
    item, position = (int(i) for i in np.argwhere(bad)[0])
    others = int(np.count_nonzero(bad)) - 1
    more = f", and {others:,} more like it" if others else ""
    raise DataError(
        f"{what}: the token at position {position} of item {item}, both counted from 0, is {array[item, position]}"
        f"{more}; the {limit:,} {noun} go from 0 to {limit - 1:,}{hint or '; ' + _TO_ROWS}"
    )
