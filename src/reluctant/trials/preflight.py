"""What can be checked before a training of the user's own begins, and the checksums of its code."""

import hashlib
import inspect
import shutil
from collections.abc import Mapping
from pathlib import Path

from reluctant.activations import check_activation
from reluctant.core.errors import StudyError
from reluctant.core.names import parse
from reluctant.core.user_objects import is_session_object, load_user_object
from reluctant.study import Study
from reluctant.training.checksums import source_checksums
from reluctant.trials.command import command_words
from reluctant.trials.work import SessionTraining


def check_training(study: Study, directory: str) -> list[str]:
    """What a user should know before training, a sentence each.

    Raises:
        ReluctantError: No such function or program, or a function that does not take a trial.
    """
    for activation in study.activation:
        if not any(_values_of(head).get(activation) for head in study.train if head):
            check_activation(activation)
    trained = []
    for name in filter(None, study.train):
        function, parsed = load_user_object(parse(name).head, "train"), parse(name)
        if isinstance(function, SessionTraining):
            function = function.function
        if not callable(function):
            raise StudyError(f"train {name} is no function; it is called with a trial: def train(trial): …")
        try:
            inspect.signature(function).bind(None, **parsed.arguments)
        except TypeError as fault:
            raise StudyError(f"train {name} must take a trial, def train(trial): … ({fault})") from None
        except ValueError:  # a compiled function shows no signature
            pass
        trained.append(name.rpartition(":")[2])
    for command in filter(None, study.command):
        program = command_words(command)[0]
        if shutil.which(program, path=None) is None and not (Path(directory) / program).is_file():
            raise StudyError(f"command: there is no program {program!r} here; write its whole path, or install it")
        trained.append(command)
    return [
        f"trains by {'; '.join(trained)}; to see whether its numbers depend on the seed alone, add --check-repeatable "
        f"(in Python check_repeatable=True)"
    ]


def _values_of(head: str) -> Mapping[str, object]:
    """What `reluctant.compare` was given for the arms; empty for a function of a module."""
    head = parse(head).head
    function = load_user_object(head, "train") if is_session_object(head) else None
    return function.values if isinstance(function, SessionTraining) else {}


def function_sources(names: tuple[str, ...], arms: tuple[str, ...]) -> dict[str, str]:
    """SHA-256 of the code of functions and of what was given for the arms, by name."""
    sources = source_checksums(names)
    for name in names:
        for arm, checksum in SessionTraining.checksums_of(parse(name).head).items():
            if arm in arms:
                sources[f"arm {arm}"] = checksum
    return sources


def command_sources(command: str, directory: str) -> dict[str, str]:
    """SHA-256 of the files among the words of a command, such as `train.py`, by name."""
    sources = {}
    for word in command_words(command):
        path = Path(directory) / word
        if "{" not in word and path.is_file() and not (Path(word).is_absolute() and not path.suffix):
            sources[path.name if Path(word).is_absolute() else word] = hashlib.sha256(path.read_bytes()).hexdigest()
    return sources
