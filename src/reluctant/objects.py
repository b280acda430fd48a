"""Objects of a Python session under names: `here:MyNet` is a class that was handed over and has no module.

Whatever takes `module:name` finds them here; processes that help get them as bytes (cloudpickle).
"""

import hashlib
import inspect
import types
from collections.abc import Iterable
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

    Its own sum where it carries one (`source_sum`), else its source text, else the code of its functions.
    """
    value = load_own(head, "object")
    own = getattr(value, "source_sum", None)
    if isinstance(own, str):
        return own
    return hashlib.sha256(text_of(value).encode()).hexdigest()


def text_of(value: Any) -> str:
    """The source of a function or class; where it is not at hand, that of its functions, or their code."""
    value = getattr(value, "func", value)  # of a functools.partial
    try:
        return inspect.getsource(value)
    except (OSError, TypeError):
        parts = [member for member in vars(value).values() if inspect.isfunction(member)] if inspect.isclass(
            value) else [value]  # fmt: skip
    return "\n".join(map(_function, parts)) or repr(getattr(value, "__qualname__", type(value).__qualname__))


def _function(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        return _code(code) if code is not None else repr(type(function))


def _code(code: types.CodeType) -> str:
    constants = [_code(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_name} {code.co_code.hex()} {code.co_names} {constants}"
