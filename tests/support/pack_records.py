"""What the runs of an engine have recorded, for tests that compare runs alone with runs in packs."""

from collections.abc import Iterable
from typing import Any

from reluctant.engines import Done, Event, Failed
from reluctant.records.store import without_seconds
from reluctant.study import Run


def records_of(events: Iterable[Event]) -> dict[Run, Any]:
    """The record of every run, without times; none of them has failed."""
    ends = [event for event in events if isinstance(event, Done | Failed)]
    assert not [event for event in ends if isinstance(event, Failed)]
    return {event.run: without_seconds(event.record.to_json()) for event in ends if isinstance(event, Done)}
