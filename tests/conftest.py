"""What all tests share."""

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # the machine may be busy; tests do not time
settings.load_profile("unhurried")

WANTED = {"ray", "chromium", "mnist", "resume"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Where RELUCTANT_NO_SKIPS is set, a skipped test of a kind that must run there is a failure."""
    report = yield
    if (
        report.skipped
        and os.environ.get("RELUCTANT_NO_SKIPS")
        and WANTED & {m.name for m in item.iter_markers()}
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped, and must not be here: {report.longrepr}"
    return report
