"""Studies that grow: until every comparison is decided, and by the advice that version 0.1 gave."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats, std_bound, t_quantiles, t_two_sided
from reluctant.statistics.power import split
from reluctant.statistics.sequential import FIRST, LAST, sequential_bounds
from reluctant.statistics.verdict import same_or_different

START = 5
LONGEST = 206  # seeds; who is still undecided there has followed the old advice at least twice
MOST = 100  # more seeds than this were "not worth it"
CHUNK = 500  # studies in memory at once

Whole = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """What became of the studies of one cell."""

    runs: float  # mean number of runs, those of the baseline among them
    decided: float  # share of comparisons
    any_false: float  # share of studies with at least one false verdict


def until_decided(rng: np.random.Generator, studies: int, family: int, std: float, truth: float) -> Outcome:
    """Start with five seeds, look after each one, and add none to an arm that is decided; 105 at most."""
    parts = [_until_decided(_differences(rng, n, family, std, truth, LAST), truth) for n in _chunks(studies)]
    return _outcome(parts)


def old_advice(rng: np.random.Generator, studies: int, family: int, std: float, truth: float) -> Outcome:
    """Start with five seeds; as long as a comparison is undecided, add the promised number to all arms."""
    parts = [_old_advice(_differences(rng, n, family, std, truth, LONGEST), truth) for n in _chunks(studies)]
    return _outcome(parts)


def _chunks(studies: int) -> list[int]:
    return [min(CHUNK, studies - start) for start in range(0, studies, CHUNK)]


def _outcome(parts: list[tuple[Floats, Truths, Truths]]) -> Outcome:
    runs, decided, false = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return Outcome(float(runs.mean()), float(decided.mean()), float(false.any(axis=1).mean()))


def _differences(rng: np.random.Generator, studies: int, family: int, std: float, truth: float, seeds: int) -> Floats:
    """Differences of `family` arms from a baseline that they share, (studies, family, seeds); the margin is 1."""
    arms = rng.standard_normal((studies, family + 1, seeds)) * (std / np.sqrt(2))
    differences: Floats = arms[:, 1:] - arms[:, :1] + truth
    return differences


def running(differences: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, standard deviation and number of the first 3, 4, … differences along the last axis."""
    n = np.arange(1, differences.shape[-1] + 1)
    mean = differences.cumsum(axis=-1) / n
    squares = np.maximum((differences**2).cumsum(axis=-1) - n * mean**2, 0)[..., FIRST - 1 :]
    return mean[..., FIRST - 1 :], np.sqrt(squares / (n[FIRST - 1 :] - 1)), n[FIRST - 1 :].astype(float)


def is_false(same: Truths, different: Truths, sign: Floats, truth: float) -> Truths:
    """*The same* where the difference is a margin or more; *better* or *worse* with the wrong sign, or without one."""
    false: Truths = (same & (abs(truth) >= 1)) | (different & (sign != np.sign(truth)))
    return false


def _until_decided(differences: Floats, truth: float) -> tuple[Floats, Truths, Truths]:
    mean, std, n = running(differences)
    low, high = sequential_bounds(mean, std, n, 1 - 0.05 / differences.shape[1])
    sound = (low <= mean) & (mean <= high)
    same, different = (each & sound for each in same_or_different(low, high, 1.0))
    open_from = START - FIRST
    decided = (same | different)[..., open_from:]
    ever = np.asarray(decided.any(axis=-1))
    first = decided.argmax(axis=-1)
    seeds = np.where(ever, first + START, LAST)

    then = (np.arange(len(seeds))[:, None], np.arange(seeds.shape[1]), first + open_from)
    false = is_false(same[then], different[then], np.sign(mean[then]), truth)
    runs: Floats = (seeds.sum(axis=1) + seeds.max(axis=1)).astype(float)
    return runs, ever, false


def _old_advice(differences: Floats, truth: float) -> tuple[Floats, Truths, Truths]:
    mean, std, _ = running(differences)
    studies, family, _ = mean.shape
    n = np.full(studies, START)
    same, different = np.zeros((2, studies, family), bool)
    sign = np.zeros((studies, family))
    growing, extended = np.ones(studies, bool), np.zeros(studies, bool)
    while growing.any():
        at = (np.arange(studies)[:, None], np.arange(family), n[:, None] - FIRST)
        level = np.where(extended, 0.025, 0.05)[:, None]
        error = std[at] / np.sqrt(n)[:, None]
        now_same = np.abs(mean[at]) + t_quantiles(1 - level / 2, n[:, None] - 1) * error < 1
        p = holm_adjusted(t_two_sided(mean[at] / error, n[:, None] - 1))
        new = growing[:, None] & ~same & ~different
        sign = np.where(new, np.sign(mean[at]), sign)
        same, different = same | (new & now_same), different | (new & ~now_same & (p <= level))
        undecided = growing[:, None] & ~same & ~different
        bound = std_bound(std[at], n[:, None])
        extra = _promised(mean[at], bound, np.broadcast_to(n[:, None], bound.shape), family)
        add = np.where(undecided & (extra <= MOST) & (n[:, None] + extra <= LONGEST), extra, 0).max(axis=1)
        growing, extended, n = add > 0, extended | (add > 0), n + add
    runs: Floats = ((family + 1) * n).astype(float)
    return runs, same | different, is_false(same, different, sign, truth)


def _promised(mean: Floats, std: Floats, n: Whole, family: int) -> Whole:
    """The number of more seeds that version 0.1 promised to decide: a verdict at .025 with probability .925."""
    low, high = np.zeros(n.shape, np.int64), np.full(n.shape, MOST + 1)
    while np.any(high - low > 1):
        middle = (low + high + 1) // 2
        total = n + np.maximum(middle, 1)
        error, moved = std / np.sqrt(total), np.sqrt(total / n - 1)
        centre = np.abs(mean) / error
        same = split(total, centre, moved, 1 / error, 0.025)[0]
        different = split(total, centre, moved, 0.0, 0.025 / family)[1]
        enough = np.minimum(same + different, 1) >= 0.925
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(high)


def holm_adjusted(p: Floats) -> Floats:
    """The p values after Holm's step-down correction over the last axis (Holm 1979), as version 0.1 had it."""
    order = np.argsort(p, axis=-1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=-1) * (p.shape[-1] - np.arange(p.shape[-1]))
    adjusted = np.empty_like(ranked)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(ranked, axis=-1), 1.0), axis=-1)
    return np.asarray(adjusted, float)
