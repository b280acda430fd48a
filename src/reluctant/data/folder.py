"""Where the files of published data sets lie, and what to say when they are not there."""

import os
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from reluctant.catalogue.datasets import DatasetEntry
from reluctant.core.errors import DataError

VARIABLE = "RELUCTANT_DATA"


def root(folder: Path | None = None) -> Path:
    """The folder of data sets: the given one, else `$RELUCTANT_DATA`, else one in the user's cache."""
    if folder is not None:
        return Path(folder)
    named = os.environ.get(VARIABLE, "")
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_cache_dir("reluctant")) / "data"


def find(folder: Path, name: str) -> Path | None:
    """The file of a published name `….gz`, or its uncompressed form; None where neither is there.

    The compressed one is taken first: it can be held against its published sum. Raises `DataError` where
    one may not look.
    """
    for path in (folder / name, folder / name.removesuffix(".gz")):
        try:
            if path.is_file():
                return path
        except OSError as fault:  # a folder that may not be looked into, a path too long
            raise DataError(f"{path} cannot be looked at: {fault.strerror}; mend its permissions") from None
    return None


def by_hand(row: DatasetEntry, folder: Path, missing: Iterable[str]) -> str:
    """What a user does who has no network here: which files to bring, from where, to which folder."""
    lines = [f"  {name}  ({row.files[name][0]:,} bytes, SHA-256 {row.files[name][1]})" for name in missing]
    homes = " or ".join(row.mirrors)
    return f"put these files into {folder} by hand (their home: {homes}):\n" + "\n".join(lines)


def own_path(name: str, given: str, example: str, what: str) -> Path:
    """The user's own file or folder that a data set's name speaks of, relative to here; `~` is the home.

    Raises `DataError` where none is given (then with the example) or there can be none of this name.
    """
    if not given:
        raise DataError(f"{name}: say which is {what}, as in {example}")
    try:
        path = Path(os.path.abspath(Path(given).expanduser()))  # noqa: PTH100  (resolve() fails on '\0')
        if path.exists():
            return path
    except (RuntimeError, ValueError) as fault:
        raise DataError(f"{name}: there can be no such path: {fault}") from None
    except OSError as fault:
        raise DataError(f"{name}: {given} cannot be looked at: {fault.strerror}") from None
    raise DataError(f"{name}: there is no {path}; a path is taken from the folder you are in")
