"""Files that are written completely or not at all, and damaged files that are moved out of the way."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that its name always refers to the old content or to the new, never to a part.

    The content is written under another name, synced and renamed. The folder is synced too, so that a loss of power
    after the return loses nothing. Raises `OSError`: the disk is full or cannot be written; the old content is still
    there.
    """
    with atomic_file(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that gets the name `path` at the end, and is deleted after any exception."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with naming(path), temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:  # an interrupt too
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An `OSError` without the name of a file gets this one: reading and writing an open file tell no name."""
    try:
        yield
    except OSError as fault:
        if fault.filename is None:
            fault.filename = str(path)
        raise


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # Windows cannot open folders; the rename itself has happened
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems cannot sync a folder
    finally:
        os.close(handle)


def quarantine(path: Path, folder: Path) -> Path:
    """Move a file that cannot be trusted into `folder` and return its new path.

    Files of the same name that are already in `folder` stay there. Where `folder` is itself a file, another folder
    beside it is used.
    """
    number = 0
    while folder.exists() and not folder.is_dir():
        number += 1
        folder = folder.with_name(f"{folder.name.partition('-')[0]}-{number}")
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    for number in range(1, 1000):
        if not target.exists():
            break
        target = folder / f"{path.stem}-{number}{path.suffix}"
    path.replace(target)
    return target


def delete_partial_files(folder: Path) -> None:
    """Delete the half-written files that killed writers have left in a folder."""
    for partial in folder.glob(".*.part"):
        partial.unlink(missing_ok=True)
