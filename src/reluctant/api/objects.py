"""Activations and networks that are given as objects: each gets a name that a study can hold."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reluctant.catalogue import ACTIVATIONS
from reluctant.core.code_hash import code_hash
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.core.user_objects import register_object

if TYPE_CHECKING:
    from torch import nn

Activation = str | Callable[..., Any]


class ModuleCopies:
    """Makes copies of a module, weights and all: every run and every site has its own."""

    def __init__(self, module: "nn.Module") -> None:
        self.module = module

    def __call__(self) -> "nn.Module":
        """A copy of the module."""
        return copy.deepcopy(self.module)

    @property
    def source_hash(self) -> str:
        """The hash of the class, its attributes and the weights."""
        return code_hash(self.module)


def activation_names(activations: Sequence[Activation] | Mapping[str, Activation], used: dict[str, Any]) -> list[str]:
    """The names of activations in a study; objects among them are registered for this session."""
    if isinstance(activations, str):
        raise StudyError(f"activations are a list, such as ['relu', {activations!r}]")
    if isinstance(activations, Mapping):
        return [_named_activation(name, each, used) for name, each in activations.items()]
    if not isinstance(activations, Iterable):
        raise StudyError(f"activations are a list of names or functions, not {quoted(activations)}")
    return [each if isinstance(each, str) else _unnamed_activation(each, used) for each in activations]


def _named_activation(name: Any, activation: Activation, used: dict[str, Any]) -> str:
    """An activation under a name of the user's choice."""
    if not isinstance(name, str) or not name.isidentifier():
        raise StudyError(f"the name of an activation is a word such as 'squash', not {quoted(name)}")
    if isinstance(activation, str):
        if ACTIVATIONS.canonical(activation) != ACTIVATIONS.canonical(name):
            raise StudyError(
                f"{activation!r} has a name of its own, which tables show; write {activation!r}: {activation!r}"
            )
        return activation
    return _register_activation(name, activation, used)


def _unnamed_activation(activation: Any, used: dict[str, Any]) -> str:
    word = type(activation).__name__ if is_module(activation) else _python_name(activation)
    if word == "<lambda>":
        raise StudyError(
            "a lambda has no name to stand in tables; write def squash(x): …, or give names: "
            "reluctant.compare({'squash': lambda x: …, 'relu': 'relu'}, …)"
        )
    if not callable(activation) or not word:
        raise StudyError(f"an activation is a name, a function of a tensor, or a class, not {quoted(activation)}")
    if word in ACTIVATIONS and str(getattr(activation, "__module__", "torch")).startswith("torch"):
        if is_module(activation):
            return _register_activation(f"{word}_module", activation, used)
        return ACTIVATIONS[word].name
    return _register_activation(_identifier(word), activation, used)


def _register_activation(word: str, activation: Any, used: dict[str, Any]) -> str:
    if word in ACTIVATIONS:
        raise StudyError(
            f"your activation has the name {word}, and so has one of the catalogue; give it another name: "
            f"{{'my_{word}': {word}}}"
        )
    return _register(word, ModuleCopies(activation) if is_module(activation) else activation, used)


def model_name(model: Any, used: dict[str, Any]) -> str:
    """The name of a network in a study; an object is registered for this session.

    Raises:
        ReluctantError: It is no network, or one that brings its own training, such as a LightningModule.
    """
    if isinstance(model, str):
        return model
    from reluctant.models.own_training import refuse_own_training

    refuse_own_training(model)
    if is_module(model):
        return _register(_identifier(type(model).__name__), ModuleCopies(model), used)
    if not callable(model):
        raise StudyError(f"model must be a name, a module, or a class or function that builds one, not {quoted(model)}")
    return _register(_identifier(_python_name(model)), model, used)


def code_name(value: Any, kind: str, used: dict[str, Any]) -> Any:
    """The name in a study of a procedure, an optimizer or a loss, or those of a list; objects are registered."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return [code_name(each, kind, used) for each in value]
    if not callable(value):
        raise StudyError(f"{kind} must be a name, a class or a function, not {quoted(value)}")
    word = type(value).__name__ if is_module(value) else _python_name(value)
    return _register(kind if word == "<lambda>" else _identifier(word), value, used)


def _register(word: str, value: Any, used: dict[str, Any]) -> str:
    """Register an object under its word, or under one like it where another of this call has that."""
    while word in used and used[word] is not value:
        word += "_"
    used[word] = value
    return register_object(word, value)


def is_module(value: Any) -> bool:
    """Whether a value is a torch module."""
    from torch import nn

    return isinstance(value, nn.Module)


def _python_name(value: Any) -> str:
    """Its name in Python; of a `functools.partial` that of the function inside."""
    while hasattr(value, "func"):
        value = value.func
    return str(getattr(value, "__name__", type(value).__name__))


def _identifier(word: str) -> str:
    """A word that can stand in a name: `<lambda>` becomes `model`."""
    if word == "<lambda>":
        return "model"
    plain = "".join(c if (c.isalnum() and c.isascii()) or c == "_" else "_" for c in word)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
