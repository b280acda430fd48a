"""Code of the user's own, by name: `module:attribute`, or `here:word` for an object of this session."""

import importlib
import sys
from pathlib import Path
from typing import Any

from reluctant.core.errors import StudyError
from reluctant.core.extensions import extensions
from reluctant.core.suggestions import did_you_mean

HERE = "here"  # stands for the module of what was handed over as an object
SESSION: dict[str, Any] = {}  # these objects, see `reluctant.core.session_objects`


def load_own(head: str, kind: str) -> Any:
    """Import what `module:attribute` names, from the installed packages or the current folder.

    `here:word` is an object of this Python session (`reluctant.core.session_objects`).
    Raises `StudyError` when the module or the attribute is missing, or the module fails while importing.
    """
    module_name, _, path = head.partition(":")
    if module_name == HERE:
        return _of_session(path)
    for extension in extensions():
        module_name = extension.renamed_modules.get(module_name, module_name)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last, so that a file here does not take the place of a library
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as fault:
        raise StudyError(
            f"{kind} {head!r}: there is no module {fault.name or module_name!r} here or among the "
            f"installed packages; start in the folder that holds it"
        ) from None
    except (Exception, SystemExit) as fault:  # a script may well call sys.exit when imported
        raise StudyError(
            f"{kind} {head!r}: importing {module_name!r} failed: {type(fault).__name__}: {fault}"
        ) from fault
    for part in path.split("."):
        if not hasattr(found, part):
            hint = did_you_mean(part, [name for name in dir(found) if not name.startswith("_")])
            raise StudyError(f"{kind} {head!r}: {module_name!r} has no {part!r}{hint}")
        found = getattr(found, part)
    return found


def _of_session(word: str) -> Any:
    if word not in SESSION:
        raise StudyError(
            f"{HERE}:{word} was an object of the Python session that compared it, and this one does not know "
            f"it; call reluctant.compare there again, or put it into a module and write module:{word}"
        )
    return SESSION[word]
