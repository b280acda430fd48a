"""The errors that a user can fix: each message names the fault and says what to write instead."""

from textwrap import shorten


class ReluctantError(ValueError):
    """Any fault that the user can fix. Catch this to catch all of them."""


class StudyError(ReluctantError):
    """A fault of a study, a command, a name or a study's folder."""


class DataError(ReluctantError):
    """A fault of a data set: files, inputs, targets or splits."""


class ModelError(ReluctantError):
    """A fault of a network or an activation: it cannot be built, replaced or run."""


def describe_exception(error: BaseException) -> str:
    """Return an exception in one short line: `ValueError: first line of its message`."""
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return shorten(f"{type(error).__name__}: {first}".rstrip(": ."), 200, placeholder=" …")
