"""Trackers such as MLflow: each run and the verdicts are sent to those that a call names; none can harm the study."""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from reluctant.analysis import ReportData
from reluctant.analysis.headline import headline
from reluctant.analysis.labels import setting_text, without_session
from reluctant.analysis.study_facts import run_text
from reluctant.api.tables import verdict_rows
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION, SPLITS, TOKENS, score_from_counts, task_of_counts
from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import StudyError, describe_exception
from reluctant.core.extensions import extensions, load_object
from reluctant.core.randomness import preserve_random_states
from reluctant.engines import Done, Epoch, Event, Events, Failed, Message, Started
from reluctant.records.parts import EpochRecord, ReportedEpoch
from reluctant.report import write_report
from reluctant.study import Run, Study

# The metrics that trackers get beside the loss, by task.
TRACKED = {CLASSIFICATION: ("accuracy", "f1"), REGRESSION: ("r2", "rmse"), TOKENS: ("token_accuracy", "perplexity")}

Parameters = Mapping[str, Any]  # texts and numbers by name
Status = Literal["finished", "diverged", "failed", "interrupted"]


@dataclass(frozen=True)
class VerdictSummary:
    """What a study says: sentences, and for each arm (and setting) a difference from the baseline and a verdict.

    Names are such as `gelu/difference`, `gelu/low`, `gelu/high`, `gelu/p` in `numbers`, as far as these are known, and
    `gelu/verdict` in `verdicts`.
    """

    sentences: tuple[str, ...]
    numbers: Mapping[str, float]
    verdicts: Mapping[str, str]
    page: Path

    @classmethod
    def of(cls, data: ReportData, page: Path) -> "VerdictSummary":
        """The summary of an analysis whose report is `page`."""
        numbers: dict[str, float] = {}
        verdicts: dict[str, str] = {}
        for comparison in data.comparisons:
            for row in verdict_rows(comparison):
                if "difference" in row:
                    arm = ", ".join(filter(None, (row[comparison.subject.arm], setting_text(comparison.setting))))
                    known = {key: row[key] for key in ("difference", "low", "high", "p") if row[key] is not None}
                    numbers |= {f"{arm}/{key}": float(number) for key, number in known.items() if np.isfinite(number)}
                    verdicts[f"{arm}/verdict"] = str(row["verdict"])
        return cls(tuple(headline(data)), numbers, verdicts, page)


class Tracker(Protocol):
    """What a tracker does. Runs have their keys as names; several may be open at a time. It may raise anything."""

    def __init__(self, study: str, folder: Path, target: str) -> None:
        """Connect.

        Args:
            study: The study's name.
            folder: Of the study; files may be written in a subfolder.
            target: What follows the tracker's name, as in `tensorboard=logs`; empty for the tracker's own choice.
        """

    def begin(self, key: str, name: str, parameters: Parameters) -> None:
        """A run has started."""

    def log(self, key: str, epoch: int, scores: Mapping[str, float]) -> None:
        """A run has finished an epoch, or reported."""

    def end(self, key: str, status: Status) -> None:
        """A run has ended."""

    def summarise(self, summary: VerdictSummary) -> None:
        """The study has ended: write one more run, with the verdicts and the page."""


