"""The section of the page on the published procedure: what it reports, and what each fault does."""

import base64
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from reluctant.analysis import ReportData
from reluctant.analysis.labels import count
from reluctant.analysis.study_facts import data_of
from reluctant.analysis.units import DASH, number
from reluctant.records.study_records import StudyRecords
from reluctant.replication.ablation import ALONE, AS_PUBLISHED, SEQUENCE, available_steps
from reluctant.replication.figures.last_batch import last_batch
from reluctant.replication.figures.score_bands import CLAIMED, ablation_scores, published_scores
from reluctant.replication.measurement import possible_scores
from reluctant.replication.reading import LastBatch, StepScores
from reluctant.report.pictures import PictureBook
from reluctant.report.sections import ExtraSection
from reluctant.report.tables import Table

HEADING, ANCHOR = "Published and corrected numbers", "replication"
LEAST = 0.8  # of the possible values that the page lists
NOTE = (
    "Reported F1 after the last epoch, mean ± standard deviation between seeds. Alone first: in how "
    "many seeds each activation, in the order of the columns, alone has the highest number; the rest are ties."
)
ABLATIONS = (
    ("ablation", "From the published F1 to a proper one, one fault at a time", SEQUENCE),
    ("ablation_alone", "Each fault alone", ALONE),
)


def replication(data: ReportData, book: PictureBook) -> ExtraSection | None:
    """The section of a study of the published procedure; None for any other, and before its first run.

    A study that varies more than the procedure gets a sentence in place of figures and tables.
    """
    records = data.records
    if records is None or not len(records):
        return None
    procedures = records.study.procedure
    ablations = [(name, title, available_steps(steps, procedures)) for name, title, steps in ABLATIONS]
    if not any(steps for _, _, steps in ablations):
        return None
    if varied := [axis for axis in records.study.varied_axes if axis != "procedure"]:
        text = f"The study varies {' and '.join(varied)}; this section is drawn for one setting at a time."
        return ExtraSection(HEADING, ANCHOR, (text,))
    paragraphs, pictures, tables = [], [], []
    batch = LastBatch.of(records)
    if batch is not None:
        published = StepScores.of(records, AS_PUBLISHED)
        values = ", ".join(f"{float(v):.4f}" for v in possible_scores(batch.labels, max(batch.labels) + 1, LEAST))
        possible = f"On {len(batch.labels)} images only so many scores exist. From {LEAST} up they are {values}."
        paragraphs = [_scores_in_words(data, published), possible]
        images = _last_images(records)
        pictures = [
            book.draw("as_published", partial(published_scores, data, published), None),
            book.draw("last_batch", partial(last_batch, data, batch, images), None),
        ]
    for name, title, steps in ablations:
        if len({step.switches for step in steps}) > 2:  # two ways to train are no ablation
            scores = [StepScores.of(records, step) for step in steps]
            pictures.append(book.draw(name, partial(ablation_scores, data, scores, title), None))
            tables.append(_ablation_table(data, scores, title))
    return ExtraSection(HEADING, ANCHOR, tuple(paragraphs), tuple(pictures), tuple(tables))


def _scores_in_words(data: ReportData, published: StepScores) -> str:
    """Who is first in how many seeds, and where the scores lie."""
    labels, wins, scores = data.labels, published.win_counts(), published.scores
    first = ", ".join(f"{labels[arm]} in {wins[arm]}" for arm in scores)
    within = {arm: int(((v >= CLAIMED[0]) & (v <= CLAIMED[1])).sum()) for arm, v in scores.items()}
    listed = ", ".join(f"{labels[arm]} {n}" for arm, n in within.items())
    highest = max(float(values.max()) for values in scores.values())
    seeds = len(published.seeds)
    return (
        f"Alone in first place over {count(seeds, 'seed')} of the published procedure: {first}; {wins['']} "
        f"end in a tie. The published numbers run from {published.lowest:.3f} to {highest:.3f}, and "
        f"{sum(within.values())} of {seeds * len(scores)} lie between 0.84 and 0.85 ({listed})."
    )


def _last_images(records: StudyRecords) -> npt.NDArray[np.uint8] | None:
    """The last test images as the folder keeps them, grey; None where it keeps none."""
    stored = next((each.last_images for each in data_of(records)), None)
    if stored is None:
        return None
    images = np.frombuffer(base64.b64decode(stored["pixels"]), np.uint8).reshape(stored["shape"])
    return np.asarray(images.mean(axis=1).round(), np.uint8)


def _ablation_table(data: ReportData, steps: Sequence[StepScores], title: str) -> Table:
    """A row per step: mean and standard deviation of every activation, and who is first how often."""
    rows = []
    for each in steps:
        wins, n = each.win_counts(), len(each.seeds)
        cells = [
            f"{number(float(values.mean()))} ± {number(each.stds[arm] if n > 1 else np.nan)}" if n else DASH
            for arm, values in each.scores.items()
        ]
        first = " : ".join(str(wins[arm]) for arm in each.scores) if n else DASH
        rows.append((each.step.title, str(n), *cells, first))
    heads = ("Measured and trained", "n", *data.labels.values(), "Alone first")
    diverged = sum(run.diverged is not None for run in data.records or ())
    note = NOTE + (f" {count(diverged, 'run')} diverged; their seeds are left out." if diverged else "")
    return Table(title, heads, tuple(rows), note=note, words=frozenset({len(heads) - 1}))
