"""Engines: one contract for all of them, and what happens when a worker process dies."""

import importlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reluctant.engines import Done, Epoch, Event, Failed, Message, Started, local, serial
from reluctant.engines.local import WorkerPool, stop_workers
from reluctant.engines.run_queue import RunQueue
from tests.support.engine_contract import EngineContract, by_run
from tests.support.engine_work import FakeClock, Steps, content, work
from tests.support.processes import ends

ENGINES = {
    "serial": serial,
    "local, one worker": lambda w, runs: local(w, runs, workers=1),
    "local, two workers": lambda w, runs: local(w, runs, workers=2),
}


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Any:
    return ENGINES[request.param]


def interrupted_work(run: Any) -> Steps:
    """Work in which a Ctrl-C comes during compiled code."""
    yield {"epoch": 1, "run": run}
    raise SystemError("a kernel returned a result with an exception set") from KeyboardInterrupt()


def test_ctrl_c_during_compiled_code_is_not_a_failed_run() -> None:
    events: list[Event] = []
    with pytest.raises(KeyboardInterrupt):
        events.extend(serial(interrupted_work, ["a", "b"]))
    assert not any(isinstance(event, Failed) for event in events)


def exiting_by_signal(run: Any) -> Steps:
    """Work during which this process gets a signal, whose handler ends the program."""
    yield {"epoch": 1, "run": run}
    signal.raise_signal(signal.SIGTERM)


def test_a_handler_that_ends_the_program_ends_it() -> None:
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
    try:
        with pytest.raises(SystemExit):
            list(serial(exiting_by_signal, ["a", "b"]))
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass
class PreparedWork:
    """Work whose record lists what was prepared before it began."""

    prepared: list[Any] = field(default_factory=list)

    def prepare(self, run: Any) -> None:
        """Note the run; then a fault, which is not the run's end."""
        self.prepared.append(run)
        sys.exit()

    def __call__(self, run: Any) -> Steps:
        """A record without epochs."""
        yield from ()
        return list(self.prepared)


class NeverPrepared(PreparedWork):
    """Work whose preparation does not end."""

    def prepare(self, run: Any) -> None:
        """Wait for ever."""
        threading.Event().wait()


class TestContract(EngineContract):
    """The engines without Ray."""


def train_locally(runs: Sequence[str], workers: int = 2) -> dict[Any, list[Event]]:
    return by_run(local(work, runs, workers=workers))


