"""Where the files of data sets lie, and what a message says when they are missing."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from reluctant.catalogue.datasets import DatasetEntry
from reluctant.core.errors import DataError

VARIABLE = "RELUCTANT_DATA"


def data_folder(folder: Path | None = None) -> Path:
    """The folder of data sets: `folder` itself, else `$RELUCTANT_DATA`, else one in the user's cache."""
    if folder is not None:
        return Path(folder)
    if variable := os.environ.get(VARIABLE):
        return Path(variable).expanduser()
    return Path(platformdirs.user_cache_dir("reluctant")) / "data"


def find_file(folder: Path, name: str) -> Path | None:
    """The file of a published name `….gz`, or its uncompressed form; None where neither exists.

    The compressed one comes first, since it can be compared with its published checksum. Raises
    `DataError` where the folder cannot be read.
    """
    for path in (folder / name, folder / name.removesuffix(".gz")):
        try:
            if path.is_file():
                return path
        except OSError as fault:  # no permission, or a path too long
            raise DataError(f"{path} cannot be read: {fault.strerror}; correct its permissions") from None
    return None


def manual_download(row: DatasetEntry, folder: Path, missing: Iterable[str]) -> str:
    """Instructions without a network: which files to bring, from where, to which folder."""
    lines = [f"  {name}  ({row.files[name][0]:,} bytes, SHA-256 {row.files[name][1]})" for name in missing]
    sites = " or ".join(row.mirrors)
    return f"put these files into {folder} by hand (they are published at {sites}):\n" + "\n".join(lines)


def user_path(name: str, path: str, example: str, what: str) -> Path:
    """The absolute path of a file or folder that a data set's name contains; `~` is the home folder.

    `path` is relative to the current folder and leads to `what`: "the file", "the folder". Where it is empty, the
    message shows the `example`, a name with a path. Raises `DataError`: there is no path, or nothing under it.
    """
    if not path:
        raise DataError(f"{name}: write which is {what}, as in {example}")
    if signs := re.findall(r"[\a\b\f\n\r\t\v]", path):
        raise DataError(
            f"{name}: the path contains {signs[0]!r}, since a backslash before a letter is another sign in quotes; "
            f"write / instead of \\, as in C:/new/table.csv"
        )
    try:
        absolute = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100  (resolve() fails on '\0')
        if absolute.exists():
            return absolute
    except (RuntimeError, ValueError) as fault:
        raise DataError(f"{name}: this path is not possible: {fault}") from None
    except OSError as fault:
        raise DataError(f"{name}: {path} cannot be read: {fault.strerror}") from None
    raise DataError(f"{name}: there is no {absolute}; a path starts at the folder you are in")
