"""The errors that a user can fix: each message names the fault and says what to write instead."""

import re
from textwrap import shorten


class ReluctantError(ValueError):
    """Any fault that the user can fix. Catch this to catch all of them."""


class StudyError(ReluctantError):
    """A fault of a study, a command, a name or a study's folder."""


class DataError(ReluctantError):
    """A fault of a data set: files, inputs, targets or splits."""


class ModelError(ReluctantError):
    """A fault of a network or an activation: it cannot be built, replaced or run."""


def build_error(name: str, error: BaseException) -> str:
    """Return why the class or function of this name builds nothing, and which arguments to add to the name."""
    if missing := re.search(r"missing \d+ required [\w-]+ arguments?: (.*?'(\w+)'.*)", str(error)):
        example = f"{name.partition('(')[0]}({missing[2]}=…)"
        return f"{name} cannot be built: it has no default for {missing[1]}; write a value, as in {example}"
    return f"{name} cannot be built: {type(error).__name__}: {error}"


def describe_exception(error: BaseException) -> str:
    """Return an exception in one short line: `ValueError: first line of its message`."""
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return shorten(f"{type(error).__name__}: {first}".rstrip(": ."), 200, placeholder=" …")
