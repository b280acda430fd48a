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
GUARD = ".lock.part"  # exists while a process decides who is the writer, where there are no locks
Writer = dict[str, Any]  # process, machine, since; empty where the file names nobody


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Be the only writer in a folder, which is created if it is missing.

    The system itself frees the lock of a process that is gone. On a file system without locks, a writer of this machine
    that is no longer alive is ignored. Raises `StudyError`: another process is the writer; the message names process,
    machine, user and time.
    """
    created = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_FILE
    handle = _open_locked(path)
    try:
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
    path = folder / LOCK_FILE
    writer = _read_writer(path)
    ours = writer.get("process") == os.getpid()
    return _describe_writer(writer, path) if ours or _may_be_alive(writer) else ""


def _open_locked(path: Path) -> int:
    """Return an open handle of the lock file, with the lock and with this process named in it."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except PermissionError:
            if not path.exists():
                raise
            _remove_lock_of_other_user(path)
            continue
        try:
            if not _acquire_lock(handle, path):
                writer = _read_writer(path)
                who = _describe_writer(writer, path) if writer else "another process"
                raise StudyError(
                    f"{path.parent} is being worked on by {who}. Wait for it or stop it; `reluctant status`, `report` "
                    f"and `compare` work meanwhile. If that process is gone and this stays, delete {path}."
                )
            if _is_still_at(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its writer deleted the file after we opened it and before we locked it


def _acquire_lock(handle: int, path: Path) -> bool:
    """Lock the file and write this process into it; False where another process has it."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # Windows, or a file system without locks
        with _one_at_a_time(path.with_name(GUARD)):
            if _may_be_alive(_read_writer(path)):
                return False
            _write_writer(handle)
            return True
    _write_writer(handle)
    return True


@contextmanager
def _one_at_a_time(guard: Path) -> Iterator[None]:
    """Be the only process that decides, by a file that can be created only once; without locks nothing else can."""
    try:
        os.close(os.open(guard, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        raise StudyError(
            f"another process begins to work in {guard.parent} at this moment. If there is none, delete {guard}."
        ) from None
    try:
        yield
    finally:
        guard.unlink(missing_ok=True)


def _remove_lock_of_other_user(path: Path) -> None:
    """Delete a lock file that another user's killed process has left; `StudyError` where that is not possible."""
    whose = f"{path} belongs to {_owner(path) or 'another user'}"
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    except OSError as fault:
        raise StudyError(
            f"{whose} and cannot be read ({fault.strerror}), so nobody knows whether a process works in {path.parent}. "
            f"Ask them to delete it if none does, or choose another folder with -o"
        ) from None
    try:
        if not _acquire_for_reading(handle, path):
            raise StudyError(
                f"{path.parent} is being worked on by {_describe_writer(_read_writer(path), path)}. Wait for it; "
                f"`reluctant status`, `report` and `compare` work meanwhile."
            )
        path.unlink(missing_ok=True)
    except PermissionError:
        raise StudyError(
            f"{whose}, whose process ended without deleting it, and you may not. Ask them to delete it, or choose "
            f"another folder with -o"
        ) from None
    finally:
        os.close(handle)


def _acquire_for_reading(handle: int, path: Path) -> bool:
    """Whether no living process holds the lock of a file that may only be read."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # without locks, or NFS, which wants a file that may be written
        return not _may_be_alive(_read_writer(path))
    return True


def _is_still_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _write_writer(handle: int) -> None:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    writer = {"process": os.getpid(), "machine": platform.node(), "since": now}
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(writer).encode(), 0)


def _read_writer(path: Path) -> Writer:
    try:
        writer = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return writer if isinstance(writer, dict) else {}


def _describe_writer(writer: Writer, path: Path) -> str:
    owner = f" of {_owner(path)}" if _owner(path) else ""
    return f"process {writer.get('process')} on {writer.get('machine')}{owner}, since {writer.get('since')}"


def _owner(path: Path) -> str:
    """The user whose file this is, where it is another one; empty where it is this process's own."""
    try:
        return f"the user {path.owner()}" if path.stat().st_uid != os.getuid() else ""
    except (OSError, KeyError, AttributeError, NotImplementedError):  # Windows, or a user without a name here
        return ""


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