class Tracking:
    """Sends a study's events to trackers, in this process. One that fails is left out from then on, with a message."""

    def __init__(self, names: Sequence[str], study: Study, folder: Path) -> None:
        """Check the names; trackers are imported when the first run starts.

        Args:
            names: `mlflow`, or with a target `tensorboard=logs`.
            study: What is trained.
            folder: Of the study.

        Raises:
            StudyError: A name is unknown.
        """
        if isinstance(names, str):
            names = (names,)
        known = known_trackers()
        for name in names:
            if str(name).partition("=")[0] not in known:
                hint = did_you_mean(str(name), known) or f"; there are {', '.join(known) or 'none'}"
                raise StudyError(f"there is no tracker {quoted(name)}{hint}")
        self._active: dict[str, Tracker | None] = dict.fromkeys(names)  # None until it is first used
        self._study, self._folder = study, folder
        self._open: set[Run] = set()

    def follow(self, events: Events) -> Events:
        """The same events, and a message for each tracker that fails."""
        try:
            for event in events:
                yield from self._send(event)
                yield event
        finally:
            events.close()
            for run in tuple(self._open):
                for _ in self._end(run, "interrupted"):
                    pass  # nobody reads messages any more

    def summarise(self, data: ReportData, page: Path | None = None) -> Iterator[Message]:
        """Send the verdicts and the page, which is drawn unless it is given."""
        if not self._active:
            return
        with tempfile.TemporaryDirectory() as folder:
            try:
                page = page or write_report(data, self._folder, to=Path(folder) / "report.html")
                summary = VerdictSummary.of(data, page)
            except Exception as fault:
                cause = describe_exception(fault)
                yield Message(None, f"no verdicts for {', '.join(self._active)}, since there is no report: {cause}")
                return
            yield from self._each(lambda tracker: tracker.summarise(summary))

    def _send(self, event: Event) -> Iterator[Message]:
        run = event.run
        if isinstance(event, Started):
            if run in self._open:  # an attempt was lost with its worker
                yield from self._end(run, "failed")
            self._open.add(run)
            name, parameters = run_text(run, self._study), _parameters(run, self._study)
            yield from self._each(lambda tracker: tracker.begin(run.key, name, parameters))
        elif isinstance(event, Epoch):
            scores = scores_of_epoch(event.record)
            yield from self._each(lambda tracker: tracker.log(run.key, event.record.epoch, scores))
        elif isinstance(event, Done):
            yield from self._end(run, "finished" if event.record.diverged is None else "diverged")
        elif isinstance(event, Failed):
            yield from self._end(run, "failed")

    def _end(self, run: Run, status: Status) -> Iterator[Message]:
        self._open.discard(run)
        yield from self._each(lambda tracker: tracker.end(run.key, status))

    def _each(self, act: Callable[[Tracker], None]) -> Iterator[Message]:
        """Do something with each tracker that has not failed."""
        if not self._active:
            return
        for name, started in tuple(self._active.items()):
            kind, _, target = name.partition("=")
            try:
                # A run in this process (engine serial) goes on with the random state that it had.
                with preserve_random_states(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    tracker = started or load_object(known_trackers()[kind])(self._study.name, self._folder, target)
                    self._active[name] = tracker
                    act(tracker)
            except (Exception, SystemExit) as fault:
                del self._active[name]
                mending = f"; pip install 'reluctant[{kind}]'" if isinstance(fault, ModuleNotFoundError) else ""
                text = f"{kind} failed, and the study goes on without it: {describe_exception(fault)}{mending}"
                yield Message(None, text)


def known_trackers() -> dict[str, str]:
    """The trackers of the installed extensions: `module:class` by name."""
    return {name: each for extension in extensions() for name, each in extension.trackers.items()}


def scores_of_epoch(record: EpochRecord | ReportedEpoch) -> dict[str, float]:
    """The scores of an epoch by name: what was reported, else `test/accuracy` and so on for every split."""
    if isinstance(record, ReportedEpoch):
        return {name: float("nan") if value is None else value for name, value in record.scores.items()}
    scores = {}
    for split in SPLITS:
        scores[f"{split}/loss"] = getattr(record.loss, split)
        counts = np.array(getattr(record.counts, split))
        for name in TRACKED[task_of_counts(counts)]:
            scores[f"{split}/{name}"] = score_from_counts(counts, name)
    return scores


def _parameters(run: Run, study: Study) -> dict[str, Any]:
    """What tells a run from the others of its study."""
    varied = {axis: getattr(run, axis) for axis in study.varied_axes}
    return {"study": study.name, "arm": without_session(run.activation), "seed": run.seed, **varied}
