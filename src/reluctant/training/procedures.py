"""From a procedure's name to the training of a run."""

import inspect

import torch

from reluctant.catalogue import PROCEDURES
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_objects import load_user_object
from reluctant.study import Run
from reluctant.training.tensors import Prepared
from reluctant.training.training import Training


def training_for(run: Run, data: Prepared, device: torch.device | None = None) -> Training:
    """The training that a run asks for: the standard one, or `module:Class` derived from it.

    The class is called with run, data and device, and the arguments of the name. Raises `StudyError` for what
    is no such class, or does not take these arguments.
    """
    name = PROCEDURES.canonical(run.procedure)
    if not name.is_user_defined:
        return Training(run, data, device)
    kind = load_user_object(name.head, "procedure")
    if not (inspect.isclass(kind) and issubclass(kind, Training)):
        raise StudyError(f"procedure {name.head} is no class derived from reluctant.training.Training")
    try:
        inspect.signature(kind).bind(run, data, device, **name.arguments)
    except TypeError as fault:
        raise StudyError(f"procedure {name}: {fault}; its class takes {_taken(kind)}") from None
    try:
        made: Training = kind(run, data, device, **name.arguments)
    except ReluctantError:
        raise
    except Exception as fault:
        raise StudyError(f"procedure {name} cannot be begun: {type(fault).__name__}: {fault}") from fault
    return made


def _taken(kind: type[Training]) -> str:
    """The arguments that a name may give to a procedure."""
    own = list(inspect.signature(kind).parameters)[3:]
    return ", ".join(own) or "no arguments"
