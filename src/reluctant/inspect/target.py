"""The network that is inspected, and its inputs: from a study's weights file, or from `module:factory`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reluctant.analysis.labels import list_names
from reluctant.core.errors import ReluctantError, StudyError, build_error
from reluctant.core.names import Name, parse
from reluctant.core.user_code import check_user_code
from reluctant.core.user_objects import load_user_object
from reluctant.models.keywords import SHAPE_KEYWORDS, shape_arguments
from reluctant.records.store import Store
from reluctant.records.study_records import read_study
from reluctant.study import Run
from reluctant.training.runner import build_training, load_tensors
from reluctant.training.tensors import TensorSplit

TRAIN_FRACTION = 0.92  # of a named data set, as in the bundled studies


@dataclass(frozen=True)
class InspectionTarget:
    """A network, the inputs it is probed with, and a line that describes both."""

    model: nn.Module
    inputs: TensorSplit
    description: str
    threads: int = 1


def load_target(source: str, data: str | None, folder: str | None) -> InspectionTarget:
    """The network that a weights file, a checkpoint or `module:factory` names.

    Raises `StudyError`: the source names no network, or there are no inputs for it.
    """
    path = Path(source)
    if path.is_dir():
        files = [file for part in ("weights", "checkpoints") for file in sorted((path / part).glob("[!.]*.pt"))]
        if not files:
            raise StudyError(f"{path} is a folder without weights; a study stores them if keep_weights = true")
        raise StudyError(f"{path} is a folder; name one of its files, such as {files[0]}")
    if path.is_file() or path.suffix == ".pt":
        return _load_weights_file(path, data, folder)
    name = parse(source)
    if not name.is_user_defined:
        raise StudyError(f"there is no file {source}; name a file of weights, or your own network as module:name")
    return _load_user_network(name, data, folder)


def _load_weights_file(path: Path, data: str | None, folder: str | None) -> InspectionTarget:
    """The network of a weights file or checkpoint, with the data of its run."""
    if not path.is_file():
        raise StudyError(f"there is no file {path}")
    try:  # weights_only: tensors and plain values, never code
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # random bytes make PyTorch's reader fail in many ways, IndexError among them
        raise StudyError(
            f"{path} cannot be read as weights: it is damaged, or contains more than tensors and plain values"
        ) from None
    if not isinstance(content, dict):
        raise StudyError(f"{path} contains a {type(content).__name__}, not weights by name")
    run = _find_run(path, content)
    check_user_code(run.user_names)
    tensors = load_tensors(data or run.dataset, run.train_fraction, folder, run.seed_for("split"), run.pixels)
    training = build_training(run, tensors)
    try:
        training.model.load_state_dict(content["model"] if "run" in content else content)
    except (RuntimeError, TypeError, AttributeError):
        raise StudyError(f"the weights in {path} do not fit {run.model} with {run.activation}") from None
    kind = "checkpoint" if "run" in content else "weights"
    description = f"{run.activation} in {run.model}, seed {run.seed}: {kind} {path.name}; {data or run.dataset}"
    return InspectionTarget(training.model, training.data.train, description, run.threads)


def _find_run(path: Path, content: Mapping[str, Any]) -> Run:
    """The run of a weights file: from the file itself, from the run's record, or from its study."""
    if isinstance(content.get("run"), dict):
        return Run.from_dict(content["run"])
    study = path.absolute().parent.parent
    store = Store(study / "runs")
    if path.stem in store:
        return store.read(path.stem).run
    if (study / "study.toml").is_file():
        for run in read_study(study).runs():
            if run.key == path.stem:
                return run
    raise StudyError(
        f"{path} belongs to no study, so its network is unknown; write a function that builds the "
        f"network and loads the file, and name it module:function"
    )


def _load_user_network(name: Name, data: str | None, folder: str | None) -> InspectionTarget:
    """The network that a factory returns, with its own inputs or those of a named data set."""
    network = load_user_object(name.head, "network")
    tensors = load_tensors(data, TRAIN_FRACTION, folder) if data else None
    if not isinstance(network, nn.Module):
        if not callable(network):
            raise StudyError(f"{name.head} is a {type(network).__name__}; write a network or a function that builds it")
        shape = shape_arguments(network, tensors.input_shape, tensors.outputs) if tensors else {}
        try:
            network = network(**{**shape, **name.arguments})
        except ReluctantError:
            raise
        except Exception as error:
            raise StudyError(_build_message(name, error, needs_data=tensors is None)) from error
    if isinstance(network, nn.Module):
        if tensors is None:
            raise StudyError(
                f"{name.head} returns a network without inputs; add --data digits (or your own data set), or "
                f"let it return (model, inputs, labels)"
            )
        return InspectionTarget(network, tensors.train, f"{name}; {data}")
    if not (isinstance(network, tuple | list) and len(network) == 3 and isinstance(network[0], nn.Module)):
        raise StudyError(
            f"{name.head} returned {type(network).__name__}; a torch module or (model, inputs, labels) is expected"
        )
    model, inputs, labels = network
    if tensors is not None:
        return InspectionTarget(model, tensors.train, f"{name}; {data}")
    return InspectionTarget(model, _read_inputs(name, model, inputs, labels), f"{name}; its own inputs")


def _build_message(name: Name, error: Exception, *, needs_data: bool) -> str:
    """Why a network cannot be built; without a data set, which arguments would come from one."""
    missing = re.findall(r"'(\w+)'", str(error)) if needs_data and "missing" in str(error) else []
    from_data, others = [k for k in missing if k in SHAPE_KEYWORDS], [k for k in missing if k not in SHAPE_KEYWORDS]
    if not from_data:
        return build_error(str(name), error)
    verb = "comes" if len(from_data) == 1 else "come"
    data = f"{list_names(list(map(repr, from_data)))} {verb} from the data: add --data digits (or your own data set)"
    example = f"{name.head}({', '.join(f'{keyword}=…' for keyword in others)})"
    rest = f"; {list_names(list(map(repr, others)))}: write a value, as in {example}" if others else ""
    return f"{name} cannot be built: {data}{rest}"


def _read_inputs(name: Name, model: nn.Module, inputs: Any, labels: Any) -> TensorSplit:
    """Inputs as tensors with the device and precision of the network, and labels as class numbers."""
    try:
        x = torch.as_tensor(inputs if isinstance(inputs, Tensor) else np.asarray(inputs))
        y = torch.as_tensor(labels if isinstance(labels, Tensor) else np.asarray(labels))
    except (TypeError, ValueError, RuntimeError) as error:
        raise StudyError(f"{name.head}: its inputs or labels are not arrays of numbers: {error}") from None
    if x.ndim < 2 or y.ndim != 1 or len(x) != len(y) or not len(x):
        raise StudyError(
            f"{name.head}: inputs of shape {tuple(x.shape)} and labels of shape {tuple(y.shape)}; there must "
            f"be one label, a class, for every input"
        )
    like = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(0))
    return TensorSplit(x.to(like.device, like.dtype), y.to(like.device).long())
