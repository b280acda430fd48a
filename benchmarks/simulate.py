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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.growing import Advice, follow
from reluctant.statistics.distributions import Floats
from reluctant.statistics.interval import half_width
from reluctant.statistics.paired import holm_adjusted, mean_and_std, t_test
from reluctant.statistics.power import seeds_for_equivalence
from reluctant.statistics.verdict import Truths, same_or_different

STUDIES = 5_000  # a cell at least; four times as many where they cost little
PAGE = Path(__file__).parent.parent / "docs" / "statistics.md"
SEEDS = (3, 5, 10, 30)
ARMS = 10
IMAGES = 360  # test images of the bundled digits
TRUTHS = (0.0, 0.5, 1.0, 2.0, 3.0)  # true differences, in margins
FEWEST = 30  # below this many studies a share says nothing and is left out

Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


@dataclass(frozen=True)
class Share:
    """A share of `of` simulated studies, written in percent with one decimal; a dash for too few."""

    value: float
    of: int

    def __str__(self) -> str:
        return f"{100 * self.value:.1f}" if self.of >= FEWEST else "–"


@dataclass(frozen=True)
class Table:
    """A table of the page: the first column names the row, the others hold shares or texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | Share, ...], ...]

    def __str__(self) -> str:
        head, rule = " | ".join(self.columns), " | ".join(["---"] + ["---:"] * (len(self.columns) - 1))
        return "\n".join(f"| {line} |" for line in [head, rule, *(" | ".join(map(str, r)) for r in self.rows)])


def share(events: npt.ArrayLike) -> Share:
    """How often it happened."""
    happened = np.asarray(events, bool)
    return Share(float(happened.mean()), happened.size)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.standard_normal(shape)


def _lognormal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.lognormal(0.0, 0.5, shape)


def _beta(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.beta(99, 1, shape)


SHAPES: tuple[tuple[str, Draw, float], ...] = (
    ("normal", _normal, 0.0),
    ("lognormal, σ = 0.5", _lognormal, float(np.exp(0.125))),
    ("Beta(99, 1), piled up at 1", _beta, 0.99),
)


def coverage(rng: np.random.Generator, studies: int) -> Table:
    """How often an interval of 95 % holds the true mean."""
    rows: list[tuple[str | Share, ...]] = []
    for name, draw, truth in SHAPES:
        rows.append((f"one mean, {name}", *(_covered(draw(rng, (studies, n)) - truth) for n in SEEDS)))
    for name, draw, _ in SHAPES:
        arms = (draw(rng, (2, studies, n)) for n in SEEDS)
        rows.append((f"paired difference, {name}", *(_covered(first - second) for first, second in arms)))
    few = (_bootstrap_covered(rng, n, studies // 4) for n in SEEDS[:3])
    rows.append(("one mean, normal, percentile bootstrap", *few, "–"))
    return Table(("95 % interval of", *(f"n = {n}" for n in SEEDS)), tuple(rows))


def _covered(errors: Floats) -> Share:
    mean, std = mean_and_std(errors, np.zeros_like(errors))
    return share(np.abs(mean) <= half_width(std, errors.shape[-1]))


def _bootstrap_covered(rng: np.random.Generator, n: int, studies: int, resamples: int = 500) -> Share:
    means = np.empty((studies, resamples))
    values = _normal(rng, (studies, n))
    rows = np.arange(studies)
    for column in range(resamples):
        means[:, column] = values[rows[:, None], rng.integers(0, n, (studies, n))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    return share((low <= 0) & (high >= 0))


def _fine_scores(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, float]:
    return _normal(rng, shape), 0.0


def _coarse(spread: float) -> Callable[[np.random.Generator, tuple[int, ...]], tuple[Floats, float]]:
    """Scores on whole images: a run is right on about 350 of 360, seeds differing by `spread` images."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, float]:
        right = np.clip(np.rint(350 + spread * _normal(rng, shape)), 0, IMAGES)
        return right / IMAGES, 1 / IMAGES

    return draw


