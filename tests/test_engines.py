"""Engines: one contract for all, and what a process that dies costs."""

import os
import re
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from reluctant.engines import Done, Epoch, Event, Failed, Message, Ready, Started, local, serial
from tests.engine_work import work

ENGINES = {
    "serial": serial,
    "local, one worker": lambda w, runs: local(w, runs, workers=1),
    "local, two workers": lambda w, runs: local(w, runs, workers=2),
}


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Any:
    return ENGINES[request.param]


def by_run(events: Iterator[Event]) -> dict[Any, list[Event]]:
    found: dict[Any, list[Event]] = {}
    for event in events:
        if isinstance(event, Ready):
            continue
        found.setdefault(event.run, []).append(event)
    return found


def interrupted(run: Any) -> Iterator[Any]:
    """Ctrl-C as it comes out of compiled code."""
    yield {"epoch": 1, "run": run}
    raise SystemError("a kernel returned a result with an exception set") from KeyboardInterrupt()


def test_ctrl_c_within_compiled_code_is_no_failed_run() -> None:
    told: list[Event] = []
    with pytest.raises(KeyboardInterrupt):
        told.extend(serial(interrupted, ["a", "b"]))  # type: ignore[arg-type]
    assert not any(isinstance(event, Failed) for event in told)


class TestContract:
    def test_every_run_starts_has_epochs_and_ends(self, engine: Any) -> None:
        events = by_run(engine(work, list("abcde")))
        assert sorted(events) == list("abcde")
        for run, told in events.items():
            assert [type(event) for event in told] == [Started, Epoch, Epoch, Done]
            assert [e.record["epoch"] for e in told if isinstance(e, Epoch)] == [1, 2]
            assert told[-1].record["run"] == run  # type: ignore[union-attr]

    def test_an_exception_fails_its_run_alone_and_keeps_the_traceback(self, engine: Any) -> None:
        events = by_run(engine(work, ["a", "raise", "b"]))
        fault = events["raise"][-1]
        assert isinstance(fault, Failed)
        assert "ValueError: a fault in the run" in fault.cause
        assert "Traceback" in fault.cause
        assert all(isinstance(events[run][-1], Done) for run in "ab")

    def test_no_runs_no_events(self, engine: Any) -> None:
        assert list(engine(work, [])) == [Ready()]

    def test_closing_stops_the_work(self, engine: Any) -> None:
        events = engine(work, list("abcdef"))
        assert isinstance(next(events), Ready)
        assert isinstance(next(events), Started)
        events.close()
        assert list(events) == []


def died(runs: Sequence[str], workers: int = 2) -> dict[Any, list[Event]]:
    return by_run(local(work, runs, workers=workers))


