"""User-defined objects by name: `module:attribute`, or `here:word` for an object of this Python session.

`reluctant.compare` registers a class or function that it receives as `here:MyNet`. Worker processes receive
these objects as bytes (cloudpickle).
"""

import importlib
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reluctant.core.code_hash import code_hash
from reluctant.core.display import did_you_mean
from reluctant.core.errors import StudyError, describe_exception
from reluctant.core.extensions import extensions
from reluctant.core.user_code import SESSION_MODULE, refuse_standard_library

SESSION_OBJECTS: dict[str, Any] = {}  # by the word after the colon
_SENT_HASHES: dict[str, str] = {}  # of objects that came from another process


def load_user_object(head: str, kind: str) -> Any:
    """Import what `module:attribute` names, from the installed packages or the current folder.

    `head` may also be `here:word`, an object of this session. Error messages begin with the `kind`, such as "model".
    Raises `StudyError`: the module or the attribute is missing, the module fails during its import, or the object is a
    class or function of another package or of Python itself, which the module has only imported.
    """
    module_name, _, path = head.partition(":")
    if module_name == SESSION_MODULE:
        if path in SESSION_OBJECTS:
            return SESSION_OBJECTS[path]
        raise StudyError(
            f"{head} was an object of the Python session that compared it, and it does not exist in this session; call "
            f"reluctant.compare there again, or put it into a module and write module:{path}"
        )
    refuse_standard_library(head)
    for extension in extensions():
        module_name = extension.renamed_modules.get(module_name, module_name)
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that a file in it cannot replace a library
    try:
        value: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise StudyError(
            f"{kind} {head!r}: there is no module {error.name or module_name!r} here or among the "
            f"installed packages; install it, or start in the folder that holds it"
        ) from None
    except (Exception, SystemExit) as error:  # a script may call sys.exit during its import
        raise StudyError(f"{kind} {head!r}: importing {module_name!r} failed: {describe_exception(error)}") from error
    for attribute in path.split("."):
        if not hasattr(value, attribute):
            hint = did_you_mean(attribute, [name for name in dir(value) if not name.startswith("_")])
            raise StudyError(f"{kind} {head!r}: {module_name!r} has no {attribute!r}{hint}")
        value = getattr(value, attribute)
        if _is_foreign(value, attribute, module_name):
            raise StudyError(
                f"{kind} {head!r}: {attribute!r} is not defined in {module_name!r}, only imported or inherited there; "
                f"name a class or function of your own"
            )
    return value


def _is_foreign(value: Any, attribute: str, module_name: str) -> bool:
    """Whether a value was not written by the author of a module: another module, or code of Python itself."""
    top = module_name.partition(".")[0]
    if attribute.startswith("__"):
        return True
    if inspect.ismodule(value):
        return value.__name__.partition(".")[0] != top
    if inspect.isclass(value) or inspect.isroutine(value):
        home = (getattr(value, "__module__", None) or "").partition(".")[0]
        return home != top and home in {*sys.stdlib_module_names, "builtins"}
    return False


def register_object(word: str, value: Any) -> str:
    """Register an object of this session and return its name in a study, `here:word`.

    It replaces an older object of the same word.
    """
    SESSION_OBJECTS[word] = value
    return f"{SESSION_MODULE}:{word}"


def is_session_object(head: str) -> bool:
    """Return whether a name's head means an object of a Python session."""
    return head.partition(":")[0] == SESSION_MODULE


def pack_objects(heads: Iterable[str]) -> bytes:
    """Return the session objects among these names as bytes for another process; empty if there are none.

    Raises `StudyError`: an object cannot be pickled.
    """
    import cloudpickle

    pack_objects = {}
    for head in dict.fromkeys(filter(is_session_object, heads)):
        value = load_user_object(head, "object")
        try:
            pack_objects[head.partition(":")[2]] = object_hash(head), cloudpickle.dumps(value)
        except Exception as error:  # pickling runs user code
            raise StudyError(
                f"{head} cannot be sent to worker processes ({describe_exception(error)}); "
                f"train in this process with engine='serial'"
            ) from None
    return bytes(cloudpickle.dumps(pack_objects)) if pack_objects else b""


def unpack_objects(content: bytes) -> None:
    """Register the objects that another process has packed, with the hashes that they have there."""
    if not content:
        return
    import cloudpickle

    for word, (sent_hash, pickled) in cloudpickle.loads(content).items():
        if word not in SESSION_OBJECTS:
            SESSION_OBJECTS[word], _SENT_HASHES[word] = cloudpickle.loads(pickled), sent_hash


def object_hash(head: str) -> str:
    """Return the SHA-256 of a session object's code and values.

    For an object from another process, that is the hash that it has there. An object may define its hash in
    an attribute `source_hash`; otherwise it is `reluctant.core.code_hash.code_hash`.
    """
    value = load_user_object(head, "object")
    defined = _SENT_HASHES.get(head.partition(":")[2]) or getattr(value, "source_hash", None)
    return defined if isinstance(defined, str) else code_hash(value)
