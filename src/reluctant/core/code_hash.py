"""A hash of an object's code and values that is the same in every process."""

import builtins
import functools
import hashlib
import inspect
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Visited = dict[int, Any]  # objects that are already described, by id; the reference keeps the id unique


@dataclass(frozen=True)
class ArrayHash:
    """Stands for an array that is not in memory: its type and shape, and the SHA-256 of its values."""

    dtype: str
    shape: tuple[int, ...]
    sha256: str

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape} {self.sha256}"


def code_hash(value: Any) -> str:
    """Return the SHA-256 of the code and the values behind an object.

    - Functions and classes: their code, everything that the code names, bound arguments and closures.
    - Instances: their class and attributes. Arrays: their values.
    - Python and installed packages: only the names, because the records hold the versions.
    """
    return hashlib.sha256("\n".join(_describe(value, {})).encode()).hexdigest()


def _describe(value: Any, visited: Visited) -> Iterator[str]:
    """Yield texts that change whenever the object changes. Each object is described once."""
    if isinstance(value, _PLAIN_TYPES):
        yield repr(value)
    elif id(value) not in visited:
        visited[id(value)] = value
        describe = next((f for kind, f in _DESCRIBERS if isinstance(value, kind)), _describe_instance)
        yield from describe(value, visited)


def _describe_collection(value: Any, visited: Visited) -> Iterator[str]:
    if isinstance(value, set | frozenset):
        value = sorted(value, key=repr)
    for item in value.items() if isinstance(value, Mapping) else value:
        yield from _describe(item, visited)


def _describe_class(value: type, visited: Visited) -> Iterator[str]:
    yield f"{value.__module__}.{value.__qualname__}"
    if _is_library_object(value):
        return
    for base in value.__bases__:
        yield from _describe(base, visited)
    for name, member in sorted(vars(value).items()):
        if not name.startswith("__") or inspect.isfunction(member):
            yield name
            yield from _describe(member, visited)


def _describe_module(value: types.ModuleType, visited: Visited) -> Iterator[str]:
    """Yield the name, and the source of a module that is user code."""
    yield value.__name__
    if not _is_library_module(value.__name__):
        with suppress(OSError, TypeError):
            yield inspect.getsource(value)


def _describe_descriptor(value: Any, visited: Visited) -> Iterator[str]:
    """Methods, with the object that they are bound to, and properties."""
    yield type(value).__name__
    for attribute in ("__func__", "__self__", "fget", "fset"):
        yield from _describe(getattr(value, attribute, None), visited)


def _describe_builtin(value: Any, visited: Visited) -> Iterator[str]:
    """A function written in C has only a name, and perhaps an object that it is bound to."""
    owner = getattr(value, "__self__", None)
    yield f"{value.__module__}.{value.__qualname__}"
    if not isinstance(owner, types.ModuleType | type):
        yield from _describe(owner, visited)


def _describe_function(value: types.FunctionType, visited: Visited) -> Iterator[str]:
    if _is_library_object(value):
        yield f"{value.__module__}.{value.__qualname__}"
        return
    yield from _describe_code(value.__code__)
    yield from _describe([value.__defaults__, value.__kwdefaults__], visited)
    for cell in value.__closure__ or ():
        yield from _describe(cell.cell_contents, visited)
    for name in sorted(_global_names(value.__code__)):
        if name in value.__globals__:
            yield name
            yield from _describe(value.__globals__[name], visited)


def _global_names(code: types.CodeType) -> set[str]:
    """The names that a function and the functions inside it use."""
    inner = [_global_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*inner)


def _describe_code(code: types.CodeType) -> Iterator[str]:
    yield f"{code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}"
    for constant in code.co_consts:
        is_code = isinstance(constant, types.CodeType)
        yield from _describe_code(constant) if is_code else _describe(constant, {})


def _describe_instance(value: Any, visited: Visited) -> Iterator[str]:
    """The class, the attributes and, for arrays and tensors, the values."""
    yield f"{type(value).__module__}.{type(value).__qualname__}"
    if not _is_library_object(type(value)):
        yield from _describe(type(value), visited)
    if hasattr(type(value), "__array__"):
        yield _describe_array(value)
    for name, attribute in sorted(getattr(value, "__dict__", {}).items()):
        yield name
        yield from _describe(attribute, visited)


def _describe_array(value: Any) -> str:
    """Type, shape and content. Without content, as for a lazy parameter, the `repr`."""
    import numpy as np

    try:
        tensor = value.detach().cpu() if hasattr(value, "detach") else value
        array = np.asarray(tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor)
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return repr(value)
    holds_objects = array.dtype.hasobject
    content = repr(array.tolist()).encode() if holds_objects else np.ascontiguousarray(array).tobytes()
    return str(ArrayHash(str(array.dtype), array.shape, hashlib.sha256(content).hexdigest()))


def _is_library_object(value: Any) -> bool:
    """Whether a class or function belongs to Python, to this package or to an installed package."""
    if value.__module__ == "builtins":  # so is the module of code that was run by `exec`
        return getattr(builtins, value.__qualname__, None) is value
    return _is_library_module(str(value.__module__))


def _is_library_module(name: str) -> bool:
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names - {"__main__"} or root == "reluctant":
        return True
    file = getattr(sys.modules.get(root), "__file__", None) or ""
    return any(Path(file).is_relative_to(folder) for folder in _PACKAGE_FOLDERS)


_PLAIN_TYPES = (str, bytes, int, float, complex, bool, type(None), type(...))
_PACKAGE_FOLDERS = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
_DESCRIBERS: tuple[tuple[Any, Callable[[Any, Visited], Iterator[str]]], ...] = (
    (types.ModuleType, _describe_module),
    (ArrayHash, lambda array, _: iter(("numpy.ndarray", str(array)))),  # as the array itself
    (functools.partial, lambda f, visited: _describe_collection([f.func, list(f.args), dict(f.keywords)], visited)),
    (type, _describe_class),
    (types.FunctionType, _describe_function),
    (types.BuiltinFunctionType, _describe_builtin),
    ((types.MethodType, staticmethod, classmethod, property), _describe_descriptor),
    ((list, tuple, set, frozenset, Mapping), _describe_collection),
)
