"""The whole question in one call: activations compared in one's own network, on one's own data."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reluctant.api.progress import counting
from reluctant.api.results import Results
from reluctant.api.run import Watcher, run
from reluctant.catalogue import ACTIVATIONS
from reluctant.core import session_objects as objects
from reluctant.core.canonical_json import digest
from reluctant.core.code_hash import sum_of
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.core.own_code import HERE
from reluctant.core.suggestions import did_you_mean
from reluctant.records.study_dir import Folder
from reluctant.study import Study

if TYPE_CHECKING:
    from torch import nn

    from reluctant.data import Dataset

Activation = str | Callable[..., Any]


def compare(
    activations: Sequence[Activation] | Mapping[str, Activation],
    *,
    model: "str | Callable[..., Any] | nn.Module",
    data: Any,
    seeds: int | Sequence[int] = 5,
    baseline: str | None = None,
    metric: str | None = None,
    margin: float | None = None,
    folder: str | Path | None = None,
    test_fraction: float = 0.2,
    kind: str = "auto",
    watch: Watcher | None = None,
    engine: str = "local",
    workers: int | None = None,
    device: str = "auto",
    timeout: float | None = None,
    data_folder: str | Path | None = None,
    **recipe: Any,
) -> Results:
    """Train a network with each activation from the same seeds, and say which differences are real.

    `activations` are names of the catalogue, or classes and functions; a mapping gives these names. `model`
    is a name (`"resnet"`), a class or function that makes a network, or a network, of which every run gets a
    copy that starts with its weights (`init="default"` draws new ones). One that takes an activation
    (`activation=`, `act_layer=`, …) is given one; in any other, every activation is swapped (see
    `reluctant.models.swap_activations`).

    `data` is a name (`"digits"`), `(x, y)`, `(x, y, x_test, y_test)`, a torch `Dataset` or a pair of them,
    or a `reluctant.data.Dataset`. Without a test part, `test_fraction` of it is held out. Whole numbers and
    texts in y are classes, other numbers are predicted (regression); `kind`, `"classes"` or `"numbers"`,
    decides otherwise.

    `seeds` is how many runs each gets, or which. `recipe` are the other keys of a study: `epochs`, `lr`,
    `optimizer`, `batch_size`, `schedule`, `augment`, `patience`, … Results are kept in `folder`, under `out`
    unless given, and the same call goes on where it stopped, or returns at once.

    Raises `StudyError` before anything trains where the question cannot be answered.
    """
    _check_recipe(recipe)
    used: dict[str, Any] = {}
    dataset_name, dataset, task = _data(data, test_fraction, kind, data_folder)
    told = {key: value for key, value in {"metric": metric, "margin": margin}.items() if value is not None}
    names = _activations(activations, used)
    if baseline is not None:
        told["baseline"] = _named_as(baseline, names)
    model_name = _model(model, used)
    study = Study(
        **{"name": f"{_word(model_name)} on {_word(dataset_name)}", "task": task, **_start(model), **recipe},
        activation=names,
        model=model_name,
        dataset=dataset_name,
        seed=_seeds(seeds),
        compare=told,
    )
    place = Folder(Path(folder) if folder is not None else Path("out") / _folder(study, dataset))
    grown = _with_what_is_there(study, place)
    place.agree({dataset_name: dataset.sha256})
    with counting(grown) as line:
        found = run(
            grown, place.path, watch=watch or line, engine=engine, workers=workers, device=device,
            timeout=timeout, data=data_folder,
        )  # fmt: skip
    return _asked_for(found, study)


_ELSEWHERE = {
    "seed": "seeds=",
    "dataset": "data=",
    "activation": "its first argument",
    "compare": "baseline=, metric= and margin=",
    "claim": "a study file",
    "published": "a study file",
    "name": "folder=",
}


def _check_recipe(recipe: Mapping[str, Any]) -> None:
    for key in recipe:
        if key in _ELSEWHERE:
            raise StudyError(f"{key} is given to reluctant.compare by {_ELSEWHERE[key]}")
        if key not in Study.model_fields:
            ours = [each for each in signature(compare).parameters if each != "recipe"]
            known = [*(each for each in Study.model_fields if each not in _ELSEWHERE), *ours]
            hint = did_you_mean(key, known) or f"; known: {', '.join(known)}"
            raise StudyError(f"reluctant.compare has no argument {key!r}{hint}")


def _with_what_is_there(study: Study, place: Folder) -> Study:
    """The study with the seeds and activations that its folder has beside those that are asked for now."""
    if not (place.path / "study.toml").is_file():
        return study
    there = Study.read(place.path / "study.toml")
    seeds, activations = (
        tuple(dict.fromkeys((*getattr(there, key), *getattr(study, key)))) for key in ("seed", "activation")
    )
    return study.model_copy(update={"seed": seeds, "activation": activations})


def _asked_for(found: Results, study: Study) -> Results:
    """Of all that a folder holds, what was asked for."""
    runs = set(study.runs())
    return replace(
        found,
        study=study,
        results=tuple(result for result in found.results if result.run in runs),
        failures={run: cause for run, cause in found.failures.items() if run in runs},
    )


def _data(
    data: Any, test_fraction: float, kind: str, folder: str | Path | None
) -> "tuple[str, Dataset, str]":
    """The name of the data in a study, the data, and what there is to learn."""
    from reluctant.data import from_data, load

    if isinstance(data, str):
        found = load(data, Path(folder) if folder else None)
        return found.name, found, found.task
    made = from_data(data, test_fraction=test_fraction, kind=kind)
    return objects.keep(f"data_{made.sha256[:8]}", made), made, made.task


def _activations(given: Sequence[Activation] | Mapping[str, Activation], used: dict[str, Any]) -> list[str]:
    if isinstance(given, str):
        raise StudyError(f"activations are a list, such as ['relu', {given!r}]")
    if isinstance(given, Mapping):
        return [_called_so(name, each, used) for name, each in given.items()]
    if not isinstance(given, Iterable):
        raise StudyError(f"activations are a list of names or functions, not {quoted(given)}")
    return [each if isinstance(each, str) else _activation(each, used) for each in given]


def _called_so(name: Any, given: Activation, used: dict[str, Any]) -> str:
    """An activation under a name of the user's choice."""
    if not isinstance(name, str) or not name.isidentifier():
        raise StudyError(f"an activation is called by a word such as 'squash', not {quoted(name)}")
    if isinstance(given, str):
        if ACTIVATIONS.canonical(given) != ACTIVATIONS.canonical(name):
            raise StudyError(
                f"{given!r} has a name of its own, which tables show; write {given!r}: {given!r}"
            )
        return given
    return _own(name, given, used)


