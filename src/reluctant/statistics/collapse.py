"""Runs that collapsed: far below what their arm does otherwise; and the rate that clean runs do not exclude."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats

FAR = 10  # standard deviations below the median of the arm, and more than
MARGINS, STEPS = 5, 6  # as many margins, and steps of a score
NORMAL = 1.4826  # standard deviation over median absolute deviation of normal values


def collapsed_runs(
    scores: Sequence[Floats], *, higher: bool, margin: float = 0.0, resolution: float = 0.0
) -> tuple[npt.NDArray[np.bool_], ...]:
    """Which runs of each arm collapsed: they are worse than the median of their arm by more than 10 deviations.

    The deviation is the median distance from the median (times 1.4826), of all arms together, since that of a few runs
    says little, or of the arm itself where that is more: an arm may vary more than the others. Five margins and six
    steps of a score are no collapse either. Of normal scores at most 0.2 % of studies have such a run, see
    docs/statistics.md. Where half of the runs fail, that is what the arm does, and none stands out.

    Args:
        scores: Per arm one score per seed; NaN where there is none.
        higher: Whether more is better.
        margin: Differences below this do not matter.
        resolution: One step of the score.
    """
    sign = 1.0 if higher else -1.0
    finite = [sign * values[np.isfinite(values)] for values in scores]
    medians = [float(np.median(values)) if len(values) else np.nan for values in finite]
    distances = [
        # of an odd number of runs the median itself is one: it has no distance
        np.sort(np.abs(values - median))[len(values) % 2 :]
        for values, median in zip(finite, medians, strict=True)
    ]
    every = np.concatenate([*distances, np.empty(0)])
    deviation = NORMAL * float(np.median(every)) if len(every) else 0.0
    least = max(FAR * deviation, MARGINS * margin, STEPS * resolution)
    marked = []
    for values, median, own in zip(scores, medians, distances, strict=True):
        lower = NORMAL * float(own[(len(own) - 1) // 2]) if len(own) else 0.0  # the failed run itself is not to count
        far = max(least, FAR * lower)
        # without a margin and a spread nothing is far
        marked.append(sign * values - median < -far if far else np.zeros(len(values), bool))
    return tuple(marked)


def largest_rate(n: int, confidence: float = 0.95) -> float:
    """The largest failure rate that n runs without a failure do not exclude: 1 − .05^(1/n) (Clopper & Pearson 1934)."""
    return 1.0 if n < 1 else float(1 - (1 - confidence) ** (1 / n))
