"""Objects of a Python session under names: `here:MyNet` is a class that was handed over and has no module.

Whatever takes `module:name` finds them here; processes that help get them as bytes (cloudpickle).
"""

import builtins
import functools
import hashlib
import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reluctant.names import HERE, SESSION, StudyError, load_own


def keep(word: str, value: Any) -> str:
    """Keep an object under a word; its name in a study, `here:word`. An older one of that word gives way."""
    SESSION[word] = value
    return f"{HERE}:{word}"


def is_here(head: str) -> bool:
    """Whether a name's head means an object of a session."""
    return head.partition(":")[0] == HERE


def packed(heads: Iterable[str]) -> bytes:
    """The objects among these names as bytes for another process; empty without any.

    Raises `StudyError` for one that cannot travel.
    """
    import cloudpickle

    found = {}
    for head in dict.fromkeys(filter(is_here, heads)):
        value = load_own(head, "object")
        try:
            found[head.partition(":")[2]] = cloudpickle.dumps(value)
        except Exception as fault:  # pickling runs anybody's code
            reason = (str(fault).splitlines() or [""])[0]
            raise StudyError(
                f"{head} cannot be sent to worker processes ({type(fault).__name__}: {reason}); "
                f"train in this process with engine='serial'"
            ) from None
    return bytes(cloudpickle.dumps(found)) if found else b""


def receive(content: bytes) -> None:
    """Keep what another process has packed."""
    if not content:
        return
    import cloudpickle

    for word, each in cloudpickle.loads(content).items():
        if word not in SESSION:
            SESSION[word] = cloudpickle.loads(each)


def source(head: str) -> str:
    """SHA-256 of what makes the object what it is.

    Its own sum where it carries one (`source_sum`), else its code and everything of the same module that the
    code names, arguments that are bound to it, and what it closes over.
    """
    value = load_own(head, "object")
    own = getattr(value, "source_sum", None)
    return own if isinstance(own, str) else sum_of(value)


def sum_of(value: Any) -> str:
    """SHA-256 of the code and the values behind an object."""
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
        if base.__module__ == value.__module__:
            yield from _told(base, met)
    for name, member in sorted(vars(value).items()):
        if not name.startswith("__") or inspect.isfunction(member):
            yield name
            yield from _told(getattr(member, "__func__", member), met)


def _of_function(value: types.FunctionType, met: dict[int, Any]) -> Iterator[str]:
    if _foreign(value):
        yield f"{value.__module__}.{value.__qualname__}"
        return
    yield from _of_code(value.__code__)
    yield from _told([value.__defaults__, value.__kwdefaults__], met)
    for cell in value.__closure__ or ():
        yield from _told(cell.cell_contents, met)
    for name in sorted(_names(value.__code__)):
        found = value.__globals__.get(name)
        if isinstance(found, _PLAIN) or _beside(found, value):
            yield name
            yield from _told(found, met)


def _beside(found: Any, value: Any) -> bool:
    """Whether what a function names is of the same module, and no module itself."""
    if isinstance(found, types.ModuleType) or found is None:
        return False
    return bool(getattr(found, "__module__", None) == value.__module__)


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, types.CodeType)]
    return set(code.co_names).union(*inner)


def _of_code(code: types.CodeType) -> Iterator[str]:
    yield f"{code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}"
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _of_code(each)
        else:
            yield repr(each)


def _of_instance(value: Any, met: dict[int, Any]) -> Iterator[str]:
    """Its class, and its plain attributes; of what holds arrays, their values."""
    yield f"{type(value).__module__}.{type(value).__qualname__}"
    if not _foreign(type(value)):
        yield from _told(type(value), met)
    if hasattr(value, "__array__"):
        yield hashlib.sha256(bytes(memoryview(_array(value)))).hexdigest()
    for name, each in sorted(getattr(value, "__dict__", {}).items()):
        yield name
        yield from _told(each, met)


def _foreign(value: Any) -> bool:
    """Whether something is of a library, whose version the records tell."""
    if value.__module__ == "builtins":  # so is the module of code that was run by `exec`
        return getattr(builtins, value.__qualname__, None) is value
    return str(value.__module__).partition(".")[0] in _FOREIGN


def _array(value: Any) -> Any:
    import numpy as np

    found = value.detach() if hasattr(value, "detach") else value
    return np.ascontiguousarray(np.asarray(found)).reshape(-1).view(np.uint8)


_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...))
_FOREIGN = ("torch", "numpy", "reluctant", "transformers", "torchvision", "timm")
_TELLERS: tuple[tuple[Any, Callable[[Any, dict[int, Any]], Iterator[str]]], ...] = (
    (functools.partial, _of_partial),
    (type, _of_class),
    (types.FunctionType, _of_function),
    ((list, tuple, set, frozenset, Mapping), _of_several),
)
