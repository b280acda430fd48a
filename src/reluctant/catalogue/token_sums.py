"""What records hold of predicted tokens: six sums, from which loss, bits, perplexity and accuracy follow."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
IGNORED = -100  # the target of a token that is not predicted, as in PyTorch's cross entropy
TOKEN_SUMS = ("sequences", "tokens", "nats", "right", "bytes", "characters")  # the rows of the sums, in this order


def token_sums(sizes: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    """The sums that predicted tokens are scored by, (6, 1): see `TOKEN_SUMS`.

    Args:
        sizes: (n, 3): of every sequence its predicted tokens, and their bytes and characters (0: not known).
        scores: (n, 2): of every sequence the cross entropy of all its tokens in nats, and how many are right.
    """
    tokens, sequence_bytes, characters = np.asarray(sizes, float).reshape(-1, 3).T
    nats, right = np.asarray(scores, float).reshape(-1, 2).T
    rows = (tokens, nats, right, sequence_bytes, characters)
    return np.array([float(len(tokens)), *(row.sum() for row in rows)]).reshape(-1, 1)


def ratio_of_sums(numerator: str, denominator: str) -> Callable[[npt.NDArray[Any]], Floats]:
    """A function of sums (..., 6, 1): one of them over another one; NaN where the denominator is 0."""

    def compute(sums: npt.NDArray[Any]) -> Floats:
        above, below = (sums[..., TOKEN_SUMS.index(name), 0] for name in (numerator, denominator))
        ratios: Floats = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below != 0)
        return ratios

    return compute


def bits_per(unit_of_text: str) -> Callable[[npt.NDArray[Any]], Floats]:
    """A function of sums (..., 6, 1): the cross entropy in bits per `bytes` or `characters`."""
    nats_per = ratio_of_sums("nats", unit_of_text)
    return lambda sums: np.asarray(nats_per(sums) / np.log(2))


def perplexity(sums: npt.NDArray[Any]) -> Floats:
    """exp(cross entropy per token)."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(ratio_of_sums("nats", "tokens")(sums)))


def guess_loss(train: npt.NDArray[np.int64], test: npt.NDArray[np.int64]) -> float:
    """The mean cross entropy of the test targets in nats if all are guessed by the frequencies of the training targets.

    Every class counts once more than it occurs (Laplace), so that one that does not occur costs a finite number.
    """
    train, test = train[train != IGNORED], test[test != IGNORED]
    counts = 1 + np.bincount(train, minlength=int(max(train.max(initial=0), test.max(initial=0))) + 1)
    return float(-np.log(counts[test] / counts.sum()).mean()) if test.size else float("nan")
