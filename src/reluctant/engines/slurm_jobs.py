"""Jobs of Slurm, through submitit: submit, ask which are in the queue, cancel, say how one has ended."""

import importlib
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reluctant.core.display import did_you_mean
from reluctant.core.errors import StudyError
from reluctant.engines.slurm_node import RunJob

DEFAULT_MINUTES = 240  # of a job; before its limit a run is queued again, and continues after its last epoch
COMMAND_SECONDS = 60.0
WAITING_IS_NORMAL = ("None", "Priority", "Resources", "JobArrayTaskLimit", "BeginTime", "Dependency", "")
_LOG_TAIL = 2000  # characters of a job's output that its failure shows


@dataclass(frozen=True)
class QueuedJob:
    """A job that Slurm still has, with its state and why it waits."""

    state: str
    reason: str = ""


class SlurmJobs:
    """The jobs of one call. `options` are those of `sbatch`: partition, time, account, mem, …"""

    check_seconds = 10.0  # between two questions to Slurm's controller
    poll_seconds = 1.0  # between two looks at the files of events

    def __init__(self, folder: Path, options: Mapping[str, Any], cpus: int, gpus: int) -> None:
        self.folder = folder
        self.executor = self._build_executor(import_submitit(), {**options}, cpus, gpus)

    def _build_executor(self, submitit: Any, options: dict[str, Any], cpus: int, gpus: int) -> Any:
        try:
            executor = submitit.SlurmExecutor(self.folder / "jobs")
        except RuntimeError:
            raise StudyError(
                "the engine slurm needs the commands of Slurm (srun, sbatch, squeue), which this machine does not "
                "have; start it on a login node of the cluster, or use --engine local"
            ) from None
        options = {key.strip("-").replace("-", "_"): value for key, value in options.items()}
        time = minutes(options.pop("time", DEFAULT_MINUTES))
        parameters = {"time": time, "cpus_per_task": cpus, "job_name": options.pop("job_name", "reluctant")}
        if gpus:
            parameters["gpus_per_node"] = gpus
        executor.update_parameters(**parameters, additional_parameters=options)
        return executor

    def submit(self, jobs: Sequence[RunJob]) -> list[Any]:
        """Submit jobs, several as one array. `StudyError`: Slurm refuses them."""
        try:
            with self.executor.batch():
                submitted = [self.executor.submit(job) for job in jobs]
        except (subprocess.CalledProcessError, import_submitit().core.utils.FailedJobError) as error:
            lines = str(getattr(error, "stderr", "") or error).strip().splitlines() or [str(error)]
            reason = re.sub(r"^\s*(subprocess-stderr|sbatch: error|E[^:]*): ?", "", lines[-1])
            raise StudyError(f"Slurm refuses the jobs: {reason.strip()}; change --slurm KEY=VALUE") from None
        with (self.folder / "ids").open("a") as file:
            file.writelines(f"{number}\n" for number in dict.fromkeys(job.job_id.split("_")[0] for job in submitted))
        return submitted

    def queued(self, jobs: Iterable[Any]) -> dict[str, QueuedJob] | None:
        """What Slurm still has of these jobs, by id; None where its controller does not answer."""
        numbers = sorted({job.job_id.split("_")[0] for job in jobs})
        answer = _command("squeue", "--noheader", "--array", "--format=%i|%T|%r", f"--jobs={','.join(numbers)}")
        if answer.returncode and "Invalid job id" not in answer.stderr:
            return None
        rows = (line.split("|") for line in answer.stdout.splitlines() if line.count("|") == 2)
        return {number.strip(): QueuedJob(state, reason) for number, state, reason in rows if state not in ENDED}

    def cancel(self, jobs: Iterable[Any]) -> None:
        """Cancel jobs, without waiting for their end."""
        cancel_jobs([job.job_id for job in jobs])

    def ending(self, job: Any) -> tuple[str, str]:
        """How a job has ended, as Slurm calls it (or ''), and the tail of its output."""
        answer = _command("scontrol", "show", "job", "--oneliner", job.job_id)
        state = re.search(r"JobState=(\w+)", answer.stdout)
        with suppress(OSError):
            return state[1] if state else "", job.paths.stderr.read_text(errors="replace")[-_LOG_TAIL:].strip()
        return state[1] if state else "", ""


ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")


def import_submitit() -> Any:
    """Import submitit. `StudyError`: it is not installed."""
    try:
        importlib.import_module("submitit.core.utils")
        return importlib.import_module("submitit")
    except ImportError as error:
        raise StudyError(
            f"the engine slurm needs submitit, which is not installed ({error}); pip install 'reluctant[slurm]'"
        ) from None


def cancel_jobs(numbers: Sequence[str]) -> None:
    """Cancel jobs by their numbers; those that have ended are no fault."""
    if numbers:
        _command("scancel", "--quiet", *numbers)


def minutes(limit: object) -> int:
    """A time limit as Slurm writes it (120, 2:00:00, 1-12:00:00, 30:00), in minutes."""
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", str(limit).strip())
    if not match:
        raise StudyError(f"--slurm time={limit} is no time limit of Slurm; write minutes, as in 120, or 1-12:00:00")
    days, *parts = (None if part is None else int(part) for part in match.groups())
    first, second, third = parts
    if days is not None:
        whole = days * 1440 + (first or 0) * 60 + (second or 0)
    elif third is not None:
        whole = (first or 0) * 60 + (second or 0)
    else:
        whole = first or 0
    return max(1, whole + bool(third or (days is None and third is None and second)))


def parse_slurm_options(texts: Iterable[str]) -> dict[str, str]:
    """Options of `sbatch` from `KEY=VALUE`. `StudyError`: something else, or one that the engine itself decides."""
    options = {}
    for text in texts:
        key, equals, value = text.strip().lstrip("-").partition("=")
        if not (equals and key and value):
            raise StudyError(f"--slurm {text}: write KEY=VALUE, such as --slurm partition=gpu --slurm time=120")
        if reason := _DECIDED.get(key.replace("_", "-")):
            raise StudyError(f"--slurm {key}: {reason}{did_you_mean(key, ('mem', 'time', 'partition'))}")
        options[key] = value
    return options


_DECIDED = {
    "cpus-per-task": "the study decides it: threads",
    "ntasks": "every run is one task", "nodes": "every run has one node", "array": "the engine makes the arrays",
    "output": "the engine reads the output", "error": "the engine reads the output",
    "gpus-per-node": "write --gpus-per-run", "gpus": "write --gpus-per-run", "gres": "write --gpus-per-run",
    "signal": "the engine uses the signal",
}  # fmt: skip


def _command(*words: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(words, 1, "", str(error))
