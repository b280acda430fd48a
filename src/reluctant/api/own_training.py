"""A study whose runs a function or a command of the user's trains: what is checked before, and its checksums."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError
from reluctant.core.names import parse
from reluctant.engines import Done, Engine, Event, Events, Failed, Message, Work
from reluctant.records.reported_result import missing_metric
from reluctant.records.schema import RunRecord
from reluctant.records.study_dir import Origin, StudyDir
from reluctant.report.page import last_line
from reluctant.study import Run, Study
from reluctant.trials.work import TrialWork

ENOUGH = 2  # failures of the first runs that are alike


def check_and_describe(study: Study, folder: StudyDir, device: str, origins: list[Origin]) -> list[str]:
    """What a user should know before training, after everything was checked that can be; the study is written."""
    from reluctant.training import select_device
    from reluctant.trials.preflight import check_training

    select_device(device)
    sentences = check_training(study, str(Path.cwd()))
    sources = {name: each for part in training_sources(study).values() for name, each in part.items()}
    folder.check_origins({}, sources, origins)
    folder.write_study(study)
    return sentences


def training_sources(study: Study) -> dict[str, dict[str, str]]:
    """The checksums of the code behind each function and each command of a study."""
    from reluctant.trials.preflight import command_sources, function_sources

    own = tuple(name for name in study.activation if parse(name).is_user_defined)
    sources = {name: function_sources((name, *own), study.arms) for name in study.train if name}
    return sources | {text: command_sources(text, str(Path.cwd())) for text in study.command if text}


def check_repeatable(work: Work, run: Run, engine: Engine) -> Events:
    """Train one run twice, away from the study's folder, and say whether it reported the same both times."""
    assert isinstance(work, TrialWork)
    scores: list[list[Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for event in engine(replace(work, folder=folder, fresh=True), [run, run]):  # one worker: what it keeps counts
            if isinstance(event, Done):
                scores.append([(report.epoch, report.scores) for report in event.record.reports])
            elif isinstance(event, Failed):
                yield Message(
                    None, f"not checked whether the training is repeatable: it failed: {last_line(event.cause)}"
                )
                return
    differing = _first_difference(*scores)
    name = f"{run.activation}, seed {run.seed}"
    if not differing:
        yield Message(None, f"repeatable: {name} reported the same twice, to the last digit")
        return
    yield Message(
        None,
        f"not repeatable: {name} reported {differing}. Verdicts hold, since runs still differ by chance alone, but "
        f"pairs are less alike and more seeds are needed; runs that are trained again give other numbers",
    )


class EqualFailures:
    """Stops a study of the user's own training whose first runs all fail alike: the others would too, after hours."""

    def __init__(self, study: Study) -> None:
        self._watched, self._metric = study.reported, study.compare.metric
        self._causes: list[str] = []

    def check(self, event: Event) -> None:
        """Take over an event; `StudyError` where the first two runs failed for one reason and none finished."""
        if isinstance(event, Done):
            if self._watched:
                self._check_metric(event.record)
            self._watched = False
        if not self._watched or not isinstance(event, Failed):
            return
        first, rest = last_line(event.cause), event.cause.strip()
        if not rest.startswith("Traceback"):
            rest = rest.partition("\n")[2]
        self._causes.append(first)
        if len(self._causes) == ENOUGH and len(set(self._causes)) == 1:
            raise StudyError(
                f"the first {ENOUGH} runs failed alike, so no more were started: {first}\n{rest[-2000:]}".strip()
            )

    def _check_metric(self, record: RunRecord) -> None:
        """`StudyError` where the first run did not report what the study compares."""
        names = list(dict.fromkeys(name for report in record.reports for name in report.scores))
        if self._metric and self._metric not in names:
            raise StudyError(f"{missing_metric(self._metric, names)}; no more runs were started")


def _first_difference(one: list[Any], other: list[Any]) -> str:
    """`accuracy 0.93 and then 0.94 in epoch 1`; empty where both attempts reported the same."""
    if len(one) != len(other):
        return f"{len(one)} epochs and then {len(other)}"
    for (epoch, first), (_, second) in zip(one, other, strict=True):
        for name in dict.fromkeys((*first, *second)):
            if first.get(name) != second.get(name):
                return f"{name} {first.get(name)} and then {second.get(name)} in epoch {epoch}"
    return ""