SCORES = (
    ("continuous", _fine_scores),
    (f"{IMAGES} images, deviation 2 images", _coarse(2)),
    (f"{IMAGES} images, deviation 1 image", _coarse(1)),
    (f"{IMAGES} images, deviation ⅓ image", _coarse(1 / 3)),
)


def equal_arms(rng: np.random.Generator, studies: int) -> Table:
    """How often at least one of ten equal arms is called different."""
    rows: list[tuple[str | Share, ...]] = []
    for name, draw in SCORES:
        for n in (3, 4, 5, 10):
            scores, step = draw(rng, (studies, ARMS, n))
            raw = _p(scores[:, 1:] - scores[:, :1], step)
            first, second = np.triu_indices(ARMS, 1)
            pairs = _p(scores[:, first] - scores[:, second], step)
            tests = (raw, holm_adjusted(raw), pairs, holm_adjusted(pairs))
            rows.append((f"{name}, {n} seeds", *(share((p <= 0.05).any(axis=1)) for p in tests)))
    columns = ("ten equal arms", "baseline, uncorrected", "baseline, Holm", "all pairs, uncorrected", "all pairs, Holm")
    return Table(columns, tuple(rows))


def _p(differences: Floats, step: float) -> Floats:
    mean, std = mean_and_std(differences, np.zeros_like(differences), resolution=step)
    return t_test(mean, std, differences.shape[-1])


def peeking(rng: np.random.Generator, studies: int) -> Table:
    """How often two equal arms are called different when one looks again."""
    differences = _normal(rng, (studies, 30))
    looks = [_first_verdicts(differences[:, :n]) for n in range(5, 31)]
    p = np.stack([p for p, _ in looks], axis=1)
    same = np.stack([s for _, s in looks], axis=1)
    open_ = np.cumsum(same, axis=1) == 0  # not yet called the same
    plans: tuple[tuple[str, Truths], ...] = (
        ("once, at 5 seeds, at .05", p[:, :1] <= 0.05),
        ("after every seed from 5 to 10, at .05", p[:, :6] <= 0.05),
        ("after every seed from 5 to 30, at .05", p <= 0.05),
        ("… stopping at *the same* within a margin of one deviation", (p <= 0.05) & open_),
        ("at 5 seeds at .05, again at 20 at .05", p[:, [0, 15]] <= 0.05),
        ("at 5 seeds at .05, again at 20 at .025", p[:, [0, 15]] <= [0.05, 0.025]),
    )
    return Table(("looks", "called different"), tuple((name, share(hits.any(axis=1))) for name, hits in plans))


def _first_verdicts(differences: Floats) -> tuple[Floats, Truths]:
    mean, std = mean_and_std(differences, np.zeros_like(differences))
    n = differences.shape[-1]
    p = t_test(mean, std, n)
    return p, same_or_different(mean, std, n, p, margin=1.0)[0]


def verdicts(rng: np.random.Generator, studies: int) -> Table:
    """Verdicts on nine arms against a baseline, all equal, or all exactly one margin better."""
    rows: list[tuple[str | Share, ...]] = []
    for name, draw in SCORES:
        for n in (3, 5, 10):
            for margin in (1.0, 4.0):  # in deviations of one arm
                rows.append((f"{name}, {n} seeds, margin {margin:g} σ", *_judge(rng, studies, draw, n, margin)))
    columns = (
        "ten arms",
        "any false *better* or *worse*",
        "*the same*",
        "off by a margin: *the same*",
        "… in any of nine",
    )
    return Table(columns, tuple(rows))


