"""Whether a folder is still the one that a study began in."""

from pathlib import Path

from reluctant.core.errors import StudyError


class FolderWatch:
    """Knows a folder by what it keeps while it exists, whatever its name."""

    def __init__(self, path: Path) -> None:
        self.path, self._identity = path, _identity(path)

    def check(self) -> None:
        """`StudyError` where the folder was removed, renamed or replaced since."""
        if _identity(self.path) != self._identity:
            raise StudyError(
                f"{self.path} was removed or renamed while the study was running, so nothing more can be stored; move "
                f"it back and type the same command again to continue"
            )


def _identity(path: Path) -> tuple[int, int] | None:
    """The file system's numbers of a folder; None where there is no such folder."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
