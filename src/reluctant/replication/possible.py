"""Every value that the published score can take on a handful of images."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, lcm

# (hits so far, wrong images drawn so far, the tightest class) → sums of precision, in units of 1 / scale
States = dict[tuple[int, int, int], set[int]]


def possible_scores(labels: Sequence[int], classes: int = 10, least: float = 0.0) -> list[Fraction]:
    """All values of the published score on images of these classes, from `least` up, exact.

    An image is predicted right, wrong as any other class, or as none. The score depends on the hits of every
    class and on how many wrong images each class draws, so these are enumerated. Draws are possible where
    there are as many wrong images, and no class has to draw one of its own: for every class, its draws and
    its own wrong images together are no more than all wrong ones.
    """
    n, scale = len(labels), lcm(*range(1, len(labels) + 1))
    most = n - ceil(n * least / (2 - least))  # wrong images: even at a precision of 1 more would score less
    states: States = {(0, 0, 0): {0}}
    of_all = 0
    for c in range(classes):
        of = list(labels).count(c)
        of_all += of
        grown = _grown(states, of, n, scale)
        states = {place: sums for place, sums in grown.items() if of_all - place[0] <= most >= place[1]}
    found = {(hits, total) for (hits, drawn, tightest), sums in states.items()
             if hits + drawn <= n and tightest <= n - hits for total in sums}  # fmt: skip
    return sorted(s for s in {_score(hits, total, n, scale) for hits, total in found} if s >= least)


def _grown(states: States, of: int, n: int, scale: int) -> States:
    """The states with one more class, of so many images."""
    grown: States = {}
    for (hits, drawn, tightest), sums in states.items():
        for right in range(of + 1):
            for wrong in range(n - of + 1):
                if hits + right + drawn + wrong > n:
                    break
                part = of * right * (scale // (right + wrong)) if right else 0
                place = hits + right, drawn + wrong, max(tightest, wrong + of - right)
                grown.setdefault(place, set()).update([total + part for total in sums])
    return grown


def _score(hits: int, total: int, n: int, scale: int) -> Fraction:
    accuracy, precision = Fraction(hits, n), Fraction(total, scale * n)
    both = accuracy + precision
    return 2 * accuracy * precision / both if both else Fraction(0)
