"""Settings for all tests."""

import gc
import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.support.engine_contract", "tests.support.interrupted_study")
settings.register_profile("unhurried", deadline=None)  # the machine may be busy; no test has a time limit
settings.load_profile("unhurried")

os.environ["RELUCTANT_ALLOW_MODULES"] = "tests"  # studies of tests name classes there from any current folder
# Two threads in each of two processes slow everything down, laws by 13 to 24 times; the processes of tests inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What imports and the collection make stays, and searching it for garbage again and again took a tenth of the time.
gc.set_threshold(20_000, 20, 20)

LONGEST = (  # files of more than ten seconds
    "tests/api/test_end_to_end", "tests/api/test_own_training", "tests/api/test_until_decided", "tests/engines/",
    "tests/figures/test_every_figure", "tests/integrations/", "tests/models/test_kernels",
    "tests/report/test_in_browser", "tests/test_examples", "tests/test_guides", "tests/training/test_checkpoints",
    "tests/training/test_packs", "tests/training/test_streamed_tensors", "tests/training/test_training",
)  # fmt: skip
REQUIRED = {"ray", "chromium", "mnist", "resume"}  # kinds of tests that RELUCTANT_NO_SKIPS forbids to skip


@pytest.fixture
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages have no drawings, for tests of anything else; a test marked `drawn` has them all the same."""
    if request.node.get_closest_marker("drawn"):
        return
    from reluctant.report.pictures import PictureBook
    from tests.support.undrawn import picture_without_drawing

    monkeypatch.setattr(PictureBook, "draw", picture_without_drawing)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files, in random order too, come first, so that at the end no process waits for another."""
    gc.collect()
    gc.freeze()
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """If RELUCTANT_NO_SKIPS is set, a skipped test of a required kind fails."""
    report = yield
    if report.skipped and os.environ.get("RELUCTANT_NO_SKIPS") and REQUIRED & {m.name for m in item.iter_markers()}:
        report.outcome = "failed"
        report.longrepr = f"skipped, but required here: {report.longrepr}"
    return report
