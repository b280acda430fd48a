"""Objects of a Python session under names: `here:MyNet` is a class that was handed over and has no module.

Whatever takes `module:name` finds them here; processes that help get them as bytes (cloudpickle).
"""

from collections.abc import Iterable
from typing import Any

from reluctant.core.code_hash import sum_of
from reluctant.core.errors import StudyError, describe_exception
from reluctant.core.own_code import HERE, SESSION, load_own

_SUMS: dict[str, str] = {}  # of objects that came from another process


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
            found[head.partition(":")[2]] = source(head), cloudpickle.dumps(value)
        except Exception as fault:  # pickling runs anybody's code
            raise StudyError(
                f"{head} cannot be sent to worker processes ({describe_exception(fault)}); "
                f"train in this process with engine='serial'"
            ) from None
    return bytes(cloudpickle.dumps(found)) if found else b""


def receive(content: bytes) -> None:
    """Keep what another process has packed, with the sums that hold there."""
    if not content:
        return
    import cloudpickle

    for word, (told, each) in cloudpickle.loads(content).items():
        if word not in SESSION:
            SESSION[word], _SUMS[word] = cloudpickle.loads(each), told


def source(head: str) -> str:
    """SHA-256 of what makes the object what it is: of the session that it came from, or its own.

    Its own is `source_sum` where it carries one, else `reluctant.core.code_hash.sum_of`.
    """
    value = load_own(head, "object")
    own = _SUMS.get(head.partition(":")[2]) or getattr(value, "source_sum", None)
    return own if isinstance(own, str) else sum_of(value)