class TestDeath:
    @pytest.mark.parametrize(
        ("how", "words"),
        [
            ("kill", "was killed by signal 9 .*memory"),
            ("segfault", "was killed by signal 11"),
            ("leave", "ended with status 0 before the run was over"),
            ("exit", "ended with status 3"),
            ("speak", "ended with status 7 before the run was over\nlast words"),
        ],
    )
    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_process_that_dies_costs_only_its_run(self, how: str, words: str, workers: int) -> None:
        events = died(["a", how, "b", "c"], workers)
        fault = events[how][-1]
        assert isinstance(fault, Failed)
        assert re.search(words, fault.cause)
        assert all(isinstance(events[run][-1], Done) for run in "abc")

    @pytest.mark.parametrize("how", ["kill", "segfault", "leave", "starve"])
    def test_a_run_that_dies_is_begun_three_times(self, how: str) -> None:
        told = died(["a", how])[how]
        assert [type(event) for event in told] == [
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
        assert [e.text.partition("; ")[2] for e in told if isinstance(e, Message)] == [
            "starting again, attempt 2 of 3",
            "starting again, attempt 3 of 3",
        ]

    def test_a_run_that_succeeds_at_last_is_done(self, tmp_path: Path) -> None:
        told = died([f"twice {tmp_path / 'count'}"], 1)
        (events,) = told.values()
        assert isinstance(events[-1], Done)
        assert events[-1].attempts == 3

    def test_a_fault_of_the_run_itself_is_not_tried_again(self) -> None:
        assert [type(event) for event in died(["raise"])["raise"]] == [Started, Epoch, Failed]

    @pytest.mark.parametrize("how", ["starve", "starve torch"])
    def test_a_lack_of_memory_is_named(self, how: str) -> None:
        fault = died([how])[how][-1]
        assert isinstance(fault, Failed)
        assert fault.cause.startswith("out of memory\n")

    def test_a_run_that_hangs_is_ended_and_begun_again(self) -> None:
        told = by_run(local(work, ["a", "hang", "b"], workers=1, timeout=1.0))
        assert [type(event) for event in told["hang"]].count(Started) == 3
        fault = told["hang"][-1]
        assert isinstance(fault, Failed)
        assert fault.cause.startswith("the run took longer than 1 seconds (--run-timeout)")
        assert isinstance(told["a"][-1], Done)
        assert isinstance(told["b"][-1], Done)

    def test_what_the_work_says_is_passed_on(self) -> None:
        assert [e.text for e in died(["say"])["say"] if isinstance(e, Message)] == ["a word to the user"]

    def test_a_user_s_mistake_has_no_traceback(self) -> None:
        assert died(["mistake"])["mistake"][-1] == Failed("mistake", "write it otherwise")

    def test_processes_are_kept_from_run_to_run(self) -> None:
        events = died(list("abcdefgh"))
        processes = {told[-1].record["process"] for told in events.values()}  # type: ignore[union-attr]
        assert 1 <= len(processes) <= 2
        assert os.getpid() not in processes

    def test_no_process_is_left_behind(self) -> None:
        told = local(work, list("abcd"), workers=2)
        process = next(e for e in told if isinstance(e, Done)).record["process"]
        told.close()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

    def test_workers_die_with_their_owner(self) -> None:
        """A driver that is killed leaves no worker: its end of the pipe closes, and `wait` returns."""
        code = (
            "import os, signal\n"
            "from reluctant.engines.worker_process import WorkerProcess\n"
            "from reluctant.engines.run_queue import Attempt\n"
            "from tests.engine_work import work\n"
            "w = WorkerProcess(work); w.start_run(Attempt('a'))\n"
            "while type(w.receive()).__name__ != 'Done': pass\n"
            "print(w.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        pid = int(out.stdout)
        assert ended(pid), "the worker outlived its owner"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_thousand_runs_leave_nothing_behind() -> None:
    """Handles, threads and memory of the driver are flat."""
    seen: list[tuple[int, int, int]] = []
    done = 0
    for event in local(work, range(10_000), workers=2):
        done += isinstance(event, Done)
        if isinstance(event, Done) and done % 1000 == 0:
            status = Path("/proc/self/status").read_text()
            resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]
            seen.append((len(os.listdir("/proc/self/fd")), threading.active_count(), resident))  # noqa: PTH208
    assert done == 10_000
    handles, threads, memory = zip(*seen, strict=True)
    assert len(set(handles)) == 1
    assert len(set(threads)) == 1
    assert memory[-1] - memory[0] < 10_000  # KiB


def ended(pid: int) -> bool:
    """Whether a process that is no child of ours ends within ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with open(handle) as file:  # noqa: PTH123 (a handle, not a path)
        return bool(select.select([file], [], [], 10)[0])


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    """Workers do not import the caller's main program, so a plain script may start them."""
    script = tmp_path / "script.py"
    script.write_text(
        "from reluctant.engines import local\n"
        "from tests.engine_work import work\n"
        "print(sum(type(e).__name__ == 'Done' for e in local(work, [1, 2, 3], workers=2)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    out = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path.cwd(),
    )
    assert out.stdout.strip() == "3"


def test_a_file_in_the_current_folder_does_not_stand_in_for_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('not the one you want')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent), prepend=os.pathsep)
    assert isinstance(list(local(work, ["a"], workers=1))[-1], Done)
