"""The whole flow: a study and a folder in, whatever is missing trained, results out.

study.toml → Study → [Run, …] − what the store has → engine → one record each → store → Results → report
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reluctant.api import own_training
from reluctant.api.other_versions import other_versions
from reluctant.api.progress import Watcher
from reluctant.api.results import Results
from reluctant.api.tracking import Tracking
from reluctant.api.until_decided import until_decided
from reluctant.core.environment import cores
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.lock import lock_folder
from reluctant.core.names import parse
from reluctant.core.process_state import preserve_process_state
from reluctant.core.user_code import check_user_code
from reluctant.core.user_objects import pack_objects
from reluctant.engines import Done, Engine, Events, Failed, Message, Work, local, serial
from reluctant.engines.training_work import TrainingWork
from reluctant.records.folder_watch import FolderWatch
from reluctant.records.schema import DataRecord
from reluctant.records.study_dir import Origin, StudyDir
from reluctant.study import Run, Study
from reluctant.study.files import study_path
from reluctant.trials.work import TrialWork

_ENGINES_OF = {"workers": ("local",), "timeout": ("local", "ray"), "address": ("ray",), "gpus_per_run": ("ray",)}


@dataclass(frozen=True)
class ExecutionOptions:
    """Where and how runs are executed, as `run` describes it; no option affects a result."""

    engine: str = "local"
    workers: int | None = None
    device: str = "auto"
    data: str | Path | None = None
    timeout: float | None = None
    address: str | None = None
    gpus_per_run: float = 0.0
    check_repeatable: bool = False  # whether a training of the user's own is tried twice before the study
    allow_modules: tuple[str, ...] = ()  # installed packages that the study may name
    study_file: Path | None = None  # modules beside it may be named

    def __post_init__(self) -> None:
        if self.engine not in ("local", "serial", "ray"):
            raise StudyError(f"there is no engine {self.engine!r}; there are local, serial and ray")
        for option, engines in _ENGINES_OF.items():
            if getattr(self, option) and self.engine not in engines:
                flag = "--run-timeout" if option == "timeout" else f"--{option.replace('_', '-')}"
                others = " or ".join(f"--engine {engine}" for engine in engines)
                raise StudyError(f"{flag} (in Python {option}) works only with {others}; leave it out or add {others}")

    def parallel_runs(self, runs: list[Run]) -> int:
        """How many runs train side by side on this machine: as given, else as many as the cores allow."""
        if self.workers is not None and self.workers < 1:
            raise StudyError(f"{self.workers} workers cannot train anything; give at least 1")
        by_cores = max(1, cores() // max(run.threads for run in runs))
        return 1 if self.engine == "serial" else min(self.workers or by_cores, len(runs))

    def build_engine(self, runs: list[Run]) -> Engine:
        """The engine for these runs."""
        if self.engine == "serial":
            return serial
        if self.engine == "local":
            return partial(local, workers=self.parallel_runs(runs), timeout=self.timeout)
        from reluctant.engines.ray import ray_engine

        return partial(ray_engine, address=self.address, gpus_per_run=self.gpus_per_run, timeout=self.timeout)


def run(
    study: Study | str | Path, folder: str | Path | None = None, *, watch: Watcher | None = None, engine: str = "local",
    workers: int | None = None, device: str = "auto", data: str | Path | None = None, timeout: float | None = None,
    address: str | None = None, gpus_per_run: float = 0.0, check_repeatable: bool = False,
    allow_modules: Sequence[str] = (), track: Sequence[str] = (),
) -> Results:  # fmt: skip
    """Train whatever part of a study is not yet in its folder, and return all results.

    Args:
        study: A `Study`, the name of a bundled one, or a study file.
        folder: Of the study; `out/<name>` unless given.
        watch: Is called with every event.
        engine: `local` (processes side by side), `serial`, or `ray`.
        workers: Processes at a time, for `local`; one per core unless given.
        device: `auto`, `cpu`, `cuda`, …
        data: The folder of data sets. The data set itself is in the study: `dataset`.
        timeout: Seconds that a run may take before it is tried again, for `local` and `ray`.
        address: Of the Ray cluster, for `ray`.
        gpus_per_run: For `ray`.
        check_repeatable: Train the first run twice before the study, and compare: for `train` and `command`.
        allow_modules: Installed packages whose classes and functions the study may name. Files beside the study file
            and in the current folder may always be named, the standard library never.
        track: Trackers that get every run and the verdicts: `mlflow`, `wandb`, `tensorboard`.

    Raises:
        ReluctantError: Before anything trains, where the study cannot be run.
    """
    study_file = study_path(study)
    study = study if isinstance(study, Study) else Study.read(study)
    study_dir = StudyDir(Path(folder) if folder else study.folder)
    options = ExecutionOptions(
        engine,
        workers,
        device,
        data,
        timeout,
        address,
        gpus_per_run,
        check_repeatable,
        tuple(allow_modules),
        study_file,
    )
    tracking = Tracking(track, study, study_dir.path)
    with preserve_process_state():
        for event in tracking.follow(run_events(study, study_dir, options)):
            if watch:
                watch(event)
        results = Results.read(study_dir.path)
        for message in tracking.summarise(results.data):
            if watch:
                watch(message)
    return results


def run_events(study: Study, folder: StudyDir, options: ExecutionOptions) -> Events:
    """Train what is missing, store every record and failure, and yield the events as they come.

    Raises:
        StudyError: Another process works in the folder, or the study cannot be run.
    """
    study = folder.continued(study)
    folder.check_compatible(study)
    yield from (Message(None, text) for text in check_study_code(study, options))
    if study.until_decided is None:
        yield from _train_missing(study, folder, options)
    else:
        yield from until_decided(study, folder, lambda grown: _train_missing(grown, folder, options))


def _train_missing(study: Study, folder: StudyDir, options: ExecutionOptions) -> Events:
    with lock_folder(folder.path):
        origins, messages = folder.recover()
        yield from (Message(None, text) for text in messages)
        if missing := folder.missing(study):
            yield from _train(study, folder, options, missing, origins)
            folder.remove_empty_checkpoints()
        else:
            if options.device != "auto":
                from reluctant.training import select_device

                select_device(options.device)
            _check_same_code(study, folder, origins)
            folder.write_study(study)


def check_study_code(study: Study, options: ExecutionOptions) -> list[str]:
    """Sentences that say which files of the user's the study runs; `StudyError` where it may not run them."""
    return check_user_code(study.user_names, options.study_file, options.allow_modules)


