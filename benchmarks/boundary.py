"""The table behind sequential verdicts: how small p gets somewhere if a study is looked at after every seed.

    python -m benchmarks.boundary [--paths N]         # two minutes; prints the rows of statistics/sequential.py

Paths of standard normal differences without an effect. A third each is drawn with a mean of 0, .3 and .6, and is
weighted with its likelihood ratio up to the first look at which it crosses (importance sampling), so that small values
are seen often enough. t has no unit, so the table holds for normal differences of any spread.
"""

import argparse

import numpy as np

from reluctant.statistics.sequential import FIRST, LAST, look_weights, one_sided

LOG_S = np.arange(-5.0, -0.4, 0.25)
DRIFTS = np.array([0.0, 0.3, 0.6])
CHUNK = 20_000
GROWTH = 2.5  # of the ratio per decade below the simulated rows; the simulation saw 1 to 2


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", type=int, default=3_000_000, metavar="N")
    paths = parser.parse_args().paths
    rng = np.random.default_rng(20_261_128)
    n = np.arange(1, LAST + 1)
    weights = look_weights(n[FIRST - 1 :])
    sums = np.zeros(len(LOG_S))
    for _ in range(paths // CHUNK):
        drift = np.repeat(DRIFTS, -(-CHUNK // len(DRIFTS)))[:CHUNK]
        values = rng.standard_normal((CHUNK, LAST)) + drift[:, None]
        total, squares = values.cumsum(axis=1), (values**2).cumsum(axis=1)
        mean = total / n
        std = np.sqrt(np.maximum(squares - n * mean**2, 0)[:, FIRST - 1 :] / (n[FIRST - 1 :] - 1))
        smallest = np.minimum.accumulate(one_sided(mean[:, FIRST - 1 :], std, n[FIRST - 1 :]) / weights, axis=1)
        for i, log in enumerate(LOG_S):
            hit = smallest[:, -1] <= 10.0**log
            look = (smallest[hit] <= 10.0**log).argmax(axis=1)
            sum_, seeds = total[hit, look + FIRST - 1, None], (look + FIRST)[:, None]
            sums[i] += (1 / np.exp(DRIFTS * sum_ - seeds * DRIFTS**2 / 2).mean(axis=1)).sum()
    ratios = sums / (paths // CHUNK * CHUNK) / 10.0**LOG_S
    below = [(log, ratios[0] + GROWTH * (LOG_S[0] - log)) for log in (-9.0, -7.0)]
    for log, ratio in [*below, *zip(LOG_S, ratios, strict=True)]:
        print(f"    {log:.2f}, {ratio:.3f},")


if __name__ == "__main__":
    main()
