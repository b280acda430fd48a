"""The published procedure on the page: what it reports, what each deviation does, the sixteen images."""

import base64
from functools import partial

import numpy as np
import numpy.typing as npt

from reluctant.analysis.comparison.inputs import described
from reluctant.figures.labels import count, marks
from reluctant.records.study_results import Results
from reluctant.replication.ablation import ALONE, SEQUENCE, Rung, rungs
from reluctant.replication.figures.ablation import ladder
from reluctant.replication.figures.last_batch import last_sixteen
from reluctant.replication.figures.win_counts import CLAIMED, published_scores
from reluctant.replication.possible import possible_scores
from reluctant.replication.reading import Scored, crowned, scored, sixteen
from reluctant.report.extra_section import ExtraSection
from reluctant.report.pictures import Studio
from reluctant.report.tables import DASH, Table, number
from reluctant.study.study import AXES

LEAST = 0.8  # of the possible values that the page lists
NOTE = (
    "Reported F1 after the last epoch, mean ± deviation between seeds. First: in how many seeds each "
    "activation alone has the highest number; the rest are ties."
)


HEADING, ANCHOR = "Published and corrected numbers", "replication"


def replication(results: Results, studio: Studio) -> ExtraSection | None:
    """The section of a study of the published procedure; None for any other, and before its first run.

    A study that varies more than the procedure has it at none of its settings: `results.at` chooses one.
    """
    shown = [(name, title, rungs(steps, results.study.procedure)) for name, title, steps in _LADDERS]
    if not any(steps for _, _, steps in shown) or not len(results):
        return None
    if varied := [axis for axis in AXES if axis != "procedure" and len(getattr(results.study, axis)) > 1]:
        said = f"The study varies {' and '.join(varied)}; this section is drawn for one setting at a time."
        return ExtraSection(HEADING, ANCHOR, (said,))
    published = scored(results, SEQUENCE[0]) if SEQUENCE[0] in shown[0][2] else None
    pictures, tables = [], []
    if published and published.seeds:
        pictures.append(studio.picture("as_published", partial(published_scores, results), None))
        pictures.append(studio.picture("sixteen", partial(last_sixteen, results, _images(results)), None))
    for name, title, steps in shown:
        if len({rung.on for rung in steps}) > 2:  # two trainings are no ladder
            draw = partial(ladder, results, steps, title)
            pictures.append(studio.picture(name, draw, None))
            tables.append(_table(results, steps, title))
    return ExtraSection(HEADING, ANCHOR, tuple(_said(results, published)), tuple(pictures), tuple(tables))


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
        values = [float(value) for value in possible_scores(images.labels, max(images.labels) + 1, LEAST)]
        listed = ", ".join(f"{value:.4f}" for value in values)
        said.append(
            f"On {len(images.labels)} images only so many scores exist. From {LEAST} up they are {listed}."
        )
    return said


def _images(results: Results) -> npt.NDArray[np.uint8] | None:
    """The last test images as the folder keeps them, grey; None where it keeps none."""
    kept = (described(results) or {}).get("last_images")
    if kept is None:
        return None
    images = np.frombuffer(base64.b64decode(kept["pixels"]), np.uint8).reshape(kept["shape"])
    return np.asarray(images.mean(axis=1).round(), np.uint8)


def _table(results: Results, steps: tuple[Rung, ...], title: str) -> Table:
    of = marks(results)
    rows = tuple(_row(scored(results, rung)) for rung in steps)
    heads = ("Measured and trained", "n", *(of[a].label for a in results.activations), "First")
    lost = sum(r.diverged is not None for r in results)
    note = NOTE + (f" {count(lost, 'run')} diverged; their seeds are left out." if lost else "")
    return Table(title, heads, rows, note=note, words=frozenset({len(heads) - 1}))


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