def _check_same_code(study: Study, folder: StudyDir, origins: list[Origin]) -> None:
    """Nothing is missing: make sure that the records come from the user's code of today."""
    if any(origin.sources for origin in origins):
        try:
            sources = code_checksums(study)
        except ReluctantError:  # the code no longer exists; its results may still be read
            return
        folder.check_origins({}, sources, origins)


def _train(
    study: Study, folder: StudyDir, options: ExecutionOptions, missing: list[Run], origins: list[Origin]
) -> Events:
    if study.reported:
        yield from (
            Message(None, text) for text in own_training.check_and_describe(study, folder, options.device, origins)
        )
    yield from (Message(None, text) for text in (other_versions(folder) if origins else ()))
    work = _work(study, folder, options, missing)
    if options.check_repeatable:
        yield from own_training.check_repeatable(work, missing[0], options.build_engine(missing[:1]))
    events = options.build_engine(missing)(work, missing)
    try:
        next(events)  # processes start up while the study is checked here
        if not study.reported:
            yield from (Message(None, text) for text in _check_and_describe(study, folder, options, origins))
        present = FolderWatch(folder.path)
        failures = own_training.EqualFailures(study)
        for event in events:
            present.check()
            if isinstance(event, Done):
                folder.save(event.run, event.record, event.attempts)
            elif isinstance(event, Failed):
                folder.save_failure(event.run, event.cause)
            yield event
            failures.check(event)
    finally:
        events.close()


def _work(study: Study, folder: StudyDir, options: ExecutionOptions, missing: list[Run]) -> Work:
    """What trains the runs: our own loop, or what the study names in its place."""
    objects = b"" if options.engine == "serial" else pack_objects(parse(name).head for name in study.user_names)
    path = str(folder.path.resolve())
    if study.reported:
        return TrialWork(path, options.device, str(Path.cwd()), objects, own_training.training_sources(study))
    if options.check_repeatable:
        raise StudyError("--check-repeatable is for train and command; our own loop is tested to be repeatable")
    data = str(options.data) if options.data else None
    return TrainingWork(path, data, options.device, missing[0], objects, timed=options.timeout is not None)


def _check_and_describe(study: Study, folder: StudyDir, options: ExecutionOptions, origins: list[Origin]) -> list[str]:
    """What the data are and what is replaced in networks, after everything was tried that can be."""
    from reluctant import training
    from reluctant.data import describe_dataset

    training.select_device(options.device)
    training.clear_data_cache()  # data of an earlier study of this process may have changed since
    tensors = training.preflight(study, str(options.data) if options.data else None)
    checksums = {name: each.source.sha256 for name, each in tensors.items()}
    sources = {**code_checksums(study), **training.initial_weight_sources(study, tensors)}
    folder.check_origins(checksums, sources, origins)
    folder.write_study(study)
    for each in tensors.values():
        folder.save_data(DataRecord.read(each.describe()))
    described = [describe_dataset(each.source) for each in tensors.values()]
    return [*described, *training.describe_replacements(study, tensors)]


def code_checksums(study: Study) -> dict[str, str]:
    """The checksums of the user's code that a study runs, by name."""
    from reluctant import training

    if study.reported:
        return {name: each for part in own_training.training_sources(study).values() for name, each in part.items()}
    return training.study_sources(study)
