"""What a training of the user's own compares: activations, or anything else that it understands."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from reluctant.api.folders import short_name
from reluctant.api.objects import ModuleCopies, is_module
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.display import nearest_names, quoted
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_code import SESSION_MODULE
from reluctant.core.user_objects import register_object
from reluctant.study import Study
from reluctant.study.axes import arm_name
from reluctant.trials.work import SessionTraining

Arms = Iterable[Any] | Mapping[str, Any]


def own_arms(arms: Arms) -> tuple[str, dict[str, Any]]:
    """`activation` or `arm`, and what was given for each, by name.

    They are activations where all of them are: names of the catalogue, modules, or functions that return a tensor of
    the same shape. Otherwise they are arms of any kind, such as optimizers.

    Raises:
        StudyError: No list, something without a name, a mixture.
    """
    if isinstance(arms, str) or not isinstance(arms, Iterable):
        raise StudyError(
            f"what is compared is a list, such as ['relu', 'gelu'], or a mapping of names, not {quoted(arms)}"
        )
    pairs = list(arms.items()) if isinstance(arms, Mapping) else [(_name_of(each), each) for each in arms]
    values: dict[str, Any] = {}
    for name, value in pairs:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise StudyError(f"the name of an arm is a short text, not {quoted(name)}")
        if arm_name(name) in values:
            raise StudyError(f"{name!r} is there twice; give names: {{'first': …, 'second': …}}")
        if name.startswith(f"{SESSION_MODULE}:"):
            raise StudyError(f"{name!r}: leave out {SESSION_MODULE}: in the name of an arm")
        values[arm_name(name)] = ModuleCopies(cast(Any, value)) if is_module(value) else value
    activations = [name for name, value in values.items() if _is_activation(value)]
    if 0 < len(activations) < len(values) and any(not isinstance(value, str) for value in values.values()):
        other = next(name for name in values if name not in activations)
        raise StudyError(
            f"{activations[0]} is an activation and {other} is none (a module, or a function that returns a tensor of "
            f"the same shape); compare one kind of thing"
        )
    for name in values if activations else ():
        if name not in activations and (near := nearest_names(name, [row.name for row in ACTIVATIONS])):
            raise StudyError(
                f"{name!r} is no activation; did you mean {near[0]!r}? If it is another kind of arm, give a mapping of "
                f"names to values"
            )
    kind = "activation" if len(activations) == len(values) else "arm"
    for name, value in values.items() if kind == "activation" else ():
        if isinstance(value, str) and arm_name(value) != name:
            raise StudyError(f"{value!r} has a name of its own, which tables show; write {value!r}: {value!r}")
    return kind, values


def register_training(train: Any, values: Mapping[str, Any]) -> str:
    """The name of the training in a study; a function of this session is registered with what the arms stand for."""
    if isinstance(train, str):
        refuse_values(values)
        return train
    if not callable(train):
        raise StudyError(f"train is a function of a trial, or its name (module:function), not {quoted(train)}")
    if any(base.__name__ == "LightningModule" for base in getattr(type(train), "__mro__", ())):
        raise StudyError("train is a function that trains one run, def train(trial): …; call the Trainer in it")
    word = str(getattr(train, "__name__", type(train).__name__))
    word = "train" if not word.isidentifier() or word == "<lambda>" else word
    own = {name: value for name, value in values.items() if not isinstance(value, str) or value != name}
    return register_object(word, SessionTraining(train, own))


def refuse_values(values: Mapping[str, Any]) -> None:
    """`StudyError` where a mapping has values that a module or a command would never see."""
    if any(value != name for name, value in values.items() if not callable(value)) or any(
        map(callable, values.values())
    ):
        raise StudyError("a training in a module, or a command, knows arms by name alone; give a list of names")


def study_names(kind: str, values: Mapping[str, Any]) -> list[str]:
    """The names of the arms as a study holds them; activations of the session as `here:name`."""
    if kind == "arm":
        return list(values)
    return [name if isinstance(value, str) else register_object(_word(name), value) for name, value in values.items()]


def own_study(arms: Any, train: Any, command: str | None, recipe: dict[str, Any], decides: Mapping[str, Any]) -> Study:
    """The study of a training of the user's own."""
    kind, values = own_arms(arms)
    names = study_names(kind, values)
    if f"{SESSION_MODULE}:{decides['baseline']}" in names:
        decides = {**decides, "baseline": f"{SESSION_MODULE}:{decides['baseline']}"}
    if train is None:
        refuse_values(values)
    training = {"command": command} if train is None else {"train": register_training(train, values)}
    if train is not None and command is not None:
        raise StudyError("train and command are both given; a run is trained by one of them")
    word = training.get("train") or str(command)
    return Study(
        name=short_name(word) if train is not None else word.split("{")[0].strip()[:40] or "command",
        **{kind: names},
        **training,
        compare={key: value for key, value in decides.items() if value is not None},
        **recipe,
    )


def _word(name: str) -> str:
    if not name.isidentifier():
        raise StudyError(f"the name of an activation is a word such as 'squash', not {quoted(name)}")
    if name in ACTIVATIONS:
        raise StudyError(f"your activation has the name {name}, and so has one of the catalogue; give it another name")
    return name


def _name_of(value: Any) -> Any:
    name = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    if name == "<lambda>":
        raise StudyError("a lambda has no name to stand in tables; give names: {'squash': lambda x: …}")
    return name


def _is_activation(value: Any) -> bool:
    """Whether this is an activation: by name, as a module, or a function that keeps the shape of a tensor."""
    import torch

    if isinstance(value, str):
        try:
            ACTIVATIONS.canonical(value)
        except ReluctantError:
            return False
        return True
    if isinstance(value, ModuleCopies) or (isinstance(value, type) and issubclass(value, torch.nn.Module)):
        return True
    if isinstance(value, type) or not callable(value):
        return False
    try:
        with torch.no_grad():
            out = value(torch.zeros(2, 3))
    except Exception:  # it wants something else than a tensor
        return False
    return isinstance(out, torch.Tensor) and out.shape == (2, 3)
