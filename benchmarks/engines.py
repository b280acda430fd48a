"""What an engine itself costs: seconds to its start and to its end, milliseconds for a run that does nothing.

python -m benchmarks.engines
"""

import time
from collections.abc import Callable, Generator
from typing import Any

from reluctant.core.environment import cores
from reluctant.engines import Done, Events, Started, local
from reluctant.engines.ray import ray_engine

RUNS = 1000


def nothing(run: int) -> Generator[Any, None, Any]:
    """A run of one epoch in which nothing happens; dictionaries stand in for records."""
    yield {"epoch": 1}
    return {"run": run}


def measure(engine: Callable[[], Events]) -> str:
    """Seconds to the first run, milliseconds a run between the first and the last end, seconds to stop."""
    began, ends, first = time.perf_counter(), [], 0.0
    for event in engine():
        now = time.perf_counter()
        if isinstance(event, Started):
            first = first or now - began
        if isinstance(event, Done):
            ends.append(now)
    each = 1000 * (ends[-1] - ends[0]) / (len(ends) - 1)
    stopped = time.perf_counter() - ends[-1]
    return f"first run after {first:.1f} s, {each:.1f} ms a run, stopped in {stopped:.1f} s"


def main() -> None:
    """Measure both engines, three times each, in turn."""
    from benchmarks.engines import nothing as work  # by the name under which workers find it

    for _ in range(3):
        print("local:", measure(lambda: local(work, range(RUNS), workers=cores())))
        print("ray:  ", measure(lambda: ray_engine(work, range(RUNS))))


if __name__ == "__main__":
    main()
