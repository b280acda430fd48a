"""Tables on studies that are looked at again and again: false verdicts, and how many runs a decision takes."""

from collections.abc import Callable

import numpy as np

from benchmarks.growing import Outcome, is_false, old_advice, running, until_decided
from benchmarks.table import SCORES, Share, Table, share
from reluctant.statistics.distributions import Floats, mean_and_std, t_quantiles
from reluctant.statistics.sequential import FIRST, LAST, sequential_bounds
from reluctant.statistics.verdict import Truths, same_or_different

ARMS = 10
TRUTHS = (0.0, 0.5, 1.0, 2.0, 3.0)  # true differences, in margins
FAMILIES = (1, 3, 9)
DEVIATIONS = (0.5, 1.0, 1.5, 2.0)  # of the paired difference, in margins


def looks(rng: np.random.Generator, studies: int) -> Table:
    """How often a study of which every look counts has a false verdict, with and without the wider intervals."""
    rows: list[tuple[str | Share, ...]] = []
    for family in FAMILIES:
        for truth in (0.0, 1.0):
            arms = rng.standard_normal((studies // 4, family + 1, LAST)) / np.sqrt(2)
            path = running(arms[:, 1:] - arms[:, :1] + truth)
            name = f"{family} comparison{'s' * (family > 1)}, truth {truth:g}"
            plain = share(_ever_false(path, _plain_bounds(path), truth, 30))
            safe = sequential_bounds(*path, 1 - 0.05 / family)
            rows.append((name, plain, *(share(_ever_false(path, safe, truth, n)) for n in (10, 30, LAST))))
    columns = (
        "any false verdict",
        "95 % intervals, 3 to 30 seeds",
        "ours, 3 to 10",
        "ours, 3 to 30",
        f"ours, 3 to {LAST}",
    )
    return Table(columns, tuple(rows))


Path = tuple[Floats, Floats, Floats]


def _plain_bounds(path: Path) -> tuple[Floats, Floats]:
    mean, std, n = path
    half = t_quantiles(0.975, n - 1) * std / np.sqrt(n)
    return mean - half, mean + half


def _ever_false(path: Path, bounds: tuple[Floats, Floats], truth: float, seeds: int) -> Truths:
    """Whether some look up to so many seeds had a false verdict on some comparison, with a margin of 1."""
    same, different = same_or_different(*bounds, 1.0)
    false: Truths = is_false(same, different, np.sign(path[0]), truth)[..., : seeds - FIRST + 1]
    return np.asarray(false.any(axis=(1, 2)))


def verdicts(rng: np.random.Generator, studies: int) -> Table:
    """Verdicts on nine arms against a baseline at one look, all equal, or all exactly one margin better."""
    rows: list[tuple[str | Share, ...]] = []
    for name, draw in SCORES:
        for n in (3, 5, 10, 30):
            for deviations in (1.0, 4.0):  # of one arm
                scores, step = draw(rng, (studies // 4, ARMS, n))
                margin = deviations * float(scores.std())
                if step:  # a true difference of a margin has to lie on the lattice too
                    margin = max(round(margin / step), 1) * step
                same, different = _judged(scores[:, 1:], scores[:, :1], step, margin)
                off, _ = _judged(scores[:, 1:] + margin, scores[:, :1], step, margin)
                cells = share(different.any(axis=1)), share(same), share(off.any(axis=1))
                rows.append((f"{name}, {n} seeds, margin {deviations:g} σ", *cells))
    columns = ("ten arms", "any false *better* or *worse*", "*the same*", "off by a margin: any *the same*")
    return Table(columns, tuple(rows))


def _judged(first: Floats, second: Floats, step: float, margin: float) -> tuple[Truths, Truths]:
    """Same and different at the last look, by the interval that holds at all looks."""
    second = np.broadcast_to(second, first.shape)
    seeds = np.arange(FIRST, first.shape[-1] + 1)
    moments = [mean_and_std(first[..., :n], second[..., :n], resolution=step) for n in seeds]
    mean, std = (np.stack([each[i] for each in moments], axis=-1) for i in (0, 1))
    low, high = sequential_bounds(mean, std, seeds.astype(float), 1 - 0.05 / first.shape[1])
    return same_or_different(low[..., -1], high[..., -1], margin)


def growth(studies: int) -> dict[str, Table]:
    """Runs, decided comparisons and false verdicts of studies that grow, beside the advice of version 0.1."""
    number = studies // 5
    rows: list[tuple[str, list[Outcome], list[Outcome]]] = []
    for family in FAMILIES:
        for std in DEVIATIONS:
            cells = [
                [
                    policy(np.random.default_rng([family, int(100 * std), i]), number, family, std, truth)
                    for i, truth in enumerate(TRUTHS)
                ]
                for policy in (until_decided, old_advice)
            ]
            rows.append((f"{family} comparison{'s' * (family > 1)}, deviation {std:g}", cells[0], cells[1]))
    heads = ("", *(f"truth {truth:g}" for truth in TRUTHS))
    shown: dict[str, Callable[[Outcome, Outcome], str | Share]] = {
        "growth-runs": lambda ours, old: f"{ours.runs:.0f} / {old.runs:.0f}",
        "growth-decided": lambda ours, old: f"{100 * ours.decided:.0f} / {100 * old.decided:.0f}",
        "growth-false": lambda ours, old: f"{100 * ours.any_false:.1f} / {100 * old.any_false:.1f}",
    }
    tables = {
        name: Table(heads, tuple((row, *map(show, ours, old)) for row, ours, old in rows))
        for name, show in shown.items()
    }
    three = [(ours, old) for row, ours, old in rows if not row.endswith("deviation 2")]
    ratio = sum(o.runs for ours, _ in three for o in ours) / sum(o.runs for _, old in three for o in old)
    by_cell = np.mean([o.runs / a.runs for ours, old in three for o, a in zip(ours, old, strict=True)])
    summary = (("all runs together", f"{ratio:.2f}"), ("mean over the cells", f"{by_cell:.2f}"))
    return tables | {"growth-ratio": Table(("deviation 0.5 to 1.5", "runs, in those of the old advice"), summary)}
