"""Following the advice: studies that start with five seeds and are extended by the promised number."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, std_bound
from reluctant.statistics.paired import holm_adjusted, t_test
from reluctant.statistics.power import MOST, SURE, planned
from reluctant.statistics.verdict import same_or_different

START = 5
LONGEST = 206  # seeds; who is still undecided there has followed the advice at least twice
CHUNK = 2000  # studies in memory at once

Whole = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Advice:
    """What became of the comparisons of one cell."""

    studies: int
    comparisons: int
    undecided: int  # at five seeds
    promised: int  # of these: got a number of seeds
    median: float  # that number
    decided: float  # share of the promised that are decided after exactly that number
    false: float  # share of all comparisons with a false verdict in the end
    any_false: float  # share of studies with at least one


@dataclass(frozen=True)
class _Sums:
    """Running sums over seeds of every comparison's differences, (comparisons, seeds) each."""

    sums: Floats
    squares: Floats

    def at(self, n: Whole) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the first n differences, n of shape (comparisons,)."""
        rows = np.arange(len(n))
        mean = self.sums[rows, n - 1] / n
        rest = self.squares[rows, n - 1] - n * mean**2
        return mean, np.sqrt(np.maximum(rest, 0) / (n - 1))


def follow(rng: np.random.Generator, studies: int, family: int, std: float, truth: float) -> Advice:
    """What comes of following the advice in `studies` studies, with a margin of 1.

    A study compares `family` arms with one baseline; each differs from it by `truth`, with paired differences
    of this standard deviation. False: *better* or *worse* with the wrong sign or where the truth is 0, and *the
    same* where it is a margin or more.
    """
    parts = [_follow(rng, min(CHUNK, studies - start), family, std, truth) for start in range(0, studies, CHUNK)]
    false = np.concatenate([part[0] for part in parts])
    promised = np.concatenate([part[1] for part in parts])
    decided = np.concatenate([part[2] for part in parts])
    return Advice(
        studies=studies,
        comparisons=false.size,
        undecided=sum(part[3] for part in parts),
        promised=promised.size,
        median=float(np.median(promised)) if promised.size else float("nan"),
        decided=float(decided.mean()) if promised.size else float("nan"),
        false=float(false.mean()),
        any_false=float(false.any(axis=1).mean()),
    )


def _follow(
    rng: np.random.Generator, studies: int, family: int, std: float, truth: float
) -> tuple[Truths, Whole, Truths, int]:
    """False (studies, family), seeds promised first, decided after exactly these, undecided at five."""
    arms = rng.standard_normal((studies, family + 1, LONGEST)) * (std / np.sqrt(2))
    differences = (arms[:, 1:] - arms[:, :1]).reshape(-1, LONGEST) + truth
    sums = _Sums(differences.cumsum(axis=1), (differences**2).cumsum(axis=1))
    n = np.full(studies * family, START)
    same, different, sign = _judge(sums, n, family, extended=False)
    open_ = ~same & ~different
    undecided = int(open_.sum())
    first: tuple[Whole, Truths] | None = None
    while open_.any():
        extra = _promised(sums, n, open_, family)
        going = open_ & (extra <= MOST) & (n + extra <= LONGEST)
        n = np.where(going, n + extra, n)
        now_same, now_different, now_sign = _judge(sums, n, family, extended=True)
        same |= going & now_same
        different |= going & now_different
        sign = np.where(going, now_sign, sign)
        open_ = going & ~now_same & ~now_different
        first = first or (extra[going], ~open_[going])
    false = (same & (abs(truth) >= 1)) | (different & (sign != np.sign(truth)))
    none = (np.empty(0, np.int64), np.empty(0, bool))
    return false.reshape(studies, family), *(first or none), undecided


def _promised(sums: _Sums, n: Whole, where: Truths, family: int) -> Whole:
    mean, std = (values[where] for values in sums.at(n))
    extra = np.full(len(n), MOST + 1)
    extra[where] = planned(mean, std_bound(std, n[where], SURE), n[where], 1.0, family)
    return extra


def _judge(sums: _Sums, n: Whole, family: int, *, extended: bool) -> tuple[Truths, Truths, Floats]:
    """Same, different and sign of every comparison at its own n, corrected with the others at that n."""
    mean, std = sums.at(n)
    corrected = np.empty(len(n))
    for i in range(family):  # each comparison has its own number; all arms then have so many seeds
        own = np.repeat(n.reshape(-1, family)[:, i], family)
        p = t_test(*sums.at(own), own).reshape(-1, family)
        corrected[i::family] = holm_adjusted(p)[:, i]
    same, different = same_or_different(mean, std, n, corrected, margin=1.0, extended=extended)
    return same, different, np.sign(mean)
