"""Checksums of what decides a run's numbers beside its `Run`: user-defined code, weights, saved states."""

import hashlib
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from reluctant.core import user_objects as objects
from reluctant.core.names import parse
from reluctant.records.study_dir import INITIAL_WEIGHTS
from reluctant.study import Run, Study


def run_sources(run: Run) -> dict[str, str]:
    """SHA-256 of the code behind each `module:name` of a run, by name; empty where all is the catalogue's.

    Numbers of old code and of new must not be mixed.
    """
    return source_checksums(run.user_names)


def study_sources(study: Study) -> dict[str, str]:
    """The same for all names of a study."""
    return source_checksums(study.user_names)


def source_checksums(names: Iterable[str]) -> dict[str, str]:
    """Of the file that defines each object, else of its module's; of the name alone for what is compiled.

    Code that comes with this package is left out, since the recipe's version stands for it.
    """
    checksums = {}
    for head in sorted({name.head for name in map(parse, names) if name.is_user_defined}):
        if objects.is_session_object(head):
            checksums[head] = objects.object_hash(head)
        elif not head.startswith("reluctant."):
            module = inspect.getmodule(objects.load_user_object(head, "code")) or __import__(head.partition(":")[0])
            try:
                text = inspect.getsource(module)
            except (OSError, TypeError):
                text = head
            checksums[head] = hashlib.sha256(text.encode()).hexdigest()
    return checksums


def initial_weights_source(model: str, own: Sequence[str]) -> dict[str, str]:
    """An entry for the sources of a record where layers have initial weights of the network's own.

    Records of versions that drew all weights anew lack it.
    """
    return {f"{parse(model).head}{INITIAL_WEIGHTS}": "own"} if own else {}


def fingerprint(model: nn.Module) -> str:
    """SHA-256 of all parameters and buffers, by name; of one without values yet, of its name alone."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if is_lazy(tensor):
            digest.update(f"{name} is made by the first input\n".encode())
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(_tensor_bytes(tensor))
    return digest.hexdigest()


def state_checksum(state: Any) -> str:
    """SHA-256 of a nest of dictionaries, lists, tensors and plain values."""
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, dict):
            digest.update(f"{{{len(value)}".encode())
            for key in sorted(value, key=repr):
                add(key)
                add(value[key])
        elif isinstance(value, list | tuple):
            digest.update(f"[{len(value)}".encode())
            for each in value:
                add(each)
        elif isinstance(value, Tensor):
            digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
            digest.update(_tensor_bytes(value))
        else:
            digest.update(f"{type(value).__name__}{value!r}".encode())

    add(state)
    return digest.hexdigest()


def _tensor_bytes(tensor: Tensor) -> bytes:
    """The values row by row, as bytes, since NumPy knows no bfloat16."""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
