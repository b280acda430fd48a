"""The whole question in one call: activations compared in one's own network, on one's own data."""

import copy
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reluctant import objects
from reluctant.answer import Results
from reluctant.experiment import Watcher, run
from reluctant.names import HERE, StudyError, shown
from reluctant.progress import counting
from reluctant.store import digest
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
    texts in y are classes; numbers with a fraction are predicted (regression).

    `seeds` is how many runs each gets, or which. `recipe` are the other keys of a study: `epochs`, `lr`,
    `optimizer`, `batch_size`, `schedule`, `augment`, `patience`, … Results are kept in `folder`, under `out`
    unless given, and the same call goes on where it stopped, or returns at once.

    Raises `StudyError` before anything trains where the question cannot be answered.
    """
    dataset_name, dataset, task = _data(data, test_fraction, data_folder)
    told = {key: value for key, value in {"metric": metric, "margin": margin}.items() if value is not None}
    names = _activations(activations)
    if baseline is not None:
        told["baseline"] = _named_as(baseline, names)
    model_name = _model(model)
    study = Study(
        **{"name": f"{_word(model_name)} on {_word(dataset_name)}", "task": task, **_start(model), **recipe},
        activation=names,
        model=model_name,
        dataset=dataset_name,
        seed=_seeds(seeds),
        compare=told,
    )
    place = Path(folder) if folder is not None else Path("out") / _folder(study, dataset)
    with counting(study) as line:
        return run(
            study, place, watch=watch or line, engine=engine, workers=workers, device=device,
            timeout=timeout, data=data_folder,
        )  # fmt: skip


def _data(data: Any, test_fraction: float, folder: str | Path | None) -> "tuple[str, Dataset, str]":
    """The name of the data in a study, the data, and what there is to learn."""
    from reluctant.data import from_data, load

    if isinstance(data, str):
        found = load(data, Path(folder) if folder else None)
        return found.name, found, found.task
    made = from_data(data, test_fraction=test_fraction)
    return objects.keep(f"data_{made.sha256[:8]}", made), made, made.task


def _activations(given: Sequence[Activation] | Mapping[str, Activation]) -> list[str]:
    if isinstance(given, str):
        raise StudyError(f"activations are a list, such as ['relu', {given!r}]")
    if isinstance(given, Mapping):
        return [each if isinstance(each, str) else objects.keep(_fit(name), each)
                for name, each in given.items()]  # fmt: skip
    if not isinstance(given, Iterable):
        raise StudyError(f"activations are a list of names or functions, not {shown(given)}")
    return [each if isinstance(each, str) else _activation(each) for each in given]


def _activation(given: Any) -> str:
    from torch import nn

    if isinstance(given, nn.Module):
        word = type(given).__name__
        return objects.keep(_fit(word), _Copies(given))
    word = _called(given)
    if word == "<lambda>":
        raise StudyError(
            "a lambda has no name to stand in tables; write def squash(x): …, or give names: "
            "reluctant.compare({'squash': lambda x: …, 'relu': 'relu'}, …)"
        )
    if not callable(given) or not word:
        raise StudyError(f"an activation is a name, a function of a tensor, or a class, not {shown(given)}")
    return objects.keep(_fit(word), given)


def _model(given: Any) -> str:
    from torch import nn

    if isinstance(given, str):
        return given
    if isinstance(given, nn.Module):
        return objects.keep(_fit(type(given).__name__), _Copies(given))
    if not callable(given):
        raise StudyError(
            f"model is a name, a torch module, or a class or function that makes one, not {shown(given)}"
        )
    return objects.keep(_fit(_called(given)), given)


class _Copies:
    """Makes copies of a module, weights and all: every run and every place has its own."""

    def __init__(self, module: "nn.Module") -> None:
        self.module = module

    def __call__(self) -> "nn.Module":
        return copy.deepcopy(self.module)

    @property
    def source_sum(self) -> str:
        """Of the class's source and of the weights."""
        from reluctant.training import fingerprint

        text = objects.text_of(type(self.module)) + repr(self.module) + fingerprint(self.module)
        return hashlib.sha256(text.encode()).hexdigest()


def _called(given: Any) -> str:
    """What Python calls it; of a `functools.partial`, what is called in the end."""
    while hasattr(given, "func"):
        given = given.func
    return str(getattr(given, "__name__", type(given).__name__))


def _start(model: Any) -> dict[str, str]:
    """A network that is handed over keeps its weights; what makes networks is drawn anew for every seed."""
    from torch import nn

    return {"init": "as_made"} if isinstance(model, nn.Module) else {}


def _fit(word: str) -> str:
    """A word that can stand in a name: `<lambda>` becomes `model`."""
    kept = "".join(sign if (sign.isalnum() and sign.isascii()) or sign == "_" else "_" for sign in word)
    if word == "<lambda>":
        return "model"
    return kept if kept[:1].isalpha() or kept[:1] == "_" else f"_{kept}"


def _named_as(baseline: str, names: Sequence[str]) -> str:
    """The baseline as the study names it: `here:squash` for `squash`."""
    return f"{HERE}:{baseline}" if f"{HERE}:{baseline}" in names else baseline


def _seeds(given: int | Sequence[int]) -> list[int]:
    if isinstance(given, bool) or (isinstance(given, int) and given < 1):
        raise StudyError(f"seeds are how many (5) or which ([0, 1, 2]), not {given!r}")
    return list(range(given)) if isinstance(given, int) else list(given)


def _word(name: str) -> str:
    return name.partition("(")[0].rpartition(":")[2]


def _folder(study: Study, dataset: "Dataset") -> str:
    """A folder of its own for every question: another network, data set or recipe is another one."""
    from reluctant.training import sources

    told = {key: value for key, value in study.model_dump(mode="json").items()
            if key not in ("name", "about", "seed", "activation", "compare")}  # fmt: skip
    asked = {**told, "sources": sources(study), "data": dataset.sha256}
    return f"{study.folder.name}-{digest(asked)[:8]}"
