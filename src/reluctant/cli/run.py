"""`reluctant run`: train a study, or continue one; the first signal ends it in good order, the second at once."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reluctant.cli.completion import complete_study
from reluctant.cli.terminal import working
from reluctant.core.display import visible
from reluctant.core.errors import StudyError
from reluctant.core.extensions import extensions

if TYPE_CHECKING:
    from reluctant.api.execution import ExecutionOptions
    from reluctant.api.tracking import Tracking
    from reluctant.records.study_dir import StudyDir
    from reluctant.study import Study


STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Stopped(KeyboardInterrupt):
    """A signal has stopped the program; `status` is the exit status for it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


@contextmanager
def stop_on_signal() -> Iterator[None]:
    """Turn the first Ctrl-C, SIGTERM or closed terminal into `Stopped`; the next one kills this process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in STOP_SIGNALS if hasattr(signal, name)]

    def stop(number: int, frame: Any) -> NoReturn:
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)
        raise Stopped(number)

    # a background shell starts programs with SIGINT ignored, nohup with SIGHUP ignored; these stay ignored
    before = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def track_option(command: Callable[..., int]) -> Callable[..., int]:
    """The option `--track`, where an extension of the package has trackers."""
    names = sorted(name for extension in extensions() for name in extension.trackers)
    if not names:
        return command
    return click.option(
        "--track", multiple=True, metavar="TRACKER",
        help=f"Send every run and the verdicts there: {', '.join(names)}. May be given several times.",
    )(command)  # fmt: skip


@click.command()
@click.argument("study", shell_complete=complete_study)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the study. [default: out/NAME]")
@click.option("--engine", type=click.Choice(["local", "serial", "ray", "slurm"]), default="local", show_default=True,
              help="local: processes side by side; serial: one run after the other; ray: a cluster of Ray; "
              "slurm: a Slurm job for every run.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1),
              help="Processes of --engine local, jobs at a time of --engine slurm. [default: one per core; 200 jobs]"
              )  # fmt: skip
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, mps.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
              help="Replace a key of the study: lr=0.01,0.003 or seed=0..9. May be given several times.")  # fmt: skip
@click.option("--until-decided", is_flag=True,
              help="Add seeds, one after each look, until every comparison is decided; 40 at most, or as "
              "--set until_decided.most=60 and --set until_decided.hours=2 say.")  # fmt: skip
@click.option("--address", envvar="RAY_ADDRESS", metavar="HOST:PORT",
              help="For --engine ray: the cluster. [default: Ray is started on this machine]")  # fmt: skip
@click.option("--gpus-per-run", type=click.FloatRange(min=0), default=0.0,
              help="For --engine ray and slurm; with 0.5 and Ray two runs share a GPU.")  # fmt: skip
@click.option("--pack", type=click.IntRange(min=1), metavar="N",
              help="Runs that train side by side in a process. [default: as many as fit on a GPU; 1]")  # fmt: skip
@click.option("--slurm", "slurm_options", multiple=True, metavar="KEY=VALUE",
              help="For --engine slurm: an option of sbatch, such as partition=gpu, time=120, mem=4G. May "
              "be given several times.")  # fmt: skip
@click.option("--run-timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
              help="Stop a run that takes longer and start it again; after three attempts it has failed. "
              "Not for --engine serial.")  # fmt: skip
@click.option("--allow-module", "allow_modules", multiple=True, metavar="PACKAGE",
              help="An installed package whose code STUDY may name. Files beside STUDY and in the current folder may "
              "always be named. May be given several times.")  # fmt: skip
@click.option(
    "--check-repeatable", is_flag=True, help="For `train` and `command`: train the first run twice, and compare."
)
@track_option
@click.option("--dry-run", is_flag=True, help="Print the runs and how long they will take; train nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Where output goes to a file: a line for every epoch too.")
@click.option("--yes", is_flag=True, help="Do not ask about more than 10,000 runs.")
def run(
    study: str, output: Path | None, engine: str, workers: int | None, device: str, overrides: Iterable[str],
    until_decided: bool, address: str | None, gpus_per_run: float, pack: int | None, slurm_options: tuple[str, ...],
    run_timeout: float | None, allow_modules: tuple[str, ...], check_repeatable: bool, dry_run: bool, verbose: bool,
    yes: bool, track: tuple[str, ...] = (),
) -> int:  # fmt: skip
    """Train STUDY: the name of a bundled study (`quick`, `article`) or a study file.

    The same command again continues where it stopped.
    """
    from reluctant.api.execution import ExecutionOptions
    from reluctant.api.tracking import Tracking
    from reluctant.records.study_dir import StudyDir
    from reluctant.study import MANY, UNTIL_DECIDED, Study, parse_overrides
    from reluctant.study.files import study_path

    replaced = parse_overrides(overrides)
    if until_decided and "seed" in replaced:
        raise StudyError("--until-decided chooses the seeds itself; leave out --set seed, or leave out --until-decided")
    planned = Study.read(study, {**replaced, "seed": UNTIL_DECIDED} if until_decided else replaced)
    folder = StudyDir(output or planned.folder)
    planned = folder.continued(planned)
    if planned.size > MANY and not yes:
        raise StudyError(f"{planned.size:,} runs are more than {MANY:,}; add --yes if you mean it")
    if engine != "ray" and address == os.environ.get("RAY_ADDRESS"):
        address = None  # it may be set for other programs
    slurm_settings = {}
    if slurm_options:
        from reluctant.engines.slurm_jobs import parse_slurm_options

        slurm_settings = parse_slurm_options(slurm_options)
    options = ExecutionOptions(
        engine, workers, device, timeout=run_timeout, address=address, gpus_per_run=gpus_per_run, pack=pack,
        check_repeatable=check_repeatable, allow_modules=allow_modules, study_file=study_path(study),
        slurm=slurm_settings,
    )  # fmt: skip
    tracking = Tracking(track, planned, folder.path)
    if dry_run:
        return _print_plan(planned, folder, options)
    return _train(planned, folder, options, tracking, verbose=verbose)


def _print_plan(study: "Study", folder: "StudyDir", options: "ExecutionOptions") -> int:
    """Print what would be trained and how long it takes, by a few timed steps; refuse what `run` would refuse."""
    from reluctant.analysis.labels import clip, count, setting_text
    from reluctant.api.progress import time_left
    from reluctant.api.run import check_study_code
    from reluctant.data import describe_dataset
    from reluctant.records.parts import RecordError
    from reluctant.training import describe_replacements, expected_seconds, preflight, select_device, study_sources

    folder.check_compatible(study)
    for text in check_study_code(study, options):
        click.echo(visible(text))
    select_device(options.device)
    if study.reported:
        return _print_own_plan(study, folder)
    with working("loading data, checking networks"):
        tensors = preflight(study)
    with suppress(RecordError):  # `run` trains the run of a damaged record again
        folder.check_origins({name: each.source.sha256 for name, each in tensors.items()}, study_sources(study))
    described = [describe_dataset(each.source) for each in tensors.values()]
    for text in (*described, *describe_replacements(study, tensors)):
        click.echo(visible(text))
    for says, why in study.untested_claims.items():
        click.echo(visible(f"not tested: {says} ({why})"))
    missing = folder.missing(study)
    needed = len(folder.needed(study))
    click.echo(f"{study.name}: {needed} runs, {needed - len(missing)} done, {len(missing)} to train")
    if study.until_decided is not None:
        click.echo(f"then one more seed after each look, until all is decided or {study.until_decided.most} seeds")
    if not missing:
        return 0
    total, axes = 0.0, [axis for axis in study.varied_axes if axis != "dataset"]
    for kind, number in Counter(replace(each, seed=0) for each in missing).items():
        with working(f"timing a few steps of {clip(kind.activation, 40)}"):
            seconds = expected_seconds(kind)
        total += seconds * number
        what = f"{kind.activation} on {clip(kind.dataset, 40)}"
        what += "".join(f", {setting_text({axis: getattr(kind, axis)})}" for axis in axes)
        click.echo(visible(f"  {what}: {number} × about {time_left(seconds)}"))
    parallel = options.parallel_runs(missing)
    click.echo(f"about {time_left(total / parallel)} of training with {count(parallel, 'worker')}, in {folder.path}\n"
               "and some seconds to start the workers and to draw the report")  # fmt: skip
    return 0


def _print_own_plan(study: "Study", folder: "StudyDir") -> int:
    """The same for a training of the user's own, whose duration is not known."""
    from reluctant.trials.preflight import check_training

    for text in check_training(study, str(Path.cwd())):
        click.echo(visible(text))
    needed, missing = len(folder.needed(study)), len(folder.missing(study))
    click.echo(visible(f"{study.name}: {needed} runs, {needed - missing} done, {missing} to train, in {folder.path}"))
    return 0