class TestDeath:
    @pytest.mark.parametrize(
        ("workers", "how", "words"),
        [
            (1, "kill", "was killed by signal 9 .*memory"),
            (2, "segfault", "was killed by signal 11"),
            (1, "leave", "ended with status 0 before the run was over"),
            (2, "speak", "ended with status 7 before the run was over\nlast words"),
        ],
    )
    def test_a_process_that_dies_costs_only_its_run(self, workers: int, how: str, words: str) -> None:
        events = train_locally(["a", how, "b", "c"], workers)
        fault = events[how][-1]
        assert isinstance(fault, Failed)
        assert re.search(words, fault.cause)
        assert all(isinstance(events[run][-1], Done) for run in "abc")

    @pytest.mark.parametrize("how", ["kill", "segfault", "leave", "starve"])
    def test_a_run_that_dies_is_started_three_times(self, how: str) -> None:
        run_events = train_locally(["a", how])[how]
        assert [type(event) for event in run_events] == [
            Started,
            Epoch,
            Message,
            Started,
            Epoch,
            Message,
            Started,
            Epoch,
            Failed,
        ]
        assert [e.text.partition("; ")[2] for e in run_events if isinstance(e, Message)] == [
            "starting again, attempt 2 of 3",
            "starting again, attempt 3 of 3",
        ]

    def test_a_run_that_succeeds_at_the_third_attempt_is_done(self, tmp_path: Path) -> None:
        run_events = train_locally([f"twice {tmp_path / 'count'}"], 1)
        (events,) = run_events.values()
        assert isinstance(events[-1], Done)
        assert events[-1].attempts == 3

    def test_an_exception_of_the_run_is_not_retried(self) -> None:
        assert [type(event) for event in train_locally(["raise"])["raise"]] == [Started, Epoch, Failed]

    @pytest.mark.parametrize("how", ["starve", "starve torch"])
    def test_a_lack_of_memory_is_reported(self, how: str) -> None:
        fault = train_locally([how])[how][-1]
        assert isinstance(fault, Failed)
        assert fault.cause.startswith("out of memory\n")

    def test_a_run_that_hangs_is_killed_and_started_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = FakeClock()
        monkeypatch.setattr(importlib.import_module("reluctant.engines.local"), "time", clock)
        run_events = by_run(clock.past_hanging_runs(local(work, ["a", "hang", "b"], workers=1, timeout=1000.0)))
        assert [type(event) for event in run_events["hang"]].count(Started) == 3
        fault = run_events["hang"][-1]
        assert isinstance(fault, Failed)
        assert fault.cause.startswith("the run took longer than 1000 seconds (--run-timeout)")
        assert isinstance(run_events["a"][-1], Done)
        assert isinstance(run_events["b"][-1], Done)

    def test_the_time_before_a_run_begins_is_not_its_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Starting up and compiling kernels may take longer than the runs."""
        clock = FakeClock()
        monkeypatch.setattr(importlib.import_module("reluctant.engines.local"), "time", clock)
        pool = WorkerPool(work, RunQueue(["a"]), timeout=5.0)
        try:
            pool.spawn(1)
            pool.assign()
            clock.now += 60
            events: list[Event] = []
            while pool.busy:
                events += pool.poll()
        finally:
            stop_workers(pool.workers)
        assert [type(event) for event in events] == [Started, Epoch, Epoch, Done]

    def test_a_run_that_never_begins_is_killed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = FakeClock()
        monkeypatch.setattr(importlib.import_module("reluctant.engines.local"), "time", clock)
        pool = WorkerPool(NeverPrepared(), RunQueue(["a"]), timeout=5.0)
        try:
            pool.spawn(1)
            pool.assign()
            clock.now += 606
            event = None
            while event is None:
                event = next(pool.poll(), None)
        finally:
            stop_workers(pool.workers)
        assert isinstance(event, Message)
        assert event.text.startswith("the run did not begin within 600 seconds; starting again")

    def test_what_can_be_prepared_is_prepared_before_the_run_begins(self) -> None:
        events = by_run(local(PreparedWork(), ["a"], workers=1))["a"]
        assert [type(event) for event in events] == [Started, Done]
        assert content(events[-1]) == ["a"]

    def test_a_message_of_the_work_is_passed_on(self) -> None:
        events = train_locally(["say"])["say"]
        assert [e.text for e in events if isinstance(e, Message)] == ["a word to the user"]

    def test_a_reluctant_error_has_no_traceback(self) -> None:
        assert train_locally(["mistake"])["mistake"][-1] == Failed("mistake", "write it otherwise")

    def test_processes_are_reused_from_run_to_run(self) -> None:
        events = train_locally(list("abcdefgh"))
        processes = {content(run_events[-1])["process"] for run_events in events.values()}
        assert 1 <= len(processes) <= 2
        assert os.getpid() not in processes

    def test_no_process_is_left_behind(self) -> None:
        events = local(work, list("abcd"), workers=2)
        process = content(next(e for e in events if isinstance(e, Done)))["process"]
        events.close()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

    def test_workers_die_with_their_parent(self) -> None:
        """A killed parent leaves no worker: its end of the lifeline closes, and the worker exits."""
        code = (
            "import os, signal\n"
            "from reluctant.engines.local import WorkerProcess\n"
            "from reluctant.engines.run_queue import Attempt\n"
            "from tests.support.engine_work import work\n"
            "w = WorkerProcess(work); w.start_runs([Attempt('a')])\n"
            "while type(w.receive()[0]).__name__ != 'Done': pass\n"
            "print(w.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert out.stdout, out.stderr
        pid = int(out.stdout)
        assert ends(pid), "the worker outlived its parent"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_thousand_runs_leave_nothing_behind() -> None:
    """Handles, threads and memory of the driver do not grow."""
    samples: list[tuple[int, int, int]] = []
    done = 0
    for event in local(work, range(10_000), workers=2):
        done += isinstance(event, Done)
        if isinstance(event, Done) and done % 1000 == 0:
            status = Path("/proc/self/status").read_text()
            resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]
            samples.append((len(os.listdir("/proc/self/fd")), threading.active_count(), resident))  # noqa: PTH208
    assert done == 10_000
    handles, threads, memory = zip(*samples, strict=True)
    assert len(set(handles)) == 1
    assert len(set(threads)) == 1
    assert memory[-1] - memory[0] < 10_000  # KiB


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    """Workers do not import the caller's main program, so a plain script may start them."""
    script = tmp_path / "script.py"
    script.write_text(
        "from reluctant.engines import local\n"
        "from tests.support.engine_work import work\n"
        "print(sum(type(e).__name__ == 'Done' for e in local(work, [1, 2, 3], workers=2)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    out = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment, cwd=Path.cwd()
    )
    assert out.stdout.strip() == "3"


def test_a_file_in_the_current_folder_does_not_replace_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('not the one you want')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent), prepend=os.pathsep)
    assert isinstance(list(local(work, ["a"], workers=1))[-1], Done)
