"""What makes an object what it is, as a sum that is the same in every process."""

import builtins
import functools
import hashlib
import inspect
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def sum_of(value: Any) -> str:
    """SHA-256 of the code and the values behind an object.

    Of functions and classes their code and everything that it names, arguments that are bound, what they
    close over; of instances their class and attributes, of arrays their values. Of Python and of installed
    packages, whose versions the records tell, names count alone.
    """
    return hashlib.sha256("\n".join(_told(value, {})).encode()).hexdigest()


def _told(value: Any, met: dict[int, Any]) -> Iterator[str]:
    """Texts that change whenever the object does; each object is told of once."""
    if isinstance(value, _PLAIN):
        yield repr(value)
    elif id(value) in met:
        return
    else:
        met[id(value)] = value  # kept, or another object may get its number
        for kind, tell in _TELLERS:
            if isinstance(value, kind):
                yield from tell(value, met)
                return
        yield from _of_instance(value, met)


def _of_partial(value: functools.partial[Any], met: dict[int, Any]) -> Iterator[str]:
    for part in (value.func, list(value.args), dict(value.keywords)):
        yield from _told(part, met)


def _of_several(value: Any, met: dict[int, Any]) -> Iterator[str]:
    if isinstance(value, set | frozenset):
        value = sorted(value, key=repr)
    for each in value.items() if isinstance(value, Mapping) else value:
        yield from _told(each, met)


def _of_class(value: type, met: dict[int, Any]) -> Iterator[str]:
    yield f"{value.__module__}.{value.__qualname__}"
    if _foreign(value):
        return
    for base in value.__bases__:
        yield from _told(base, met)
    for name, member in sorted(vars(value).items()):
        if not name.startswith("__") or inspect.isfunction(member):
            yield name
            yield from _told(member, met)


def _of_module(value: types.ModuleType, met: dict[int, Any]) -> Iterator[str]:
    """The text of one's own; of others the name."""
    yield value.__name__
    if not _of_library(value.__name__):
        with suppress(OSError, TypeError):
            yield inspect.getsource(value)


def _of_wrapped(value: Any, met: dict[int, Any]) -> Iterator[str]:
    """Methods, bound ones with what they are bound to, and properties."""
    yield type(value).__name__
    for part in ("__func__", "__self__", "fget", "fset"):
        yield from _told(getattr(value, part, None), met)


def _of_builtin(value: Any, met: dict[int, Any]) -> Iterator[str]:
    """What is written in C has a name alone, and perhaps what it is bound to."""
    owner = getattr(value, "__self__", None)
    yield f"{value.__module__}.{value.__qualname__}"
    if not isinstance(owner, types.ModuleType | type):
        yield from _told(owner, met)


def _of_function(value: types.FunctionType, met: dict[int, Any]) -> Iterator[str]:
    if _foreign(value):
        yield f"{value.__module__}.{value.__qualname__}"
        return
    yield from _of_code(value.__code__)
    yield from _told([value.__defaults__, value.__kwdefaults__], met)
    for cell in value.__closure__ or ():
        yield from _told(cell.cell_contents, met)
    for name in sorted(_names(value.__code__)):
        if name in value.__globals__:
            yield name
            yield from _told(value.__globals__[name], met)


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, types.CodeType)]
    return set(code.co_names).union(*inner)


def _of_code(code: types.CodeType) -> Iterator[str]:
    yield f"{code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}"
    for each in code.co_consts:
        yield from _of_code(each) if isinstance(each, types.CodeType) else _told(each, {})


def _of_instance(value: Any, met: dict[int, Any]) -> Iterator[str]:
    """Its class, and its plain attributes; of what holds arrays, their values."""
    yield f"{type(value).__module__}.{type(value).__qualname__}"
    if not _foreign(type(value)):
        yield from _told(type(value), met)
    if hasattr(type(value), "__array__"):
        yield _of_array(value)
    for name, each in sorted(getattr(value, "__dict__", {}).items()):
        yield name
        yield from _told(each, met)


def _foreign(value: Any) -> bool:
    """Whether a class or function is of Python or of an installed package."""
    if value.__module__ == "builtins":  # so is the module of code that was run by `exec`
        return getattr(builtins, value.__qualname__, None) is value
    return _of_library(str(value.__module__))


def _of_library(module: str) -> bool:
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names - {"__main__"} or root == "reluctant":
        return True
    where = getattr(sys.modules.get(root), "__file__", None) or ""
    return any(Path(where).is_relative_to(place) for place in _PACKAGES)


def _of_array(value: Any) -> str:
    """Type, shape and content; of what has no content yet, such as a lazy parameter, how it is written."""
    import numpy as np

    try:
        held = value.detach().cpu() if hasattr(value, "detach") else value
        found = np.asarray(held.float() if str(held.dtype) == "torch.bfloat16" else held)
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return repr(value)
    whole = found.dtype.hasobject
    content = repr(found.tolist()).encode() if whole else np.ascontiguousarray(found).tobytes()
    return f"{found.dtype} {found.shape} {hashlib.sha256(content).hexdigest()}"


_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...))
_PACKAGES = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
_TELLERS: tuple[tuple[Any, Callable[[Any, dict[int, Any]], Iterator[str]]], ...] = (
    (types.ModuleType, _of_module),
    (functools.partial, _of_partial),
    (type, _of_class),
    (types.FunctionType, _of_function),
    (types.BuiltinFunctionType, _of_builtin),
    ((types.MethodType, staticmethod, classmethod, property), _of_wrapped),
    ((list, tuple, set, frozenset, Mapping), _of_several),
)
