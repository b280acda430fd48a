"""Optional folders of the package: each registers itself in its `extension.py`; no other folder imports it.

When such a folder is deleted, its commands and its section of the report disappear and all else works.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Extension:
    """What an optional folder adds. Objects are named `module:attribute` and imported when they are used.

    `commands` are click commands, `report_section` is a function of the report, `studies` a folder of study
    files. `trackers` are classes by the name that `--track` has for them. `renamed_modules` maps a module's name in old
    studies and records to its present name.
    """

    commands: tuple[str, ...] = ()
    report_section: str = ""
    studies: Path | None = None
    trackers: Mapping[str, str] = field(default_factory=dict)
    renamed_modules: Mapping[str, str] = field(default_factory=dict)


@cache
def extensions() -> tuple[Extension, ...]:
    """Return the installed extensions, sorted by the names of their folders."""
    names = sorted(path.parent.name for path in PACKAGE.glob("*/extension.py"))
    return tuple(importlib.import_module(f"reluctant.{name}.extension").EXTENSION for name in names)


def load_object(reference: str) -> Any:
    """Import and return the object that `module:attribute` names."""
    module, _, attribute = reference.partition(":")
    return getattr(importlib.import_module(module), attribute)
