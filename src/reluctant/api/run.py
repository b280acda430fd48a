"""The whole story: a study and a folder in, whatever is missing trained, results out.

study.toml → Study → [Run, …] − what the store has → engine → one record each → store → Results → report
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reluctant.api.results import Results
from reluctant.core.environment import cores
from reluctant.core.errors import StudyError
from reluctant.core.lock import alone
from reluctant.core.names import parse
from reluctant.core.session_objects import packed
from reluctant.engines import Done, Engine, Event, Events, Failed, Said, local, serial
from reluctant.engines.worker import Worker
from reluctant.records.store import Record
from reluctant.records.study_dir import Folder
from reluctant.study import Run, Study

Watcher = Callable[[Event], None]


@dataclass(frozen=True)
class Means:
    """With what a study is carried out. None of it changes a number.

    `data` is the folder of data sets, `timeout` the seconds a run may take; `address` and `gpus_per_run` are
    for `ray`.
    """

    engine: str = "local"
    workers: int | None = None
    device: str = "auto"
    data: str | Path | None = None
    timeout: float | None = None
    address: str | None = None
    gpus_per_run: float = 0.0

    def crew(self, todo: list[Run]) -> int:
        """How many runs go side by side on this machine: as asked, else as many as the cores can feed."""
        if self.workers is not None and self.workers < 1:
            raise StudyError(f"{self.workers} workers cannot train anything; give at least 1")
        fed = max(1, cores() // max(run.threads for run in todo))
        return 1 if self.engine == "serial" else min(self.workers or fed, len(todo))

    def chosen(self, todo: list[Run]) -> Engine:
        """The engine."""
        if self.engine == "serial":
            return serial
        if self.engine == "local":
            return partial(local, workers=self.crew(todo), timeout=self.timeout)
        if self.engine == "ray":
            from reluctant.engines.ray import ray_engine

            return partial(
                ray_engine, address=self.address, gpus_per_run=self.gpus_per_run, timeout=self.timeout
            )
        raise StudyError(f"no engine is called {self.engine!r}; there are local, serial and ray")


def run(
    study: Study | str | Path, folder: str | Path | None = None, *, watch: Watcher | None = None, **means: Any
) -> Results:
    """Carry out whatever part of a study is not yet in its folder, and return all results.

    `study` is a `Study`, a bundled name or a file; `folder` is `out/<name>` unless given. `watch` is told of
    every event. `means` are those of `Means`: engine, workers, device, data, timeout, … Raises `StudyError`
    before anything trains where the study cannot be carried out.
    """
    study = study if isinstance(study, Study) else Study.read(study)
    place = Folder(Path(folder) if folder else study.folder)
    for event in conduct(study, place, Means(**means)):
        if watch:
            watch(event)
    return Results.read(place.path)


def conduct(study: Study, folder: Folder, means: Means) -> Events:
    """Carry out what is missing, keep every record and failure, and yield the events as they come.

    Raises `StudyError` where another process is at work in the folder.
    """
    folder.check(study)
    with alone(folder.path):
        facts, told = folder.tend()
        yield from (Said(None, text) for text in told)
        if todo := folder.missing(study):
            yield from _train(study, folder, means, todo, facts)
            folder.tidy()
        else:
            _same_code(study, folder, facts)
            folder.open(study)


def _same_code(study: Study, folder: Folder, facts: list[Record]) -> None:
    """Nothing is missing: make sure that what is there is of the code that is asked about now."""
    if any(each.get("sources") for each in facts):
        from reluctant import training

        try:
            now = training.study_sources(study)
        except StudyError:  # the code is no more; its results may still be read
            return
        folder.agree({}, now, facts)


def _objects(study: Study, means: Means) -> bytes:
    """What workers elsewhere have to be told of this session."""
    if means.engine == "serial":
        return b""
    named = (*study.activation, *study.model, *study.dataset, *study.procedure)
    return packed(parse(name).head for name in named)


def _train(study: Study, folder: Folder, means: Means, todo: list[Run], facts: list[Record]) -> Events:
    place = str(folder.path.resolve())
    data, here = str(means.data) if means.data else None, _objects(study, means)
    work = Worker(place, data, means.device, first=todo[0], objects=here)
    events = means.chosen(todo)(work, todo)
    try:
        next(events)  # processes start up while the study is looked over here
        yield from (Said(None, text) for text in _look_over(study, folder, means, facts))
        for event in events:
            if isinstance(event, Done):
                folder.keep(event.run, event.record, event.attempts)
            elif isinstance(event, Failed):
                folder.keep_failure(event.run, event.cause)
            yield event
    finally:
        events.close()


def _look_over(study: Study, folder: Folder, means: Means, facts: list[Record]) -> list[str]:
    """What the data are and what is replaced in networks, once all was tried that can be."""
    from reluctant import training
    from reluctant.data import describe_dataset

    training.select_device(means.device)
    training.clear_data_cache()  # data of an earlier study of this process may have changed since
    found = training.preflight(study, Path(means.data) if means.data else None)
    sums = {name: prepared.source.sha256 for name, prepared in found.items()}
    folder.agree(sums, training.study_sources(study), facts)
    folder.open(study)
    for prepared in found.values():
        folder.keep_data(prepared.describe())
    return [
        *(describe_dataset(each.source) for each in found.values()),
        *training.describe_replacements(study, found),
    ]
