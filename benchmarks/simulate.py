"""Whether the statistics keep their word: the tables of docs/statistics.md, from made-up studies.

    python -m benchmarks.simulate [--studies N] [--out FILE] [--check]

Every table draws its studies from generators of its own (seeded by its name) and judges them with the array
functions that `reluctant.statistics` itself computes with. A table stands in the page between two marker
comments; the prose around them is kept by hand. `--check` writes nothing and fails where the page holds other
numbers.
"""

import argparse
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.growth_tables import growth, looks, verdicts
from benchmarks.sampling_tables import collapse, settings, tuned
from benchmarks.table import SCORES, SHAPES, Share, Table, share
from benchmarks.unpaired_tables import unpaired_coverage, unpaired_looks, unpaired_runs
from reluctant.statistics.distributions import Floats, mean_and_std
from reluctant.statistics.interval import half_width
from reluctant.statistics.paired import t_test
from reluctant.statistics.power import seeds_for_equivalence, split
from reluctant.statistics.sequential import FIRST, LAST, look_level, look_weights

STUDIES = 5_000  # a cell at least; four times as many where they cost little
PAGE = Path(__file__).parent.parent / "docs" / "statistics.md"
SEEDS = (3, 5, 10, 30)
ARMS = 10


def coverage(rng: np.random.Generator, studies: int) -> Table:
    """How often an interval of 95 % holds the true mean."""
    rows: list[tuple[str | Share, ...]] = []
    for name, draw, truth in SHAPES:
        rows.append((f"one mean, {name}", *(_covered(draw(rng, (studies, n)) - truth) for n in SEEDS)))
    for name, draw, _ in SHAPES:
        arms = (draw(rng, (2, studies, n)) for n in SEEDS)
        rows.append((f"paired difference, {name}", *(_covered(first - second) for first, second in arms)))
    for name, draw_coarse in SCORES[1:]:
        cells = []
        for n in SEEDS:
            scores, step = draw_coarse(rng, (studies, n))
            cells.append(_covered(scores - _coarse_mean(rng, draw_coarse), step / np.sqrt(2)))
        rows.append((f"one mean, {name}", *cells))
    few = (_bootstrap_covered(rng, n, studies // 4) for n in SEEDS[:3])
    rows.append(("one mean, normal, percentile bootstrap", *few, "–"))
    return Table(("95 % interval of", *(f"n = {n}" for n in SEEDS)), tuple(rows))


def _coarse_mean(rng: np.random.Generator, draw: Callable[..., tuple[Floats, float]]) -> float:
    return float(draw(rng, (1_000_000,))[0].mean())


def _covered(errors: Floats, resolution: float = 0.0) -> Share:
    mean, std = mean_and_std(errors, np.zeros_like(errors), resolution=resolution)
    return share(np.abs(mean) <= half_width(std, errors.shape[-1]))


def _bootstrap_covered(rng: np.random.Generator, n: int, studies: int, resamples: int = 500) -> Share:
    means = np.empty((studies, resamples))
    values = rng.standard_normal((studies, n))
    rows = np.arange(studies)
    for column in range(resamples):
        means[:, column] = values[rows[:, None], rng.integers(0, n, (studies, n))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    return share((low <= 0) & (high >= 0))


def equal_arms(rng: np.random.Generator, studies: int) -> Table:
    """How often at least one of ten equal arms is called different."""
    rows: list[tuple[str | Share, ...]] = []
    for name, draw in SCORES:
        for n in (3, 4, 5, 10):
            scores, step = draw(rng, (studies, ARMS, n))
            raw = _p(scores[:, 1:] - scores[:, :1], step)
            first, second = np.triu_indices(ARMS, 1)
            pairs = _p(scores[:, first] - scores[:, second], step)
            tests = (raw, raw * raw.shape[1], pairs, pairs * pairs.shape[1])
            rows.append((f"{name}, {n} seeds", *(share((p <= 0.05).any(axis=1)) for p in tests)))
    columns = (
        "ten equal arms",
        "baseline, each alone",
        "baseline, together",
        "all pairs, each alone",
        "all pairs, together",
    )
    return Table(columns, tuple(rows))


def _p(differences: Floats, step: float) -> Floats:
    mean, std = mean_and_std(differences, np.zeros_like(differences), resolution=step)
    return t_test(mean, std, differences.shape[-1])


def seeds(rng: np.random.Generator, studies: int) -> Table:
    """Computed, not simulated: seeds for *the same* with 80 % power when two arms are equal."""
    rows: list[tuple[str | Share, ...]] = []
    for margin in (0.001, 0.002, 0.005):
        for spread in (0.0005, 0.00075, 0.001, 0.0013, 0.002):
            needed = (seeds_for_equivalence(spread * 2**0.5, margin, confidence=c) for c in (0.95, 0.9))
            rows.append((f"±{margin:g}, {spread:g}", _sequential(spread * 2**0.5 / margin), *map(str, needed)))
    columns = (
        "margin, deviation of each arm",
        "after every seed (ours)",
        "judged once, 95 % interval",
        "90 % interval",
    )
    return Table(columns, tuple(rows))


def _sequential(std: float) -> str:
    """The fewest seeds after which two equal arms are the same at that look with 80 % power; the margin is 1."""
    for n in range(FIRST, LAST + 1):
        level = 2 * look_level(0.025) * float(look_weights(n))
        if split(n, 0.0, 1.0, np.sqrt(n) / std, level)[0] >= 0.8:
            return str(n)
    return f"over {LAST}"


SINGLE: dict[str, Callable[[np.random.Generator, int], Table]] = {
    "coverage": coverage,
    "equal-arms": equal_arms,
    "seeds": seeds,
    "looks": looks,
    "verdicts": verdicts,
    "collapse": collapse,
    "tuned": tuned,
    "settings": settings,
    "unpaired-looks": unpaired_looks,
    "unpaired-coverage": unpaired_coverage,
    "unpaired-runs": unpaired_runs,
}


def seed(name: str) -> int:
    """The seed of the studies behind a table: its name, so that no table depends on another."""
    return zlib.crc32(name.encode())


def tables(studies: int) -> dict[str, Table]:
    """All tables of the page by the name of their marker."""
    made = {name: make(np.random.default_rng(seed(name)), 4 * studies) for name, make in SINGLE.items()}
    return made | growth(studies)


def written(page: str, made: dict[str, Table]) -> str:
    """The page with every table in its place; `SystemExit` where a marker is missing."""
    for name, table in made.items():
        head, mark, rest = page.partition(f"<!-- table {name} -->\n")
        _, end, tail = rest.partition("<!-- end -->")
        if not (mark and end):
            sys.exit(f"the page has no '<!-- table {name} -->' … '<!-- end -->'")
        page = f"{head}{mark}\n{table}\n\n{end}{tail}"
    return page


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page, or compare it with what is computed now."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=STUDIES, metavar="N", help="studies a cell")
    parser.add_argument("--out", type=Path, default=PAGE, metavar="FILE", help="the page to fill in")
    parser.add_argument("--check", action="store_true", help="only compare; fail where the page differs")
    options = parser.parse_args(arguments)
    page = options.out.read_text("utf-8")
    new = written(page, tables(options.studies))
    if not options.check:
        options.out.write_text(new, "utf-8")
    elif new != page:
        sys.exit(f"{options.out} holds other numbers; run python -m benchmarks.simulate")


if __name__ == "__main__":
    main()
