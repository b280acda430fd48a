"""Every value that the published score can take on a handful of images."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, lcm

# (hits, images predicted wrongly, the tightest class) so far → sums of precision, in units of 1 / scale
States = dict[tuple[int, int, int], set[int]]


def possible_scores(labels: Sequence[int], classes: int = 10, least: float = 0.0) -> list[Fraction]:
    """All values of the published score on images of these classes, from `least` up, exact.

    An image is predicted right, wrong as any other class, or as none. The score depends on the hits of every
    class and on how many images are wrongly predicted as it, so these are enumerated. Numbers of wrong
    predictions are possible where there are as many wrong images, and no class has to take one of its own:
    for every class, the wrong images predicted as it and its own wrong images together are no more than all
    wrong ones.
    """
    n, scale = len(labels), lcm(*range(1, len(labels) + 1))
    most = n - ceil(n * least / (2 - least))  # wrong images: even at a precision of 1 more would score less
    states: States = {(0, 0, 0): {0}}
    before = 0  # images of the classes so far
    for c in range(classes):
        images = list(labels).count(c)
        before += images
        states = {
            key: sums for key, sums in _add_class(states, images, n, scale).items() if before - key[0] <= most >= key[1]
        }
    scores = {
        _exact_score(hits, precision, n, scale)
        for (hits, wrong, tightest), sums in states.items()
        if hits + wrong <= n and tightest <= n - hits
        for precision in sums
    }
    return sorted(score for score in scores if score >= least)


def _add_class(states: States, images: int, n: int, scale: int) -> States:
    """The states with one more class, of so many images."""
    extended: States = {}
    for (hits, wrong, tightest), sums in states.items():
        for right in range(images + 1):
            for false in range(n - images + 1):  # images of other classes predicted as this one
                if hits + right + wrong + false > n:
                    break
                precision = images * right * (scale // (right + false)) if right else 0
                key = hits + right, wrong + false, max(tightest, false + images - right)
                extended.setdefault(key, set()).update([total + precision for total in sums])
    return extended


def _exact_score(hits: int, precision: int, n: int, scale: int) -> Fraction:
    """The score of so many hits and such a sum of precision."""
    accuracy, mean_precision = Fraction(hits, n), Fraction(precision, scale * n)
    both = accuracy + mean_precision
    return 2 * accuracy * mean_precision / both if both else Fraction(0)
