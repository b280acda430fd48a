"""A run trained by a function of the user's own, whose reports become events while it trains."""

import os
from collections.abc import Callable, Generator
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from reluctant.core.errors import StudyError
from reluctant.records.parts import ReportedEpoch
from reluctant.trials.reports import Reports
from reluctant.trials.trial import Trial

Function = Callable[..., Any]


def train_by_function(
    function: Function, keywords: dict[str, Any], make_trial: Callable[[Callable[[ReportedEpoch], None]], Trial],
    reports: Reports, name: str,
) -> Generator[ReportedEpoch, None, None]:  # fmt: skip
    """Call the function once, and yield every report when it is made.

    The function runs in this thread, in a greenlet: it is suspended at each report until the next one is asked for. So
    it may use signals, and an interrupt reaches it, which would not be so in a thread of its own.

    Raises:
        StudyError: It exits, returns what is no score, or reports nothing.
    """
    process = os.getpid()

    def emit(report: ReportedEpoch) -> None:
        body.parent.switch(report)

    def call() -> Any:
        try:
            return function(make_trial(emit), **keywords)
        except SystemExit as fault:
            if isinstance(fault.__context__, KeyboardInterrupt):  # Lightning makes an exit of an interrupt
                raise fault.__context__ from None
            raise StudyError(f"{name} ended the program (sys.exit({fault.code!r})); let it return instead") from None

    body = greenlet(call)
    try:
        result = _resume(body)
        while not body.dead:
            yield result
            result = _resume(body)
    finally:
        if not body.dead:
            body.throw(GreenletExit)
        if os.getpid() != process:  # a child that the function forked has returned from it
            os._exit(0)
    if (final := reports.add_final(result, name)) is not None:
        yield final


def _resume(body: greenlet) -> Any:
    """Go on with the function until it reports or returns; the report, or what it returns."""
    body.parent = getcurrent()  # whoever asks for the next report
    return body.switch()