def _judge(
    rng: np.random.Generator,
    studies: int,
    draw: Callable[[np.random.Generator, tuple[int, ...]], tuple[Floats, float]],
    n: int,
    deviations: float,
) -> tuple[Share, ...]:
    scores, step = draw(rng, (studies, ARMS, n))
    margin = deviations * float(scores.std())
    if step:  # a true difference of a margin has to lie on the lattice too
        margin = max(round(margin / step), 1) * step
    differences = scores[:, 1:] - scores[:, :1]
    same, different = _verdicts(differences, step, margin)
    off, _ = _verdicts(differences + margin, step, margin)
    return share(different.any(axis=1)), share(same), share(off), share(off.any(axis=1))


def _verdicts(differences: Floats, step: float, margin: float) -> tuple[Truths, Truths]:
    mean, std = mean_and_std(differences, np.zeros_like(differences), resolution=step)
    n = differences.shape[-1]
    return same_or_different(mean, std, n, holm_adjusted(t_test(mean, std, n)), margin=margin)


def seeds(rng: np.random.Generator, studies: int) -> Table:
    """Computed, not simulated: seeds for *the same* with 80 % power when two arms are equal."""
    rows: list[tuple[str | Share, ...]] = []
    for margin in (0.001, 0.002, 0.005):
        for spread in (0.0005, 0.00075, 0.001, 0.0013, 0.002):
            needed = (seeds_for_equivalence(spread * 2**0.5, margin, confidence=c) for c in (0.95, 0.9))
            rows.append((f"±{margin:g}, {spread:g}", *map(str, needed)))
    return Table(("margin, deviation of each arm", "95 % interval (ours)", "90 % interval"), tuple(rows))


# Comparisons in the family: deviations of the paired difference in margins, studies over those asked for.
FAMILIES: dict[int, tuple[tuple[float, ...], int]] = {
    1: ((0.65, 1.0, 1.5, 2.0, 3.0), 8),
    3: ((0.65, 1.0, 1.5, 2.0, 3.0), 2),
    9: ((0.65, 1.0, 2.0), 1),
}


def _cells(studies: int) -> Iterator[tuple[str, list[Advice]]]:
    """One row per family and spread: what following the advice led to, per true difference."""
    for family, (stds, times) in FAMILIES.items():
        for std in stds:
            keys = [[seed("advice"), family, int(1000 * std), i] for i in range(len(TRUTHS))]
            cells = [
                follow(np.random.default_rng(key), times * studies, family, std, truth)
                for key, truth in zip(keys, TRUTHS, strict=True)
            ]
            yield f"{family} comparison{'s' * (family > 1)}, deviation {std:g}", cells


_TRUE = tuple(f"truth {truth:g}" for truth in TRUTHS)


def advice(studies: int) -> dict[str, Table]:
    """What became of comparisons undecided at five seeds, by true difference in margins."""
    cells = list(_cells(studies))
    shown: dict[str, Callable[[Advice], str | Share]] = {
        "advice-decided": lambda cell: Share(cell.decided, cell.promised),
        "advice-promised": _promise,
        "advice-false": lambda cell: Share(cell.false, cell.comparisons),
        "advice-any-false": lambda cell: Share(cell.any_false, cell.studies),
    }
    return {
        name: Table(("", *_TRUE), tuple((row, *map(show, found)) for row, found in cells))
        for name, show in shown.items()
    }


def _promise(cell: Advice) -> str:
    if cell.undecided < FEWEST:
        return "–"
    promised = f"{100 * cell.promised / cell.undecided:.0f} %"
    return f"{cell.median:.0f} ({promised})" if cell.promised >= FEWEST else f"– ({promised})"


SINGLE = {"coverage": coverage, "equal-arms": equal_arms, "peeking": peeking, "verdicts": verdicts, "seeds": seeds}


def seed(name: str) -> int:
    """The seed of the studies behind a table: its name, so that no table depends on another."""
    return zlib.crc32(name.encode())


def tables(studies: int) -> dict[str, Table]:
    """All tables of the page by the name of their marker."""
    made = {name: make(np.random.default_rng(seed(name)), 4 * studies) for name, make in SINGLE.items()}
    return made | advice(studies)


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
