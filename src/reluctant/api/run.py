"""The whole flow: a study and a folder in, whatever is missing trained, results out.

study.toml → Study → [Run, …] − what the store has → engine → one record each → store → Results → report
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reluctant.api import own_training
from reluctant.api.execution import ExecutionOptions
from reluctant.api.other_versions import other_versions
from reluctant.api.progress import Watcher
from reluctant.api.results import Results
from reluctant.api.tracking import Tracking
from reluctant.api.until_decided import until_decided
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.lock import lock_folder
from reluctant.core.names import parse
from reluctant.core.process_state import preserve_process_state
from reluctant.core.user_code import check_user_code
from reluctant.core.user_objects import pack_objects
from reluctant.engines import Done, Events, Failed, Message, Work
from reluctant.engines.training_work import TrainingWork
from reluctant.records.folder_watch import FolderWatch
from reluctant.records.schema import DataRecord
from reluctant.records.study_dir import Origin, StudyDir
from reluctant.study import Run, Study
from reluctant.study.files import study_path
from reluctant.trials.work import TrialWork


def run(
    study: Study | str | Path, folder: str | Path | None = None, *, watch: Watcher | None = None, engine: str = "local",
    workers: int | None = None, device: str = "auto", data: str | Path | None = None, timeout: float | None = None,
    address: str | None = None, gpus_per_run: float = 0.0, pack: int | None = None, check_repeatable: bool = False,
    allow_modules: Sequence[str] = (), track: Sequence[str] = (), slurm: Mapping[str, Any] | None = None,
) -> Results:  # fmt: skip
    """Train whatever part of a study is not yet in its folder, and return all results.

    Args:
        study: A `Study`, the name of a bundled one, or a study file.
        folder: Of the study; `out/<name>` unless given.
        watch: Is called with every event.
        engine: `local` (processes side by side), `serial`, `ray`, or `slurm` (a job for every run).
        workers: Processes at a time, for `local`: one per core unless given. Jobs at a time, for `slurm`.
        device: `auto`, `cpu`, `cuda`, …
        data: The folder of data sets. The data set itself is in the study: `dataset`.
        timeout: Seconds that a run may take before it is tried again, not for `serial`.
        address: Of the Ray cluster, for `ray`.
        gpus_per_run: For `ray` and `slurm`.
        pack: Runs that train side by side in one process; on a GPU as many as fit, up to 20, and on a processor one,
            unless given. It changes no number.
        check_repeatable: Train the first run twice before the study, and compare: for `train` and `command`.
        allow_modules: Installed packages whose classes and functions the study may name. Files beside the study file
            and in the current folder may always be named, the standard library never.
        track: Trackers that get every run and the verdicts: `mlflow`, `wandb`, `tensorboard`.
        slurm: Options of `sbatch`, for `slurm`: `{"partition": "gpu", "time": 120}`.

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
        pack,
        check_repeatable,
        tuple(allow_modules),
        study_file,
        slurm or {},
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
        yield from own_training.check_repeatable(work, missing[0], options.build_engine(missing[:1], folder.path))
    yield from (Message(None, text) for text in options.remarks(missing))
    events = options.build_engine(missing, folder.path)(work, missing)
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

    device = training.select_device(options.device)
    if options.engine != "ray":  # where nodes have devices of their own
        training.check_numerics(study, device)
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
