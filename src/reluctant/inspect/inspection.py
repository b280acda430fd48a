"""A look into one network: one's own, trained or not, or one whose weights a study has kept."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.analysis.probe_metrics import index, percent
from reluctant.core.errors import StudyError
from reluctant.core.names import Name, parse
from reluctant.core.own_code import load_own
from reluctant.models.build import handed
from reluctant.models.swap import sites
from reluctant.records.store import Record, Store
from reluctant.records.study_results import read_study
from reluctant.study import Run
from reluctant.training.probes import Probes
from reluctant.training.procedures import training_for
from reluctant.training.runner import prepared
from reluctant.training.tensors import Part
from reluctant.training.training import threads

DEAD, FLAT, DEPTH = 0.1, 0.9, 2.0  # shares of units and of values, powers of ten that are worth a word


@dataclass(frozen=True)
class Subject:
    """A network, the images it is looked at on, and what both are in a line."""

    model: nn.Module
    part: Part
    about: str
    threads: int = 1


@dataclass(frozen=True)
class Inspection:
    """What one look at `images` saw: `sites` by place in the order of use, `layers` by name.

    `depth` names the layers whose parameters weigh inputs: no normalisation, no activation.
    """

    about: str
    images: int
    sites: Mapping[str, Record]
    layers: Mapping[str, Record]
    depth: tuple[str, ...]


def inspect(source: str, data: str | None = None, folder: str | None = None) -> Inspection:
    """Look into what `source` names: a weights file of a study, or `module:factory`.

    `data` names the data set that the network is looked at on; a weights file knows its own. `folder` is
    where data sets lie. Raises `StudyError` for what cannot be looked into.
    """
    subject = _subject(source, data, folder)
    probes = Probes(subject.model, subject.part)
    with threads(subject.threads), _learning(subject.model):
        seen = _tried(lambda: probes.look(closely=True), source, subject)
    depth = _weighing(subject.model, seen["layers"])
    return Inspection(subject.about, len(probes.labels), seen["sites"], seen["layers"], depth)


def _weighing(model: nn.Module, layers: Iterable[str]) -> tuple[str, ...]:
    places = sites(model)
    return tuple(
        name
        for name in layers
        if "Norm" not in type(model.get_submodule(name)).__name__
        and not any(f"{name}.".startswith(f"{place}.") for place in places)
    )


def _tried(look: Callable[[], Record], source: str, subject: Subject) -> Record:
    try:
        return look()
    except Exception as fault:
        size = "×".join(map(str, subject.part.images.shape[1:]))
        told = str(fault).strip().splitlines() or [""]
        raise StudyError(
            f"{source}: the network fails on images of {size}: {type(fault).__name__}: {told[0][:200]}"
        ) from fault


@contextmanager
def _learning(model: nn.Module) -> Iterator[None]:
    """Frozen parameters get gradients too, as long as one looks."""
    frozen = [p for p in model.parameters() if not p.requires_grad and p.is_floating_point()]
    for p in frozen:
        p.requires_grad_(True)
    try:
        yield
    finally:
        for p in frozen:
            p.requires_grad_(False)


def _subject(source: str, data: str | None, folder: str | None) -> Subject:
    path = Path(source)
    if path.is_dir():
        raise StudyError(_a_folder(path))
    if path.is_file() or path.suffix == ".pt":
        return _of_study(path, data, folder)
    name = parse(source)
    if not name.is_own:
        raise StudyError(
            f"there is no file {source}, and a network of your own is written module:factory; "
            f"give one of these"
        )
    return _own(name, data, folder)


def _a_folder(path: Path) -> str:
    kept = sorted((path / "weights").glob("*.pt")) + sorted((path / "checkpoints").glob("*.pt"))
    if not kept:
        return f"{path} is a folder without weights; a study with keep_weights = true keeps them"
    return f"{path} is a folder; give one of its files, such as {kept[0]}"


def _of_study(path: Path, data: str | None, folder: str | None) -> Subject:
    """The network of a weights file or checkpoint, with the data of its run."""
    if not path.is_file():
        raise StudyError(f"there is no file {path}")
    content = _read(path)
    run = _run_of(path, content)
    parts = prepared(data or run.dataset, run.train_fraction, folder, run.seed_for("split"), run.pixels)
    training = training_for(run, parts)
    try:
        training.model.load_state_dict(content["model"] if "run" in content else content)
    except (RuntimeError, TypeError, AttributeError):
        raise StudyError(f"the weights in {path} do not fit {run.model} with {run.activation}") from None
    kind = "checkpoint" if "run" in content else "weights"
    about = f"{run.activation} in {run.model}, seed {run.seed}: {kind} {path.name}; {data or run.dataset}"
    return Subject(training.model, training.data.train, about, run.threads)


def _read(path: Path) -> dict[str, Any]:
    """What the file holds: tensors and plain values alone, never code (`weights_only`)."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, BadZipFile, pickle.UnpicklingError):
        raise StudyError(
            f"{path} cannot be read as weights: it is damaged, or holds more than tensors and plain values"
        ) from None
    if not isinstance(content, dict):
        raise StudyError(f"{path} holds a {type(content).__name__}; weights by name are wanted")
    return content


