"""Docstrings as mkdocstrings needs them: a section `Example` is one of its `Examples`."""

from typing import Any

import griffe


class Examples(griffe.Extension):  # type: ignore[misc, unused-ignore]  # where griffe is not installed it is Any
    """Renames the section in every docstring before it is read."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Called for every module, class and function of the package."""
        if obj.docstring is not None:
            lines = obj.docstring.value.splitlines()
            obj.docstring.value = "\n".join("Examples:" if line == "Example:" else line for line in lines)
