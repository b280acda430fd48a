"""What the records of the published procedure say: scores by rung and seed, winners, the sixteen images."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.records.store import Store
from reluctant.records.study_results import Results
from reluctant.replication.ablation import TRAINING, Rung, switches

Floats = npt.NDArray[np.float64]
Epochs = list[dict[str, Any]]


@dataclass(frozen=True)
class Scored:
    """The scores of one rung after the last epoch, by activation: (seeds,), the same seeds for all."""

    rung: Rung
    seeds: tuple[int | str, ...]
    scores: Mapping[str, Floats]


def scored(results: Results, rung: Rung) -> Scored:
    """The scores that a rung's measure gives the runs of its training; seeds that lack a run are left out."""
    runs = _epochs(results, rung.on)
    seeds = _common(results, runs)
    scores = {a: np.array([rung.measure.of(held[s][-1]) for s in seeds]) for a, held in runs.items()}
    return Scored(rung, seeds, scores)


def _common(results: Results, runs: Mapping[str, Mapping[int | str, Epochs]]) -> tuple[int | str, ...]:
    """The seeds of the study that all activations have a run of."""
    return tuple(s for s in results.study.seed if runs and all(s in held for held in runs.values()))


def _epochs(results: Results, on: frozenset[str]) -> dict[str, dict[int | str, Epochs]]:
    """The epochs of every run of a training, by activation and seed; diverged runs are left out."""
    found: dict[str, dict[int | str, Epochs]] = {a: {} for a in results.activations}
    for result in results:
        if switches(result.run.procedure) == on and result.diverged is None and results.folder is not None:
            found[result.run.activation][result.run.seed] = _read(results.folder, result.run.key)
    return found


@cache
def _read(folder: Path, key: str) -> Epochs:
    epochs: Epochs = Store(folder / "runs")[key]["epochs"]
    return [{"confusion": {"test": e["confusion"]["test"]}, "published": e["published"]} for e in epochs]


def crowned(found: Scored) -> dict[str, int]:
    """How often each activation alone has the highest score; under '' the seeds that end in a tie."""
    names = list(found.scores)
    count = dict.fromkeys([*names, ""], 0)
    for column in np.array([found.scores[a] for a in names]).T:
        best = np.flatnonzero(column == column.max())
        count[names[best[0]] if len(best) == 1 else ""] += 1
    return count


@dataclass(frozen=True)
class Sixteen:
    """The images that the published procedure scores: true classes, and per activation what became of each.

    `right` counts, per image, the seeds in which it counted as predicted right after the last epoch; `taken`
    is the class it was predicted as most often otherwise, None where it never was.
    """

    labels: tuple[int, ...]
    seeds: int
    right: Mapping[str, tuple[int, ...]]
    taken: Mapping[str, tuple[int | None, ...]]


def sixteen(results: Results) -> Sixteen | None:
    """The sixteen images in the runs trained as published; None where there are none."""
    runs = _epochs(results, frozenset(TRAINING))
    seeds = _common(results, runs)
    if not seeds:
        return None
    held = {a: [by_seed[s][-1]["published"]["last"] for s in seeds] for a, by_seed in runs.items()}
    labels = next(iter(held.values()))[0]["labels"]
    return Sixteen(
        tuple(labels),
        len(seeds),
        {
            a: tuple(sum(_right(last, i) for last in lasts) for i in range(len(labels)))
            for a, lasts in held.items()
        },
        {a: tuple(_mistaken(lasts, i) for i in range(len(labels))) for a, lasts in held.items()},
    )


def _right(last: Mapping[str, Sequence[int]], image: int) -> bool:
    return bool(last["sure"][image]) and last["largest"][image] == last["labels"][image]


def _mistaken(lasts: Sequence[Mapping[str, Sequence[int]]], image: int) -> int | None:
    """The class that an image was taken for most often; None for one that was only ever right or unsure."""
    wrong = Counter(
        last["largest"][image] for last in lasts if last["sure"][image] and not _right(last, image)
    )
    return wrong.most_common(1)[0][0] if wrong else None