def _run_of(path: Path, content: Mapping[str, Any]) -> Run:
    """The run that a file of weights belongs to, from itself, its study or its record."""
    if isinstance(content.get("run"), dict):
        return Run.from_dict(content["run"])
    study, store = path.absolute().parent.parent, Store(path.absolute().parent.parent / "runs")
    if path.stem in store:
        return Run.from_dict(store[path.stem]["run"])
    if (study / "study.toml").is_file():
        for run in read_study(study).runs():
            if run.key == path.stem:
                return run
    raise StudyError(
        f"{path} belongs to no study, so its network is not known; write a module:factory that makes the "
        f"network and loads the file"
    )


def _own(name: Name, data: str | None, folder: str | None) -> Subject:
    """The network that a factory makes, on the images it hands over or on a named data set."""
    found = load_own(name.head, "network")
    parts = prepared(data, 0.92, folder) if data else None
    known: dict[str, Any] = handed(found, parts.image, parts.classes) if parts else {}
    made = found if isinstance(found, nn.Module) else _made(name, found, known)
    if isinstance(made, nn.Module):
        if parts is None:
            raise StudyError(
                f"{name.head} gives a network without images; add --data digits (or your own data set), or "
                f"let it return (model, images, labels)"
            )
        return Subject(made, parts.train, f"{name}; {data}")
    model, images, labels = _triple(name, made)
    if parts is not None:
        return Subject(model, parts.train, f"{name}; {data}")
    return Subject(model, _part(name, model, images, labels), f"{name}; its own images")


def _made(name: Name, found: Any, known: Mapping[str, Any]) -> Any:
    if not callable(found):
        raise StudyError(f"{name.head} is a {type(found).__name__}; a network or what makes one is wanted")
    try:
        return found(**{**_asked(found, known), **name.arguments})
    except StudyError:
        raise
    except Exception as fault:
        raise StudyError(f"{name} cannot be made: {type(fault).__name__}: {fault}") from fault


def _asked(found: Callable[..., Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Of what the data tell (`image`, `classes`), what the factory has a parameter for."""
    try:
        parameters = signature(found).parameters
    except (TypeError, ValueError):
        return {}
    return {key: value for key, value in known.items() if key in parameters}


def _triple(name: Name, made: Any) -> tuple[nn.Module, Any, Any]:
    if isinstance(made, tuple | list) and len(made) == 3 and isinstance(made[0], nn.Module):
        return made[0], made[1], made[2]
    raise StudyError(
        f"{name.head} gave something of type {type(made).__name__}; a torch module or "
        f"(model, images, labels) is wanted"
    )


def _part(name: Name, model: nn.Module, images: Any, labels: Any) -> Part:
    """Images and labels as tensors: numbers in the precision and place of the network's, and classes."""
    try:
        x = torch.as_tensor(images if isinstance(images, Tensor) else np.asarray(images))
        y = torch.as_tensor(labels if isinstance(labels, Tensor) else np.asarray(labels))
    except (TypeError, ValueError, RuntimeError) as fault:
        raise StudyError(f"{name.head}: its images or labels are no arrays of numbers: {fault}") from None
    if x.ndim < 2 or y.ndim != 1 or len(x) != len(y) or not len(x):
        raise StudyError(
            f"{name.head}: images of shape {tuple(x.shape)} and labels of shape {tuple(y.shape)}; as many "
            f"labels as images are wanted, one class each"
        )
    like = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(0))
    return Part(x.to(like.device, like.dtype), y.to(like.device).long())


def mind(seen: Inspection) -> tuple[str, ...]:
    """What is out of the ordinary, a sentence each; empty where nothing is."""
    if not seen.sites:
        return ("no activation was found, neither a module nor a call of a function",)
    found = [text for name, site in seen.sites.items() for text in _of_site(name, site, seen.images)]
    return (*found, *_of_depth(seen))


def _of_site(name: str, site: Mapping[str, Any], images: int) -> list[str]:
    if None in (*site["in"], *site["out"]):
        return [f"{name}: its values are not finite"]
    dead, nearly = (site[what] / site["units"] for what in ("dead", "nearly"))
    if dead == 1:
        return [
            f"{name} is dead: its slope is 0 for all {images} images, so nothing before it learns through it"
        ]
    if dead >= DEAD:
        return [f"{name}: {percent(dead)} of its units are dead (slope 0 for all {images} images)"]
    if nearly >= DEAD:
        return [f"{name}: {percent(nearly)} of its units are nearly dead (slope below 0.001 for all images)"]
    flat = site["saturated"] / site["values"]
    if flat >= FLAT:
        return [f"{name} is saturated: {percent(flat)} of its values lie where the slope is below 0.05"]
    return []


def _of_depth(seen: Inspection) -> list[str]:
    """Vanishing and exploding gradients, from the first weight layer to the last."""
    norms = {name: seen.layers[name]["gradient"] for name in seen.depth}
    if None in norms.values():
        return ["the gradients are not finite"]
    silent = [name for name, norm in norms.items() if norm == 0]
    if silent:
        which = silent[0] if len(silent) == 1 else f"{silent[0]} and {len(silent) - 1} more"
        return [f"no gradient reaches {which}"]
    if len(norms) < 2:
        return []
    (first, one), *_, (last, other) = norms.items()
    depth = float(index(one, other))
    if abs(depth) < DEPTH:
        return []
    word, way = ("vanishing", "smaller") if depth < 0 else ("exploding", "larger")
    times = f"{10 ** abs(depth):,.0f}" if abs(depth) < 6 else f"10^{abs(depth):.0f}"
    return [f"{word} gradient: its norm is {times} times {way} at {first} than at {last}"]
