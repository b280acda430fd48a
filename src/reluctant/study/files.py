"""Study files: those that come with the package, and the user's own."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import StudyError
from reluctant.core.extensions import extensions
from reluctant.core.user_code import SESSION_MODULE

LARGEST = 2**20  # bytes of a study file


def read_study_file(source: str | Path, overrides: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The content of a bundled study or a study file with keys replaced, and where it is from.

    Raises `StudyError`: no such file, or no TOML.
    """
    text, origin = _study_text(source)
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:  # a huge number or a deep nesting is no TOMLDecodeError
        hint = "; is a quotation mark missing there?" if "Illegal character '\\n'" in str(fault) else ""
        raise StudyError(f"{origin} is not TOML: {fault}{hint}") from None
    for path, value in overrides.items():
        *tables, key = path.split(".")
        target: Any = content
        for table in tables:
            target = target.setdefault(table, {})
            if not isinstance(target, dict):
                raise StudyError(
                    f"--set {path}: {table!r} is not a table of the study; give its value, --set {table}=…, or write "
                    f"the table [{table}] in a study file"
                )
        target[key] = value
    return content, origin


def _study_text(source: str | Path) -> tuple[str, str]:
    """The text of a bundled study or a study file, and where it is from; `StudyError` where there is none."""
    if isinstance(source, str) and source in bundled():
        return bundled()[source].read_text(encoding="utf-8"), source
    path = Path(source)
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8-sig") if size <= LARGEST else ""
    except FileNotFoundError:
        known = ", ".join(bundled())
        if path.suffix == ".toml":
            raise StudyError(f"there is no file {path}; bundled studies: {known}") from None
        hint = did_you_mean(str(path), bundled()) or f"; bundled are {known}."
        raise StudyError(f"no study is called {str(path)!r}{hint} Your own is a .toml file.") from None
    except IsADirectoryError:
        raise StudyError(f"{path} is a folder; give the study file in it") from None
    except UnicodeDecodeError:
        raise StudyError(f"{path} is not a text file in UTF-8") from None
    except (OSError, ValueError) as fault:  # ValueError: a null character
        raise StudyError(f"{quoted(str(path))} cannot be read: {fault}") from None
    if size > LARGEST:
        raise StudyError(f"{path} has {size:,} bytes, and a study file has at most {LARGEST:,}; is it the right file?")
    return text, str(path)


def study_path(source: object) -> Path | None:
    """The study file that `source` names; None for a bundled study, or a `Study` itself."""
    return Path(source) if isinstance(source, str | Path) and str(source) not in bundled() else None


def bundled() -> dict[str, Path]:
    """The studies that come with the package: name → file."""
    folders = [Path(__file__).parent / "bundled", *(e.studies for e in extensions() if e.studies)]
    files = [path for folder in folders for path in folder.glob("*.toml")]
    return {path.stem: path for path in sorted(files, key=lambda path: path.stem)}


def refuse_session_objects(names: Iterable[str]) -> None:
    """`StudyError` where one of the names is that of an object of this Python session."""
    if here := [name for name in names if name.startswith(f"{SESSION_MODULE}:")]:
        raise StudyError(
            f"{' and '.join(here)} {'is an object' if len(here) == 1 else 'are objects'} of this Python "
            f"session, which no file can name; put the code into a module and name it module:name, and data "
            f"into a file (npz, csv) or a function of that module"
        )
