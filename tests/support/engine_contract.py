"""The contract of every engine, as tests that run for each: subclass it and give the fixture `engine`."""

from collections.abc import Iterator
from typing import Any

from reluctant.engines import Done, Epoch, Event, Failed, Ready, Started
from tests.support.engine_work import content, work


def by_run(events: Iterator[Event]) -> dict[Any, list[Event]]:
    """The events of every run, in their order, without `Ready`."""
    events_by_run: dict[Any, list[Event]] = {}
    for event in events:
        if isinstance(event, Ready):
            continue
        events_by_run.setdefault(event.run, []).append(event)
    return events_by_run


class EngineContract:
    """Every engine yields these events for these runs."""

    def test_every_run_starts_yields_epochs_and_ends(self, engine: Any) -> None:
        events = by_run(engine(work, list("abcde")))
        assert sorted(events) == list("abcde")
        for run, run_events in events.items():
            assert [type(event) for event in run_events] == [Started, Epoch, Epoch, Done]
            assert [content(e)["epoch"] for e in run_events if isinstance(e, Epoch)] == [1, 2]
            assert content(run_events[-1])["run"] == run

    def test_an_exception_fails_only_its_run_and_has_a_traceback(self, engine: Any) -> None:
        events = by_run(engine(work, ["a", "raise", "b"]))
        fault = events["raise"][-1]
        assert isinstance(fault, Failed)
        assert "ValueError: a fault in the run" in fault.cause
        assert "Traceback" in fault.cause
        assert all(isinstance(events[run][-1], Done) for run in "ab")

    def test_an_exit_fails_only_its_run(self, engine: Any) -> None:
        """`sys.exit()` in the user's code: with the serial engine the study ended, as if it had succeeded."""
        events = by_run(engine(work, ["a", "exit", "b"]))
        fault = events["exit"][-1]
        assert isinstance(fault, Failed)
        assert fault.cause.startswith("code of the run ended the program (sys.exit(3)); let it return")
        assert all(isinstance(events[run][-1], Done) for run in "ab")

    def test_without_runs_there_is_only_ready(self, engine: Any) -> None:
        assert list(engine(work, [])) == [Ready()]

    def test_closing_stops_the_work(self, engine: Any) -> None:
        events = engine(work, list("abcdef"))
        assert isinstance(next(events), Ready)
        assert isinstance(next(events), Started)
        events.close()
        assert list(events) == []
