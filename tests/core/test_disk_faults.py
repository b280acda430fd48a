"""A study's folder on a faulty disk: the k-th write, sync or rename fails, or the process ends there."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import reluctant
from reluctant.core.errors import ReluctantError
from tests.support.interrupted_study import STUDY
from tests.support.small import SMALL, records

TWO = STUDY.model_copy(update={"model": (SMALL,), "seed": (0,), "epochs": (2,)})
MOST_OPERATIONS = 400  # more than a study of two runs needs


class Crash(BaseException):
    """The end of the process, as far as the disk can tell."""


class FaultyDisk:
    """Counts the operations on the disk and lets the k-th fail: alone, or with all that follow (a crash)."""

    def __init__(self, k: int, *, crash: bool) -> None:
        self.k, self.crash, self.operations = k, crash, 0

    def count(self) -> bool:
        """Count an operation; whether it fails."""
        self.operations += 1
        return self.operations == self.k or (self.crash and self.operations > self.k)

    def fail(self) -> None:
        """Raise what a failing operation raises."""
        if self.crash:
            raise Crash
        raise OSError(28, "No space left on device")

    def wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The same operation, which may fail before it is done."""

        def operation(*args: Any, **keywords: Any) -> Any:
            if self.count():
                self.fail()
            return real(*args, **keywords)

        return operation

    def wrap_open(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """`Path.open`, whose files may fail after half of the content is written."""

        def opened(path: Path, mode: str = "r", *args: Any, **keywords: Any) -> Any:
            file = real(path, mode, *args, **keywords)
            if mode == "wb" and path.suffix == ".part":
                write = file.write
                file = _FileWithWrite(file, lambda data: self._write_or_half(write, data))
            return file

        return opened

    def _write_or_half(self, write: Callable[[bytes], int], data: bytes) -> int:
        if self.count():
            write(data[: len(data) // 2])
            self.fail()
        return write(data)


class _FileWithWrite:
    """A file with another `write`."""

    def __init__(self, file: Any, write: Callable[[bytes], int]) -> None:
        self.file, self.write = file, write

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@contextmanager
def installed(disk: FaultyDisk) -> Iterator[None]:
    """Let all operations go through this faulty disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", disk.wrap_open(Path.open))
        patch.setattr(os, "fsync", disk.wrap(os.fsync))
        patch.setattr(Path, "replace", disk.wrap(Path.replace))
        patch.setattr(Path, "unlink", disk.wrap(Path.unlink))
        yield


def run_study(folder: Path, disk: FaultyDisk) -> None:
    """Run the study as far as the faulty disk permits."""
    with installed(disk), suppress(Crash, OSError, ReluctantError):
        reluctant.run(TWO, folder, engine="serial")


EXPECTED: dict[str, Any] = {}


@pytest.fixture(scope="module", autouse=True)
def _expected(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("expected")
    disk = FaultyDisk(MOST_OPERATIONS, crash=False)
    run_study(folder, disk)
    EXPECTED.update(records(folder))
    assert len(EXPECTED) == 2
    assert 40 < disk.operations < MOST_OPERATIONS
    OPERATIONS.append(disk.operations)


OPERATIONS: list[int] = []


def check_fault(folder: Path, k: int, *, crash: bool) -> None:
    """After a fault at the k-th operation every file is complete, and resuming gives the same records."""
    disk = FaultyDisk(k, crash=crash)
    run_study(folder, disk)
    assert disk.operations >= k
    for record in records(folder).values():
        assert record in EXPECTED.values()
    if (folder / "study.toml").exists():
        assert reluctant.Study.read(folder / "study.toml") == TWO
    reluctant.run(TWO, folder, engine="serial")
    assert records(folder) == EXPECTED
    assert [path.name for path in folder.rglob("*.part")] == []


@pytest.mark.resume
@pytest.mark.parametrize("crash", [True, False], ids=["crash", "failure"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.55, 0.8, 1.0])
def test_some_operations_may_fail(share: float, crash: bool, tmp_path: Path) -> None:
    check_fault(tmp_path, max(1, round(share * OPERATIONS[0])), crash=crash)


@pytest.mark.slow
@pytest.mark.resume
@pytest.mark.parametrize("crash", [True, False], ids=["crash", "failure"])
def test_every_operation_may_fail(crash: bool, tmp_path: Path) -> None:
    for k in range(1, OPERATIONS[0] + 1):
        check_fault(tmp_path / str(k), k, crash=crash)
    print(f"{OPERATIONS[0]} operations")


@pytest.mark.resume
def test_a_damaged_record_is_quarantined_and_trained_again(tmp_path: Path) -> None:
    reluctant.run(TWO, tmp_path, engine="serial")
    first, _ = sorted((tmp_path / "runs").iterdir())
    good = first.read_bytes()
    first.write_bytes(good.replace(b'"epoch":1', b'"epoch":7', 1))
    results = reluctant.Results.read(tmp_path)
    assert len(results) == 1  # never read as a number
    assert results.records.damaged == (f"runs/{first.name}",)
    events: list[Any] = []
    reluctant.run(TWO, tmp_path, engine="serial", watch=events.append)
    assert "is damaged: its checksum does not match. It was moved to" in events[0].text
    assert sum(type(event).__name__ == "Started" for event in events) == 1
    assert records(tmp_path) == EXPECTED
    assert (tmp_path / "damaged" / first.name).is_file()
