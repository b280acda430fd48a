"""Study files: those that come with the package, and the user's own."""

from pathlib import Path

from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.core.extensions import extensions
from reluctant.core.suggestions import did_you_mean


def study_text(source: str | Path) -> tuple[str, str]:
    """The text of a bundled study or a study file, and where it is from; `StudyError` where there is none."""
    if isinstance(source, str) and source in bundled():
        return bundled()[source].read_text(encoding="utf-8"), source
    path = Path(source)
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except FileNotFoundError:
        raise StudyError(_no_study(path)) from None
    except IsADirectoryError:
        raise StudyError(f"{path} is a folder; give the study file in it") from None
    except UnicodeDecodeError:
        raise StudyError(f"{path} is not a text file in UTF-8") from None
    except (OSError, ValueError) as fault:  # ValueError: a null character
        raise StudyError(f"{quoted(str(path))} cannot be read: {fault}") from None


def _no_study(path: Path) -> str:
    known = ", ".join(bundled())
    if path.suffix == ".toml":
        return f"there is no file {path}; bundled studies: {known}"
    hint = did_you_mean(str(path), bundled()) or f"; bundled are {known}."
    return f"no study is called {str(path)!r}{hint} Your own is a .toml file."


def bundled() -> dict[str, Path]:
    """The studies that come with the package: name → file."""
    folders = [Path(__file__).parent / "bundled", *(e.studies for e in extensions() if e.studies)]
    files = [path for folder in folders for path in folder.glob("*.toml")]
    return {path.stem: path for path in sorted(files, key=lambda path: path.stem)}
