"""Which code a study may run: files beside it or in the current folder, and packages that the user allowed.

People run study files that they were given. A name in such a file must not reach what the file cannot contain itself:
the standard library and installed packages. All checks here are made without importing anything.
"""

import importlib.util
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from reluctant.core.errors import StudyError
from reluctant.core.extensions import extensions
from reluctant.core.names import parse

SESSION_MODULE = "here"  # stands before the colon where a module's name would stand
VARIABLE = "RELUCTANT_ALLOW_MODULES"
_LAYERS = re.compile(r"torch\.nn(\.functional|\.modules(\.\w+)*)?:\w+")  # activations and layers of PyTorch
_INSTALLED = {"site-packages", "dist-packages"}


def check_user_code(names: Iterable[str], study: Path | None = None, allowed: Iterable[str] = ()) -> list[str]:
    """Sentences that say which files of the user's a study runs, before any of them is imported.

    Args:
        names: Of activations, networks, data sets and procedures.
        study: The study file; modules beside it may be named, and can be imported from now on.
        allowed: Installed packages, or modules of them, that may be named too. The environment variable
            `RELUCTANT_ALLOW_MODULES` has more, separated by commas.

    Raises:
        StudyError: A name leads to the standard library, or to an installed package that is not allowed.
    """
    folders = [Path.cwd(), *([study.absolute().parent] if study else [])]
    for folder in folders:
        if str(folder) not in sys.path:
            sys.path.append(str(folder))  # last, so that a file in it cannot replace a library
    permitted = {*allowed, *filter(None, re.split(r"[,\s]+", os.environ.get(VARIABLE, "")))}
    permitted |= {module for extension in extensions() for pair in extension.renamed_modules.items() for module in pair}
    used: dict[Path, list[str]] = {}
    for head in _user_heads(names):
        module = head.partition(":")[0]
        if module == SESSION_MODULE or _LAYERS.fullmatch(head) or _is_part_of(module, permitted):
            continue
        refuse_standard_library(head)
        top = module.partition(".")[0]
        for path in _files_of(top):  # a package without __init__.py may lie in several folders
            if _INSTALLED & set(path.parts) or not any(path.is_relative_to(folder) for folder in folders):
                raise StudyError(
                    f"{head} names code outside the study's folder and the current folder: {path}; if you trust it, "
                    f"add --allow-module {top} (in Python allow_modules=[{top!r}]), or set {VARIABLE}={top}"
                )
            used.setdefault(path, []).append(head)
    return [f"runs your code: {path} ({', '.join(of_path)})" for path, of_path in used.items()]


def modules_of(names: Iterable[str]) -> list[str]:
    """The modules that names lead to: what a caller in Python allows who writes these names."""
    return [head.partition(":")[0] for head in _user_heads(names)]


def _user_heads(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.head for name in map(parse, names) if name.is_user_defined))


def refuse_standard_library(head: str) -> None:
    """`StudyError` where `module:attribute` names a module of Python's standard library."""
    module, _, _ = head.partition(":")
    if module.partition(".")[0] in {*sys.stdlib_module_names, "__main__"}:
        raise StudyError(f"{head} is part of Python; name a class or function of your own, in a module of your own")


def _is_part_of(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _files_of(top: str) -> list[Path]:
    """The file of a module, or the folder of a package; none where there is no such module, or it has no file."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    locations = list(spec.submodule_search_locations or ([spec.origin] if spec.has_location and spec.origin else []))
    return [Path(location).absolute() for location in locations]
