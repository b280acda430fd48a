"""One writer at a time in a folder: a lock that names its holder and dies with it."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError

NAME = ".lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the one writer in a folder, which is made where it is missing.

    Raises `StudyError` that names process, machine and time where another process is the writer. The system
    itself frees the lock of a process that is gone; where the file system knows no locks, a holder of this
    machine that no longer lives is passed over.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    handle = _taken(path)
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(_me()).encode(), 0)
        yield
    finally:
        try:
            with suppress(OSError):
                path.unlink()
        finally:
            os.close(handle)
        if made:  # a folder that nothing came into is no trace worth leaving
            with suppress(OSError):
                folder.rmdir()


def _me() -> dict[str, Any]:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return {"process": os.getpid(), "machine": platform.node(), "since": now}


def _taken(path: Path) -> int:
    """An open handle of the lock file, held alone."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _hold(handle, path):
            os.close(handle)
            raise StudyError(_held(path))
        if _is(path, handle):
            return handle
        os.close(handle)  # its holder deleted it between our opening it and our locking it


def _hold(handle: int, path: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return not _alive(_holder(path))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return not _alive(_holder(path))
    return True


def _is(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def holder(folder: Path) -> str:
    """Who is the writer in a folder, in words; empty where nobody is."""
    found = _holder(folder / NAME)
    return _who(found) if found.get("process") == os.getpid() or _alive(found) else ""


def _who(found: dict[str, Any]) -> str:
    return f"process {found.get('process')} on {found.get('machine')}, since {found.get('since')}"


def _holder(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _alive(found: dict[str, Any]) -> bool:
    """Whether the holder may still be at work; of another machine nobody can tell, so it counts as alive."""
    if not found or found.get("process") == os.getpid():
        return False
    if found.get("machine") != platform.node():
        return True
    try:
        os.kill(int(found["process"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except OSError:
        return True
    return True


def _held(path: Path) -> str:
    found = _holder(path)
    who = _who(found) if found else "another process"
    return (
        f"{path.parent} is being worked on by {who}. Wait for it or stop it; `reluctant status`, "
        f"`report` and `compare` work meanwhile. If that process is gone and this stays, delete {path}."
    )
