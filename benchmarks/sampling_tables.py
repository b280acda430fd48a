"""Tables on what verdicts are about: runs that collapse, rates that are tuned, settings that are a sample."""

import numpy as np

from benchmarks.growing import running
from benchmarks.table import SHAPES, Share, Table, share
from reluctant.statistics.collapse import collapsed_runs
from reluctant.statistics.distributions import Floats, t_quantiles
from reluctant.statistics.random_effects import OverSettings, over_settings
from reluctant.statistics.sequential import sequential_bounds

DEPTH = 30.0  # deviations that a collapsed run lies below the others
RATES = 8


def collapse(rng: np.random.Generator, studies: int) -> Table:
    """How often a study has a run that the rule calls collapsed: where none did, and where one in ten does."""
    rows: list[tuple[str | Share, ...]] = []
    number = studies // 20
    for name, draw, _ in SHAPES[:2]:
        for arms, seeds in ((2, 3), (2, 5), (4, 5), (10, 5), (10, 20)):
            scores = -draw(rng, (number, arms, seeds))  # a long tail of bad runs is the harder case
            scores /= scores.std()
            sound = [
                any(each.any() for each in collapsed_runs(list(study), higher=True, margin=0.3)) for study in scores
            ]
            fails = rng.random(scores.shape) < 0.1
            runs = scores - DEPTH * fails
            marked = np.array([np.stack(collapsed_runs(list(study), higher=True, margin=0.3)) for study in runs])
            most = fails.sum(axis=-1, keepdims=True) < seeds / 2  # else that is what the arm does
            caught = marked[fails & most]
            rows.append((f"{name}, {arms} arms, {seeds} seeds", share(sound), share(caught)))
    return Table(("scores", "a run marked though none collapsed", "collapsed runs that are marked"), tuple(rows))


def tuned(rng: np.random.Generator, studies: int) -> Table:
    """How often two equal arms, each at the best of eight equal rates, are called different, by who chooses."""
    rows: list[tuple[str | Share, ...]] = []
    number = studies // 10
    ways = {"all seeds": _by_all, "the other seeds": _by_others, "the seeds before (ours)": _by_earlier}
    for seeds in (5, 10, 20):
        cells: list[Share] = []
        for choose in ways.values():
            tuned_, other = (choose(*_rates(rng, number, seeds)) for _ in range(2))
            fixed = rng.standard_normal(other.shape)
            cells += [_different(tuned_ - other), _different(tuned_ - fixed)]
        rows.append((f"{seeds} seeds", *cells))
    heads = [f"{way}, {against}" for way in ways for against in ("both tuned", "one tuned")]
    return Table(("one look at .05", *heads), tuple(rows))


def _rates(rng: np.random.Generator, studies: int, seeds: int) -> tuple[Floats, Floats]:
    """Validation and test scores, (studies, rates, seeds), whose noise is shared to four fifths."""
    shared, valid, test = rng.standard_normal((3, studies, RATES, seeds))
    return np.sqrt(0.8) * shared + np.sqrt(0.2) * valid, np.sqrt(0.8) * shared + np.sqrt(0.2) * test


def _at(test: Floats, chosen: Floats, seed: int) -> Floats:
    values: Floats = test[np.arange(len(test)), chosen.argmax(axis=1), seed]
    return values


def _by_all(valid: Floats, test: Floats) -> Floats:
    mean = valid.mean(axis=2)
    return np.stack([_at(test, mean, seed) for seed in range(test.shape[2])], axis=1)


def _by_others(valid: Floats, test: Floats) -> Floats:
    total = valid.sum(axis=2)
    return np.stack([_at(test, total - valid[:, :, seed], seed) for seed in range(test.shape[2])], axis=1)


def _by_earlier(valid: Floats, test: Floats) -> Floats:
    return np.stack([_at(test, valid[:, :, :s].mean(axis=2), s) for s in range(2, test.shape[2])], axis=1)


def _different(differences: Floats) -> Share:
    n = differences.shape[1]
    t = np.abs(differences.mean(axis=1)) / differences.std(axis=1, ddof=1) * np.sqrt(n)
    return share(t > t_quantiles(0.975, n - 1))


def settings(rng: np.random.Generator, studies: int) -> Table:
    """Twelve settings, judged each alone or by one mean: false verdicts, decided ones, and coverage."""
    rows: list[tuple[str | Share, ...]] = []
    number, count, seeds = studies // 20, 12, 5
    for truth, between, shared in ((0.0, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.5, 0.8), (1.0, 0.5, 0.0), (1.0, 0.5, 0.8)):
        true = truth + between * rng.standard_normal((number, count, 1))
        by_seed = np.sqrt(shared) * rng.standard_normal((number, 1, seeds))
        differences = true + by_seed + np.sqrt(1 - shared) * rng.standard_normal((number, count, seeds))
        mean, std, n = running(differences)
        alone = np.abs(mean[..., -1]) > t_quantiles(0.975, seeds - 1) * std[..., -1] / np.sqrt(seeds)
        low, high = sequential_bounds(mean, std, n, 1 - 0.05 / count)
        answers = [over_settings(study) for study in differences]
        plain = [over_settings(study, sequential=False) for study in differences]
        new = truth + between * rng.standard_normal(number) + by_seed.mean(axis=(1, 2))
        new = new + np.sqrt(1 - shared) * rng.standard_normal((seeds, number)).mean(axis=0)
        rows.append((
            f"truth {truth:g}, deviation between settings {between:g}, {100 * shared:g} % of a seed's noise shared",
            share(alone.any(axis=1)),
            share(((low > 0) | (high < 0))[..., -1].any(axis=1)),
            share([(a.low or 0) > 0 or (a.high or 0) < 0 for a in answers]),
            share([(a.low or 0) <= truth <= (a.high or 0) for a in plain]),
            share([low <= t <= high for (low, high), t in zip(map(_prediction, plain), new, strict=True)]),
        ))  # fmt: skip
    columns = ("twelve settings, five seeds", "some setting *different*, each alone", "…, all together (ours)",
               "the mean *different* (ours)", "coverage of its 95 % interval", "of the prediction")  # fmt: skip
    return Table(columns, tuple(rows))


def _prediction(answer: OverSettings) -> tuple[float, float]:
    assert answer.predicted is not None
    return answer.predicted
