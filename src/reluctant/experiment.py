"""The whole story: a study and a folder in, whatever is missing trained, results out.

study.toml → Study → [Run, …] − what the store has → engine → one record each → store → Results → report
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from reluctant.engines import Done, Engine, Event, Events, Failed, local, serial
from reluctant.environment import cores, describe, name_of
from reluctant.folder import Folder
from reluctant.names import StudyError
from reluctant.results import Results
from reluctant.study import Run, Study
from reluctant.worker import Worker

Watcher = Callable[[Event], None]


def run(
    study: Study | str | Path,
    folder: str | Path | None = None,
    *,
    engine: str = "local",
    workers: int | None = None,
    device: str = "auto",
    data: str | Path | None = None,
    watch: Watcher | None = None,
) -> Results:
    """Carry out whatever part of a study is not yet in its folder, and return all results.

    `study` is a `Study`, a bundled name or a file; `folder` is `out/<name>` unless given. `watch` is told of
    every event. Raises `StudyError` before anything trains where the study cannot be carried out.
    """
    study = study if isinstance(study, Study) else Study.read(study)
    place = Folder(Path(folder) if folder else study.folder)
    for event in conduct(study, place, engine, workers=workers, device=device, data=data):
        if watch:
            watch(event)
    return Results.read(place.path)


def conduct(
    study: Study,
    folder: Folder,
    engine: str = "local",
    *,
    workers: int | None = None,
    device: str = "auto",
    data: str | Path | None = None,
) -> Events:
    """Carry out what is missing, keep every record and failure, and yield the events as they come."""
    folder.check(study)
    todo = folder.missing(study)
    if not todo:
        folder.open(study)
        return
    work = Worker(str(folder.path), str(data) if data else None, device, first=todo[0])
    events = choose(engine, todo, workers)(work, todo)
    try:
        next(events)  # processes start up while the study is looked over here
        _look_over(study, folder, device, data)
        for event in events:
            if isinstance(event, Done):
                folder.keep(event.run, event.record)
            elif isinstance(event, Failed):
                folder.keep_failure(event.run, event.cause)
            yield event
    finally:
        events.close()


def _look_over(study: Study, folder: Folder, device: str, data: str | Path | None) -> None:
    """Try whatever can be tried before training, and keep what the folder has to know of data and machine."""
    from reluctant import training

    training.device(device)
    found = training.preflight(study, Path(data) if data else None)
    folder.agree({name: prepared.source.sha256 for name, prepared in found.items()}, training.sources(study))
    folder.open(study)
    for prepared in found.values():
        folder.keep_data(prepared.describe())
    folder.keep_environment(name_of(describe()), describe())


def choose(engine: str, todo: list[Run], workers: int | None = None) -> Engine:
    """The engine of this name."""
    if engine == "serial":
        return serial
    if engine == "local":
        return partial(local, workers=crew(engine, todo, workers))
    raise StudyError(f"no engine is called {engine!r}; there are local and serial")


def crew(engine: str, todo: list[Run], workers: int | None = None) -> int:
    """How many runs go side by side: as asked, else as many as the cores can feed."""
    if workers is not None and workers < 1:
        raise StudyError(f"{workers} workers cannot train anything; give at least 1")
    fed = max(1, cores() // max(run.threads for run in todo))
    return 1 if engine == "serial" else min(workers or fed, len(todo))
