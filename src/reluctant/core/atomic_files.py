"""Files written whole or not at all, and files set aside instead of trusted."""

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that its name holds the old content or the new, never a part, whatever happens.

    Written under another name, synced, renamed, and the folder synced too, so that a loss of power after the
    return loses nothing. OSError where the disk is full or cannot be written; the old content then stands.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # Windows opens no folders; the rename itself has happened
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems cannot
    finally:
        os.close(handle)


def set_aside(path: Path, place: Path) -> Path:
    """Move a file that is not to be trusted into the folder `place`, beside whatever lies there already."""
    place.mkdir(exist_ok=True)
    target = place / path.name
    for number in range(1, 1000):
        if not target.exists():
            break
        target = place / f"{path.stem}-{number}{path.suffix}"
    path.replace(target)
    return target


def sweep(folder: Path) -> None:
    """Delete what writers that were killed have left half written in a folder."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)