def _activation(given: Any, used: dict[str, Any]) -> str:
    word = type(given).__name__ if _is_module(given) else _called(given)
    if word == "<lambda>":
        raise StudyError(
            "a lambda has no name to stand in tables; write def squash(x): …, or give names: "
            "reluctant.compare({'squash': lambda x: …, 'relu': 'relu'}, …)"
        )
    if not callable(given) or not word:
        raise StudyError(f"an activation is a name, a function of a tensor, or a class, not {quoted(given)}")
    if word in ACTIVATIONS and str(getattr(given, "__module__", "torch")).startswith("torch"):
        return ACTIVATIONS[word].name if not _is_module(given) else _own(f"{word}_module", given, used)
    return _own(_fit(word), given, used)


def _own(word: str, given: Any, used: dict[str, Any]) -> str:
    if word in ACTIVATIONS:
        raise StudyError(
            f"an activation of your own is called {word}, and so is one of the catalogue; give it another "
            f"name: {{'my_{word}': {word}}}"
        )
    return _kept(word, _Copies(given) if _is_module(given) else given, used)


def _kept(word: str, value: Any, used: dict[str, Any]) -> str:
    """Keep an object under its word, or under one like it where another of this call has that."""
    while word in used and used[word] is not value:
        word += "_"
    used[word] = value
    return objects.keep(word, value)


def _model(given: Any, used: dict[str, Any]) -> str:
    if isinstance(given, str):
        return given
    if _is_module(given):
        return _kept(_fit(type(given).__name__), _Copies(given), used)
    if not callable(given):
        raise StudyError(
            f"model is a name, a torch module, or a class or function that makes one, not {quoted(given)}"
        )
    return _kept(_fit(_called(given)), given, used)


def _is_module(given: Any) -> bool:
    from torch import nn

    return isinstance(given, nn.Module)


class _Copies:
    """Makes copies of a module, weights and all: every run and every place has its own."""

    def __init__(self, module: "nn.Module") -> None:
        self.module = module

    def __call__(self) -> "nn.Module":
        return copy.deepcopy(self.module)

    @property
    def source_sum(self) -> str:
        """Of the class, its attributes and the weights."""
        return sum_of(self.module)


def _called(given: Any) -> str:
    """What Python calls it; of a `functools.partial`, what is called in the end."""
    while hasattr(given, "func"):
        given = given.func
    return str(getattr(given, "__name__", type(given).__name__))


def _start(model: Any) -> dict[str, str]:
    """A network that is handed over keeps its weights; what makes networks is drawn anew for every seed."""
    return {"init": "as_made"} if _is_module(model) else {}


def _fit(word: str) -> str:
    """A word that can stand in a name: `<lambda>` becomes `model`."""
    kept = "".join(sign if (sign.isalnum() and sign.isascii()) or sign == "_" else "_" for sign in word)
    if word == "<lambda>":
        return "model"
    return kept if kept[:1].isalpha() or kept[:1] == "_" else f"_{kept}"


def _named_as(baseline: str, names: Sequence[str]) -> str:
    """The baseline as the study names it: `here:squash` for `squash`."""
    return f"{HERE}:{baseline}" if f"{HERE}:{baseline}" in names else baseline


def _seeds(given: Any) -> list[int]:
    if isinstance(given, Integral) and not isinstance(given, bool) and int(given) > 0:
        return list(range(int(given)))
    if isinstance(given, Iterable) and not isinstance(given, str):
        seeds = [int(each) if isinstance(each, Integral) else each for each in given]
        if seeds:
            return seeds
    raise StudyError(f"seeds are how many (5) or which ([0, 1, 2]), not {quoted(given)}")


def _word(name: str) -> str:
    return name.partition("(")[0].rpartition(":")[2]


def _folder(study: Study, dataset: "Dataset") -> str:
    """A folder of its own for every question: another network, data set or recipe is another one."""
    from reluctant.training import study_sources

    told = {key: value for key, value in study.model_dump(mode="json").items()
            if key not in ("name", "about", "seed", "activation", "compare")}  # fmt: skip
    asked = {**told, "sources": study_sources(study), "data": dataset.sha256}
    return f"{study.folder.name}-{digest(asked)[:8]}"
