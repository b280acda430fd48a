"""What the simulations share: shares, tables, and the shapes of scores."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reluctant.statistics.distributions import Floats

IMAGES = 360  # test images of the bundled digits
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
