"""Tables on arms whose runs share no seeds: false verdicts over all looks, coverage at one, and the runs they need."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.table import Share, Table, share
from reluctant.statistics.distributions import Floats, t_quantiles, t_two_sided
from reluctant.statistics.power import split
from reluctant.statistics.sequential import FIRST, LAST, critical_values, look_level, look_weights
from reluctant.statistics.verdict import Truths

FAMILIES = (1, 3)  # rivals of one baseline
LARGEST = 50  # runs of an arm at the last look
RATIOS = ((1.0, "equal deviations"), (4.0, "rivals' deviation 4 times"), (0.25, "rivals' deviation a quarter"))

Whole = npt.NDArray[np.int64]
Looks = Sequence[tuple[int, int]]  # runs of a rival and of the baseline at every look

_EQUAL = [(n, n) for n in range(FIRST, LARGEST + 1)]
SCHEDULES: tuple[tuple[str, Looks], ...] = (
    ("in turn", [runs for n, _ in _EQUAL for runs in ((n, n), (n + 1, n))][:-1]),
    ("baseline 3 times as many", [(n, min(3 * n, LAST)) for n, _ in _EQUAL]),
    ("rivals 3 times as many", [(min(3 * n, LAST), n) for n, _ in _EQUAL]),
    (f"all {LARGEST} of the baseline first", [(n, LARGEST) for n, _ in _EQUAL]),
    (
        f"baseline waits at 5, rivals go to {LARGEST}",
        [(3, 3), (4, 4), *((n, 5) for n in range(5, LARGEST)), *((LARGEST, n) for n in range(5, LARGEST + 1))],
    ),
)


def unpaired_looks(rng: np.random.Generator, studies: int) -> Table:
    """How often equal arms without shared seeds are called different at some look, by the degrees of freedom."""
    rows: list[tuple[str | Share, ...]] = []
    for schedule, looks in SCHEDULES:
        for ratio, name in RATIOS:
            n1, n2 = np.array(looks).T
            baseline = _means_and_variances(rng.standard_normal((studies, LAST)), n2)
            ever: dict[tuple[str, int], list[Truths]] = {}
            for _ in range(max(FAMILIES)):
                rival = _means_and_variances(ratio * rng.standard_normal((studies, LAST)), n1)
                error, welch_df = _error_and_freedom(rival[1], n1, baseline[1], n2)
                t = np.abs(rival[0] - baseline[0]) / error
                for family in FAMILIES:
                    by_welch, ours = _beyond(t, np.minimum(n1, n2), welch_df, family)
                    ever.setdefault(("welch", family), []).append(np.asarray(by_welch.any(axis=1)))
                    ever.setdefault(("ours", family), []).append(np.asarray(ours.any(axis=1)))
            cells = (share(np.any(ever[way, k][:k], axis=0)) for way in ("welch", "ours") for k in FAMILIES)
            rows.append((f"{schedule}, {name}", *cells))
    ways = ("Welch's df", "n − 1 df (ours)")
    heads = (f"{way}, {k} comparison{'s' * (k > 1)}" for way in ways for k in FAMILIES)
    return Table(("any false *better* or *worse*, 3 to 50 runs", *heads), tuple(rows))


def _means_and_variances(scores: Floats, runs: Whole) -> tuple[Floats, Floats]:
    """Those of the first so many runs, a column per look, of scores (studies, LAST) about 0."""
    n = np.arange(1, scores.shape[1] + 1)
    mean = scores.cumsum(axis=1) / n
    squares = (scores**2).cumsum(axis=1) - n * mean**2
    return mean[:, runs - 1], squares[:, runs - 1] / (runs - 1)


def _error_and_freedom(variance1: Floats, n1: Whole | int, variance2: Floats, n2: Whole | int) -> tuple[Floats, Floats]:
    """The standard error of a difference of means and Welch's degrees of freedom, any shape."""
    part1, part2 = variance1 / n1, variance2 / n2
    total = part1 + part2
    return np.sqrt(total), total**2 / (part1**2 / (n1 - 1) + part2**2 / (n2 - 1))


def _beyond(t: Floats, n: Whole, welch_df: Floats, family: int) -> tuple[Truths, Truths]:
    """Whether |t| is beyond the boundary of the look at n, with Welch's degrees of freedom and with n − 1."""
    level = look_level(0.025 / family) * look_weights(n)
    by_welch = t > t_quantiles(1 - level, np.inf)  # t reaches further than the normal, so only these can be
    at = np.nonzero(by_welch)
    by_welch[at] = t_two_sided(t[at], welch_df[at]) <= 2 * np.broadcast_to(level, t.shape)[at]
    return by_welch, t > critical_values(1 - 0.05 / family)[n - FIRST]


def unpaired_coverage(rng: np.random.Generator, studies: int) -> Table:
    """How often all intervals of one look hold the true differences."""
    rows: list[tuple[str | Share, ...]] = []
    for n in (5, 10, 30):
        for more in (1, 3):
            for ratio, name in RATIOS:
                runs = np.array([n * more])
                baseline = _means_and_variances(rng.standard_normal((studies, n * more)), runs)
                inside: list[list[Truths]] = []
                for _ in range(max(FAMILIES)):
                    rival = _means_and_variances(ratio * rng.standard_normal((studies, n)), np.array([n]))
                    error, df = _error_and_freedom(rival[1], n, baseline[1], n * more)
                    t = np.abs(rival[0] - baseline[0]) / error
                    limits = (
                        t_quantiles(0.975, df),
                        t_quantiles(1 - 0.025 / 3, df),
                        t_quantiles(1 - 0.025 / 3, n - 1),
                        *(critical_values(1 - 0.05 / family)[n - FIRST] for family in FAMILIES),
                    )
                    inside.append([np.asarray(t <= limit) for limit in limits])
                families = (1, 3, 3, *FAMILIES)
                cells = (share(np.all([each[i] for each in inside[:k]], axis=0)) for i, k in enumerate(families))
                rows.append((f"{n} and {n * more} runs, {name}", *cells))
    columns = (
        "all intervals hold the truth, at one look",
        "Welch, judged once, 1 comparison",
        "Welch, judged once, 3 comparisons",
        "n − 1 df (ours), judged once, 3 comparisons",
        "ours, sequential, 1 comparison",
        "ours, sequential, 3 comparisons",
    )
    return Table(columns, tuple(rows))


def unpaired_runs(rng: np.random.Generator, studies: int) -> Table:
    """Runs of each arm that show a true difference with 80 % power at that look, with and without shared seeds."""
    n = np.arange(FIRST, LAST + 1)
    first, second = (_means_and_variances(rng.standard_normal((studies, LAST)), n) for _ in range(2))
    error = np.sqrt((first[1] + second[1]) / n)
    rows: list[tuple[str | Share, ...]] = []
    for truth in (0.7, 1.0, 2.0):
        t = (first[0] - second[0] + truth) / error
        powers = [(np.abs(t) > critical_values(0.95)).mean(axis=0)]
        for correlation in (0.0, 0.5):
            in_errors = truth * np.sqrt(n / (2 - 2 * correlation))
            powers.append(split(n, in_errors, 1.0, 0.0, 2 * look_level(0.025) * look_weights(n))[1])
        enough = (str(n[power >= 0.8][0]) if (power >= 0.8).any() else f"over {LAST}" for power in powers)
        rows.append((f"{truth:g}", *enough))
    columns = (
        "true difference, in deviations of an arm",
        "unpaired",
        "paired, correlation 0",
        "paired, correlation .5",
    )
    return Table(columns, tuple(rows))
