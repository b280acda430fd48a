"""One writer at a time in a folder: a lock file that names the writer and is free once the writer is gone."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError

LOCK_FILE = ".lock"
Writer = dict[str, Any]  # process, machine, since; empty where the file names nobody


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Be the only writer in a folder, which is created if it is missing.

    The system itself frees the lock of a process that is gone. On a file system without locks, a writer of this machine
    that is no longer alive is ignored. Raises `StudyError`: another process is the writer; the message names process,
    machine and time.
    """
    created = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_FILE
    handle = _open_locked(path)
    try:
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        writer = {"process": os.getpid(), "machine": platform.node(), "since": now}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(writer).encode(), 0)
        yield
    finally:
        try:
            with suppress(OSError):
                path.unlink()
        finally:
            os.close(handle)
        if created:  # do not leave an empty folder behind
            with suppress(OSError):
                folder.rmdir()


def lock_holder(folder: Path) -> str:
    """Return who writes in a folder, in words; empty where nobody does."""
    writer = _read_writer(folder / LOCK_FILE)
    ours = writer.get("process") == os.getpid()
    return _describe_writer(writer) if ours or _may_be_alive(writer) else ""


def _open_locked(path: Path) -> int:
    """Return an open handle of the lock file, with the lock."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _acquire_lock(handle, path):
            os.close(handle)
            writer = _read_writer(path)
            who = _describe_writer(writer) if writer else "another process"
            raise StudyError(
                f"{path.parent} is being worked on by {who}. Wait for it or stop it; `reluctant status`, `report` and "
                f"`compare` work meanwhile. If that process is gone and this stays, delete {path}."
            )
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(handle)):
                return handle
        os.close(handle)  # its writer deleted the file after we opened it and before we locked it


def _acquire_lock(handle: int, path: Path) -> bool:
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # Windows, or a file system without locks
        return not _may_be_alive(_read_writer(path))
    return True


def _read_writer(path: Path) -> Writer:
    try:
        writer = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return writer if isinstance(writer, dict) else {}


def _describe_writer(writer: Writer) -> str:
    return f"process {writer.get('process')} on {writer.get('machine')}, since {writer.get('since')}"


def _may_be_alive(writer: Writer) -> bool:
    """Whether another process may still write. On another machine nobody can check, so it counts as alive."""
    if not writer or writer.get("process") == os.getpid():
        return False
    if writer.get("machine") != platform.node():
        return True
    try:
        os.kill(int(writer["process"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except OSError:
        return True
    return True
