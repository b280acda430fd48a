"""The published procedure on the page: what it reports, what each deviation does, the sixteen images."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from reluctant import figures
from reluctant.figures.crowning import CLAIMED
from reluctant.figures.labels import count, marks
from reluctant.names import StudyError
from reluctant.replication import (
    ALONE,
    SEQUENCE,
    Rung,
    Scored,
    crowned,
    possible_scores,
    rungs,
    scored,
    sixteen,
)
from reluctant.report.pictures import Picture, Studio
from reluctant.report.tables import DASH, Table, number
from reluctant.results import Results

LEAST = 0.8  # of the possible values that the page lists
NOTE = (
    "Reported F1 after the last epoch, mean ± deviation between seeds. First: in how many seeds each "
    "activation alone has the highest number; the rest are ties."
)


@dataclass(frozen=True)
class Replication:
    """The section: sentences, and pictures and tables in their order."""

    said: tuple[str, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]


def replication(results: Results, studio: Studio) -> Replication | None:
    """The section of a study of the published procedure; None for any other, and before its first run."""
    shown = [(name, title, rungs(steps, results.study.procedure)) for name, title, steps in _LADDERS]
    if not any(steps for _, _, steps in shown) or not len(results):
        return None
    published = scored(results, SEQUENCE[0]) if SEQUENCE[0] in shown[0][2] else None
    pictures, tables = [], []
    if published and published.seeds:
        pictures.append(studio.picture("published", partial(figures.published_scores, results), None))
        pictures.append(
            studio.picture("sixteen", partial(figures.last_sixteen, results, _images(results)), None)
        )
    for name, title, steps in shown:
        if len({rung.on for rung in steps}) > 2:  # two trainings are no ladder
            draw = partial(figures.ladder, results, steps, title)
            pictures.append(studio.picture(name, draw, None))
            tables.append(_table(results, steps, title))
    return Replication(tuple(_said(results, published)), tuple(pictures), tuple(tables))


_LADDERS = (
    ("ladder", "From the published F1 to a proper one, one deviation at a time", SEQUENCE),
    ("alone", "Each deviation alone", ALONE),
)


def _said(results: Results, found: Scored | None) -> list[str]:
    if found is None or not found.seeds:
        return []
    of, wins = marks(results), crowned(found)
    told = ", ".join(f"{of[a].label} in {wins[a]}" for a in found.scores)
    within = {a: int(((v >= CLAIMED[0]) & (v <= CLAIMED[1])).sum()) for a, v in found.scores.items()}
    runs = len(found.seeds) * len(found.scores)
    least, most = (f(float(f(v)) for v in found.scores.values()) for f in (min, max))
    said = [
        f"Over {count(len(found.seeds), 'seed')} the published procedure crowns {told}; {wins['']} end in a "
        f"tie. Its numbers run from {least:.3f} to {most:.3f}, and {sum(within.values())} of {runs} lie "
        f"between 0.84 and 0.85 ({', '.join(f'{of[a].label} {n}' for a, n in within.items())})."
    ]
    images = sixteen(results)
    if images is not None:
        values = [float(value) for value in possible_scores(images.labels, 10, LEAST)]
        listed = ", ".join(f"{value:.3f}" for value in values)
        said.append(
            f"On {len(images.labels)} images only so many scores exist. From {LEAST} up they are {listed}."
        )
    return said


def _images(results: Results) -> npt.NDArray[np.uint8] | None:
    """The last sixteen test images, where the data lie on this machine; None otherwise."""
    from reluctant.data import load

    try:
        test = load(results.study.dataset[0]).test
    except StudyError:
        return None
    return np.asarray(test.images[-16:, 0], np.uint8)


def _table(results: Results, steps: tuple[Rung, ...], title: str) -> Table:
    of = marks(results)
    rows = tuple(_row(scored(results, rung)) for rung in steps)
    heads = ("Measured and trained", "n", *(of[a].label for a in results.activations), "First")
    return Table(title, heads, rows, note=NOTE, words=frozenset({len(heads) - 1}))


def _row(found: Scored) -> tuple[str, ...]:
    cells = [
        f"{number(float(v.mean()))} ± {number(float(v.std(ddof=1)) if len(v) > 1 else float('nan'))}"
        if len(v)
        else DASH
        for v in found.scores.values()
    ]
    wins = crowned(found) if found.seeds else {}
    first = " : ".join(str(wins[a]) for a in found.scores) if wins else DASH
    return (found.rung.title, str(len(found.seeds)), *cells, first)
