"""A study that grows: one more seed after each look, for the activations that are still undecided."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from reluctant.analysis import ReportData
from reluctant.analysis.labels import arm_labels, count, list_names
from reluctant.analysis.sentence import more_seeds_clause
from reluctant.api.progress import time_left
from reluctant.engines import Events, Message
from reluctant.records.looks import needed_runs
from reluctant.records.schema import LookRecord
from reluctant.records.study_dir import StudyDir
from reluctant.records.study_records import StudyRecords
from reluctant.statistics import Verdict
from reluctant.study import Study


def until_decided(study: Study, folder: StudyDir, train: Callable[[Study], Events]) -> Events:
    """Train, look, and add a seed, until nothing is undecided, or the seeds or hours of the study are used up.

    A look depends on the records alone, so a study that was stopped, or was trained by other workers, grows the same.

    Args:
        study: With the seeds that its folder has grown to.
        folder: Where every look is recorded.
        train: Trains what a study of so many seeds lacks, and yields the events.
    """
    grows = study.until_decided
    assert grows is not None
    began, seeds = time.monotonic(), len(study.seed)
    earlier = range(grows.start, seeds) if folder.grows else range(0)  # looks that earlier calls recorded
    _repeat_lost_looks(folder, earlier)
    messages: set[str] = set()  # what is said once and not for every seed
    while True:
        grown = study.model_copy(update={"seed": tuple(range(seeds))})
        for event in train(grown):
            if not isinstance(event, Message) or event.text not in messages:
                yield event
            messages |= {event.text} if isinstance(event, Message) else set()
        records = StudyRecords.read(folder.path)
        if records.missing:  # failed runs, which the next call tries again
            return
        _repeat_lost_looks(folder, earlier)  # those whose runs were lost too
        record, text = _decide(records)
        if all(before.seeds != seeds for before in folder.looks):
            folder.add_look(record)
        yield Message(None, text)
        if len(record.decided) == len(study.arms) - 1 or seeds >= grows.most:
            return
        if grows.hours is not None and time.monotonic() - began > 3600 * grows.hours:
            yield Message(None, f"{grows.hours:g} h are over; the same command again goes on from here")
            return
        seeds += 1


def _repeat_lost_looks(folder: StudyDir, numbers: Iterable[int]) -> None:
    """Look again at so many seeds where the record of a look was damaged, so that decided arms get no more seeds."""
    for seeds in numbers:
        looks = folder.looks
        if any(record.seeds == seeds for record in looks):
            continue
        records = StudyRecords.read(folder.path)
        study = records.study.model_copy(update={"seed": tuple(range(seeds))})
        needed = set(needed_runs(study, looks))
        part = replace(records, study=study, runs=tuple(each for each in records if each.run in needed), looks=looks)
        if part.missing:
            return
        folder.add_look(_decide(part)[0])


def _seconds_per_run(records: StudyRecords) -> float:
    """Seconds that a run trains, the median of those that finished, over all settings."""
    settings = math.prod(len(getattr(records.study, axis)) for axis in records.study.varied_axes)
    return settings * float(
        np.median([run.seconds_per_epoch() * run.epochs for run in records.scored if run.epochs] or [0.0])
    )


def _decide(records: StudyRecords) -> tuple[LookRecord, str]:
    """What is decided after these seeds, and a sentence for the terminal."""
    study, data = records.study, ReportData.of(records)
    contrasts = {
        arm: [c for comparison in data.comparisons for c in comparison.family if c.arm == arm]
        for arm in study.arms
        if arm != data.question.baseline
    }
    verdicts = {
        arm: list(dict.fromkeys(str(c.verdict.value) for c in each))
        for arm, each in contrasts.items()
        if all(c.verdict != Verdict.UNDECIDED for c in each)
    }
    record = LookRecord(seeds=len(study.seed), decided={arm: " and ".join(each) for arm, each in verdicts.items()})
    labels = arm_labels(study.arms)
    open_ = [arm for arm in contrasts if arm not in record.decided]
    decided = [f"{labels[arm]} ({verdict})" for arm, verdict in record.decided.items()]
    parts = [f"decided: {list_names(decided)}"] if decided else []
    if open_:
        undecided = [c for arm in open_ for c in contrasts[arm]]
        most = max((c.decision.more_seeds[1] for c in undecided if c.decision.more_seeds), default=0)
        clause = more_seeds_clause(undecided, data.question.margin) if most else "how many seeds it takes is open"
        if most and study.until_decided is not None:
            seeds = min(most, study.until_decided.most - record.seeds)
            longest = seeds * (len(open_) + 1) * _seconds_per_run(records)
            clause += f"; {count(seeds, 'more seed')}: about {time_left(longest)} of training" if seeds else ""
        parts.append(f"still open: {list_names([labels[arm] for arm in open_])} ({clause})")
    return record, f"after {count(record.seeds, 'seed')}: {'; '.join(parts)}"
