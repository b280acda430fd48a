"""What the records of the published procedure hold: scores by step and seed, and the last batch of images."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import total_items
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.replication.ablation import AS_PUBLISHED, AblationStep, switches_of
from reluctant.study import Seed

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StepScores:
    """The scores of one step after the last epoch, by activation: shape (seeds,), the same seeds for all."""

    step: AblationStep
    seeds: tuple[Seed, ...]
    scores: Mapping[str, Floats]

    @classmethod
    def of(cls, records: StudyRecords, step: AblationStep) -> Self:
        """The scores that the step's measure gives the runs of its training."""
        seeds, runs = _paired_runs(records, step)
        score = step.measure.score
        scores = {
            arm: np.array([score(run.counts["test"][-1], run.additions[-1]["published"]) for run in each])
            for arm, each in runs.items()
        }
        return cls(step, seeds, scores)

    @cached_property
    def stds(self) -> dict[str, float]:
        """The standard deviation between seeds of every activation; 0 for fewer than two seeds."""
        return {arm: float(v.std(ddof=1)) if len(v) > 1 else 0.0 for arm, v in self.scores.items()}

    @property
    def lowest(self) -> float:
        """The lowest score of all; 1 where there is none."""
        return min((float(values.min()) for values in self.scores.values() if len(values)), default=1.0)

    def win_counts(self) -> dict[str, int]:
        """How often each activation alone has the highest score; under '' the seeds that end in a tie."""
        arms = list(self.scores)
        wins = dict.fromkeys([*arms, ""], 0)
        for scores in np.array(list(self.scores.values())).T:
            best = np.flatnonzero(scores == scores.max())
            wins[arms[best[0]] if len(best) == 1 else ""] += 1
        return wins


@dataclass(frozen=True)
class LastBatch:
    """The images that the published procedure scores, in the runs trained as published."""

    labels: tuple[int, ...]  # the true class of every image
    test_images: int  # how many test images there are in all
    seeds: int  # how many seeds there are
    # by activation, in how many seeds each image counts as predicted right after the last epoch
    right: Mapping[str, tuple[int, ...]]
    # by activation, the class that each image is most often mistaken for; None for none
    mistaken_for: Mapping[str, tuple[int | None, ...]]

    @classmethod
    def of(cls, records: StudyRecords) -> Self | None:
        """The last batch; None where no seed has a run of every activation."""
        seeds, runs = _paired_runs(records, AS_PUBLISHED)
        if not seeds:
            return None
        first = next(iter(runs.values()))[0]
        labels = np.array(first.additions[-1]["published"]["last"]["labels"])
        right, mistaken_for = {}, {}
        for arm, each in runs.items():
            batches = [run.additions[-1]["published"]["last"] for run in each]
            sure, largest = (np.array([batch[key] for batch in batches]) for key in ("sure", "largest"))
            hits = (sure > 0) & (largest == labels)  # (seeds, images)
            errors = (sure > 0) & ~hits
            classes = [Counter(largest[errors[:, i], i].tolist()) for i in range(len(labels))]
            right[arm] = tuple(hits.sum(axis=0).tolist())
            mistaken_for[arm] = tuple(c.most_common(1)[0][0] if c else None for c in classes)
        return cls(tuple(labels.tolist()), total_items(first.counts["test"][-1]), len(seeds), right, mistaken_for)

    def misses(self, arm: str, image: int) -> str:
        """In how many seeds an image does not count as right, and as what it counts: `2→7`; `–` for none."""
        missed, mistaken_for = self.seeds - self.right[arm][image], self.mistaken_for[arm][image]
        if not missed:
            return "–"
        return f"{missed}" if mistaken_for is None else f"{missed}→{mistaken_for}"


def _paired_runs(records: StudyRecords, step: AblationStep) -> tuple[tuple[Seed, ...], dict[str, list[RunResult]]]:
    """The seeds that every activation has a finished run of, and these runs in the order of the seeds."""
    runs: dict[str, dict[Seed, RunResult]] = {arm: {} for arm in records.study.arms}
    for run in records:
        if switches_of(run.run.procedure) == step.switches and run.diverged is None:
            runs[run.arm][run.seed] = run
    seeds = tuple(seed for seed in records.study.seed if all(seed in each for each in runs.values()))
    return seeds, {arm: [each[seed] for seed in seeds] for arm, each in runs.items()}