def _train(
    study: "Study", folder: "StudyDir", options: "ExecutionOptions", tracking: "Tracking", *, verbose: bool
) -> int:
    from rich.console import Console

    from reluctant.api.progress import ProgressBoard
    from reluctant.api.run import run_events
    from reluctant.cli.live import watch

    folder.check_compatible(study)
    missing = folder.missing(study)
    board = ProgressBoard(missing, len(folder.needed(study)) - len(missing), study=study)
    around, watcher = watch(Console(), board, epochs=verbose)
    try:
        with stop_on_signal(), around:
            for event in tracking.follow(run_events(study, folder, options)):
                watcher(event)
    except Stopped as stop:
        study = folder.continued(study)
        needed = len(folder.needed(study))
        done = needed - len(folder.missing(study))
        click.echo(
            f"stopped; {done} of {needed} runs are finished and stored in {folder.path}.\n"
            f"Type the same command again to continue.",
            err=True,
        )
        return stop.status
    return _finish(folder, tracking)


def _finish(folder: "StudyDir", tracking: "Tracking") -> int:
    """Write the report, print the verdicts, name the failures."""
    from reluctant.analysis.study_facts import run_text
    from reluctant.api.results import Results
    from reluctant.cli.drawing import drawing
    from reluctant.cli.verdicts import print_verdicts
    from reluctant.report import write_report
    from reluctant.report.page import last_line

    with working("judging"):
        results = Results.read(folder.path)
    with drawing() as progress:
        page = write_report(results.data, folder.path, progress=progress)
    for message in tracking.summarise(results.data, page):
        click.echo(visible(message.text), err=True)
    click.echo("")
    print_verdicts(results.data)
    for failed, cause in results.failures.items():
        click.echo(visible(f"failed: {run_text(failed, results.study)}: {last_line(cause)}"), err=True)
    click.echo(f"report: {page}")
    return 1 if results.failures else 0
