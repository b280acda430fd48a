"""The folder under fire: the k-th write, sync or rename fails or is the last thing that ever happens."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import reluctant
from reluctant.core.errors import ReluctantError
from tests.small import records
from tests.undisturbed import STUDY, undisturbed, whole

TWO = STUDY.model_copy(update={"seed": (0,), "epochs": (2,)})
MOST = 400  # more points than a study of two runs has


class Crash(BaseException):
    """The end of the process, as far as the disk can tell."""


class Fire:
    """Counts what is done to the disk, and lets the k-th deed fail: once, or with all that would follow."""

    def __init__(self, k: int, *, crash: bool) -> None:
        self.k, self.crash, self.deeds = k, crash, 0

    def strike(self) -> bool:
        """Whether this deed fails."""
        self.deeds += 1
        return self.deeds == self.k or (self.crash and self.deeds > self.k)

    def fail(self) -> None:
        """What failing looks like."""
        if self.crash:
            raise Crash
        raise OSError(28, "No space left on device")

    def deed(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The same deed, which may fail before it is done."""

        def done(*args: Any, **keywords: Any) -> Any:
            if self.strike():
                self.fail()
            return real(*args, **keywords)

        return done

    def open(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """`Path.open` whose files may fail after half of what is written."""

        def opened(path: Path, mode: str = "r", *args: Any, **keywords: Any) -> Any:
            file = real(path, mode, *args, **keywords)
            if mode == "wb" and path.suffix == ".part":
                write = file.write
                file = _Halved(file, lambda data: self._half(write, data))
            return file

        return opened

    def _half(self, write: Callable[[bytes], int], data: bytes) -> int:
        if self.strike():
            write(data[: len(data) // 2])
            self.fail()
        return write(data)


class _Halved:
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
def burning(fire: Fire) -> Iterator[None]:
    """The disk, with this fire in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", fire.open(Path.open))
        patch.setattr(os, "fsync", fire.deed(os.fsync))
        patch.setattr(Path, "replace", fire.deed(Path.replace))
        patch.setattr(Path, "unlink", fire.deed(Path.unlink))
        yield


def carried_out(folder: Path, fire: Fire) -> None:
    """The study, as far as the fire lets it come."""
    with burning(fire), suppress(Crash, OSError, ReluctantError):
        reluctant.run(TWO, folder, engine="serial")


EXPECTED: dict[str, Any] = {}


@pytest.fixture(scope="module", autouse=True)
def _expected(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("undisturbed")
    fire = Fire(MOST, crash=False)
    carried_out(folder, fire)
    EXPECTED.update(records(folder))
    assert len(EXPECTED) == 2
    assert 40 < fire.deeds < MOST
    POINTS.append(fire.deeds)


POINTS: list[int] = []


def survives(folder: Path, k: int, *, crash: bool) -> None:
    """After a fire at the k-th deed all that has a name is whole, and going on gives the same records."""
    fire = Fire(k, crash=crash)
    carried_out(folder, fire)
    assert fire.deeds >= k
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
def test_some_deeds_may_fail(share: float, crash: bool, tmp_path: Path) -> None:
    survives(tmp_path, max(1, round(share * POINTS[0])), crash=crash)


@pytest.mark.slow
@pytest.mark.resume
@pytest.mark.parametrize("crash", [True, False], ids=["crash", "failure"])
def test_every_deed_may_fail(crash: bool, tmp_path: Path) -> None:
    for k in range(1, POINTS[0] + 1):
        survives(tmp_path / str(k), k, crash=crash)
    print(f"{POINTS[0]} points")


@pytest.mark.resume
def test_a_damaged_record_is_set_aside_and_trained_again(tmp_path: Path) -> None:
    reluctant.run(TWO, tmp_path, engine="serial")
    first, _ = sorted((tmp_path / "runs").iterdir())
    good = first.read_bytes()
    first.write_bytes(good.replace(b'"epoch":1', b'"epoch":7', 1))
    results = reluctant.Results.read(tmp_path)
    assert len(results) == 1  # never read as a number
    assert results.damaged == (first.name,)
    events: list[Any] = []
    reluctant.run(TWO, tmp_path, engine="serial", watch=events.append)
    assert "does not match its own sum; set aside as" in events[0].text
    assert sum(type(event).__name__ == "Started" for event in events) == 1
    assert records(tmp_path) == EXPECTED
    assert (tmp_path / "damaged" / first.name).is_file()


@pytest.mark.resume
def test_the_whole_study_is_as_before(tmp_path: Path) -> None:
    reluctant.run(STUDY, tmp_path, workers=2)
    whole(tmp_path)
    assert records(tmp_path) == undisturbed()
