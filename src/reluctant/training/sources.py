"""The code of one's own that a run uses, as sums: numbers of old code and of new must not be mixed."""

import hashlib
import inspect

from reluctant.core import user_objects as objects
from reluctant.core.names import parse
from reluctant.core.user_objects import load_user_object
from reluctant.study import Run, Study


def sources_of(run: Run) -> dict[str, str]:
    """SHA-256 of the file behind each `module:name` of a run, by name; empty where all is the catalogue's."""
    own = {name.head for name in map(parse, (run.activation, run.model, run.dataset, run.procedure))
           if name.is_user_defined and not _ours(name.head)}  # fmt: skip
    return {head: _sum(head) for head in sorted(own)}


def sources(study: Study) -> dict[str, str]:
    """The same for all names of a study."""
    found: dict[str, str] = {}
    for name in map(parse, (*study.activation, *study.model, *study.dataset, *study.procedure)):
        if name.is_user_defined and not _ours(name.head):
            found[name.head] = _sum(name.head)
    return found


def _ours(head: str) -> bool:
    """Whether the code comes with this package, whose recipe answers for it."""
    return head.startswith("reluctant.")


def _sum(head: str) -> str:
    """Of the file that defines the object, else of the module's; of the name alone for what is compiled."""
    if objects.is_session_object(head):
        return objects.object_hash(head)
    module = inspect.getmodule(load_user_object(head, "code")) or __import__(head.partition(":")[0])
    try:
        text = inspect.getsource(module)
    except (OSError, TypeError):
        text = head
    return hashlib.sha256(text.encode()).hexdigest()
