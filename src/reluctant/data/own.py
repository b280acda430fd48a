"""Data sets made by the user's own code, named `module:name`."""

from dataclasses import replace
from typing import Any

from reluctant.core.errors import DataError, ReluctantError
from reluctant.core.names import Name
from reluctant.core.user_objects import load_user_object
from reluctant.data.checks import checked
from reluctant.data.dataset import Dataset, Split

_WANTED = "a function that gives (x_train, y_train, x_test, y_test) or a reluctant.data.Dataset"


def from_factory(name: Name) -> Dataset:
    """What the user's function gives when called with the name's arguments, checked like any other data.

    Inputs may be uint8 or float (kept as they are, as float32). Raises `DataError`.
    """
    factory = load_user_object(name.head, "data set")
    if isinstance(factory, Dataset) and factory.sha256:  # handed over as an object, and checked there
        return replace(factory, name=str(name))
    if not callable(factory):
        raise DataError(f"data set {name.head!r} is {type(factory).__name__}; wanted is {_WANTED}")
    made = _made(name, factory)
    if isinstance(made, Dataset) and isinstance(made.train, Split) and isinstance(made.test, Split):
        return checked(
            str(name),
            (made.train.images, made.train.labels),
            (made.test.images, made.test.labels),
            title=made.title,
            classes=made.classes,
            note=made.note,
            warnings=made.warnings,
            items=made.items if made.items != Dataset.items else None,
            remarks=made.remarks,
        )
    if not isinstance(made, tuple | list) or len(made) != 4:
        raise DataError(f"data set {name.head!r} gave {_shown(made)}; wanted is {_WANTED}")
    x_train, y_train, x_test, y_test = made
    return checked(str(name), (x_train, y_train), (x_test, y_test), title=name.head)


def _made(name: Name, factory: Any) -> Any:
    try:
        return factory(**name.arguments)
    except ReluctantError:
        raise
    except Exception as fault:
        raise DataError(f"data set {str(name)!r} failed: {type(fault).__name__}: {fault}") from fault


def _shown(made: Any) -> str:
    kind = type(made).__name__
    return f"{kind} of {len(made)}" if isinstance(made, tuple | list) else kind
