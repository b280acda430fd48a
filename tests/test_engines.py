"""Engines: one contract for all, and what a process that dies costs."""

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from reluctant.engines import Done, Epoch, Event, Failed, Ready, Started, local, serial
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
            "from reluctant.engines.local import Process\n"
            "from tests.engine_work import work\n"
            "p = Process(work); p.begin('a')\n"
            "while type(p.receive()).__name__ != 'Done': pass\n"
            "print(p.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        pid = int(out.stdout)
        assert ended(pid), "the worker outlived its owner"


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
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    assert isinstance(list(local(work, ["a"], workers=1))[-1], Done)
