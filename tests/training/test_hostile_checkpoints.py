"""A checkpoint that was made to fill the memory is refused, and takes little of it."""

import gc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from reluctant.core import memory
from reluctant.training.checkpoints import Checkpoint
from tests.support.checkpoints import refused, training_after


class Zeros:
    """So many bytes, in a few bytes of a pickle."""

    def __reduce__(self) -> Any:
        return bytearray, (10**11,)


def nested(levels: int) -> list[Any]:
    """A list that holds itself twice at every level: 2 to the power of `levels` parts."""
    part: list[Any] = []
    for _ in range(levels):
        part = [part, part]
    return part


BOMBS = {
    "a repeated number": lambda: torch.zeros(1).expand(10**6, 10**6),
    "lists of lists": lambda: nested(60),
    "zeros": Zeros,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_holds_much_is_refused(bomb: str, saved: Checkpoint) -> None:
    torch.save({"format": 1, "model": BOMBS[bomb](), "sha256": ""}, saved.path)
    refused(saved)


def peak_growth(action: Callable[[], object]) -> int:
    """By how many bytes an action raises the memory of this process at most."""
    status = Path("/proc/self/status")

    def kibibytes(name: str) -> int:
        return int(next(line for line in status.read_text().splitlines() if line.startswith(name)).split()[1])

    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    except OSError:
        pytest.skip("the peak of the memory can be measured on Linux alone")
    before = kibibytes("VmRSS")
    action()
    return 1024 * (kibibytes("VmHWM") - before)


BIG = 6 * 2**20  # bytes
HOSTILE: dict[str, Callable[[], object]] = {
    "a text": lambda: "\U0001f4a3" + "a" * BIG,  # one character makes Python hold four bytes for each
    "numbers": lambda: list(range(BIG // 5)),
    "short texts": lambda: [str(i) for i in range(BIG // 12)],
    "a repeated tensor": lambda: [torch.zeros(BIG // 4)] * 1000,
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_reading_a_hostile_file_takes_twice_its_size_and_some_buffers_at_most(
    hostile: str, saved: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text took 2.7 GB, a packed file 2.2 GB. With small buffers a small file shows it."""
    monkeypatch.setattr(memory, "SLACK", 6 * 2**20)
    torch.save({"format": 1, "model": HOSTILE[hostile](), "sha256": ""}, saved.path)
    size, training = saved.path.stat().st_size, training_after(0)
    assert size > BIG // 2
    growth = peak_growth(lambda: saved.restore(training))
    assert not saved.path.exists()
    assert growth <= 2 * size + 2 * memory.SLACK  # also what the process had been given before and did not use


def test_a_packed_file_is_refused_before_it_is_unpacked(saved: Checkpoint) -> None:
    torch.save({"format": 1, "model": torch.zeros(10**7), "sha256": ""}, saved.path)
    with zipfile.ZipFile(saved.path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(saved.path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    assert "it is packed" in refused(saved)
