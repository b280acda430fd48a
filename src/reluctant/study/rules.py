"""What the keys of a study must have in common: faults that no single key shows."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from reluctant.catalogue import ACTIVATIONS
from reluctant.catalogue.metrics import METRICS, metric
from reluctant.core.errors import ReluctantError
from reluctant.study.growth import growth_fault

if TYPE_CHECKING:
    from reluctant.study.study import Study


def study_fault(study: "Study") -> str:
    """The first fault, with what to write instead; empty for a sound study."""
    rules: tuple[Callable[[Study], str], ...] = (_arms, _own_training, _names, _metrics, _moments, _seed_table, _growth)
    return next(filter(None, (rule(study) for rule in rules)), "")


def _arms(study: "Study") -> str:
    if not study.arms:
        return "activation is missing"
    if study.arm and study.activation:
        return "arm and activation are both given; write activation for activations, and arm for anything else"
    if study.arm and not study.reported:
        return (
            f"arm: our own training loop varies activations, not {' or '.join(study.arm[:3])}; write activation = …, "
            f"or train = 'module:function' or command = '…' for a training of your own"
        )
    return ""


def _own_training(study: "Study") -> str:
    if not study.reported:
        return ""
    if any(study.train) and any(study.command):
        return "train and command are both given; a run is trained by one of them"
    key = "train" if any(study.train) else "command"
    if study.sources:
        return f"seed: a table of seeds goes with our own training loop; with {key} give seed = [0, 1, …]"
    return ""


def _names(study: "Study") -> str:
    """A claim about an activation that takes no part is not tested; one about no activation at all is a mistake."""
    named = {f"claim.{i}": claim.activations for i, claim in enumerate(study.claim, 1)}
    named |= {f"published.{i}.activation": (each.activation,) for i, each in enumerate(study.published, 1)}
    for where, names in () if study.arm else named.items():
        if fault := next(filter(None, map(activation_fault, names)), ""):
            return f"{where}: {fault}"
    return ""


def activation_fault(name: str) -> str:
    """Why a name is not that of an activation; empty where it is."""
    try:
        ACTIVATIONS.canonical(name)
    except ReluctantError as fault:
        return str(fault)
    return ""


def _metrics(study: "Study") -> str:
    named = {"compare.metric": study.compare.metric, **{f"claim {c.says!r}": c.metric for c in study.claim}}
    for where, name in () if study.reported else named.items():
        try:
            tasks = metric(name).tasks
        except ReluctantError as fault:
            return f"{where}: {fault}"
        if study.task not in tasks:
            known = ", ".join(each.name for each in METRICS if study.task in each.tasks)
            return f"{where}: {name} is no metric of {study.task}; these are: {known}"
    return ""


def _moments(study: "Study") -> str:
    """Claims and published numbers name epochs, which a study in steps does not have."""
    if not any(study.steps):
        return ""
    if any(claim.by_epoch for claim in study.claim):
        return "claim: by_epoch counts epochs, and this study has steps; leave it out"
    if any(each.epoch for each in study.published):
        return "published: epoch counts epochs, and this study has steps; leave it out"
    return ""


def _seed_table(study: "Study") -> str:
    keys = [key for key in ("control", "choose", "claim", "published") if getattr(study, key)]
    if study.sources and keys:
        return (
            f"seed: a table of seeds measures where variance comes from and compares nothing; leave out "
            f"{' and '.join(keys)}, or give seed = [0, 1, …]"
        )
    return ""


def _growth(study: "Study") -> str:
    if study.until_decided is None:
        return ""
    fault = growth_fault(study.seed, study.arms, study.compare.looks)
    return f"until_decided: {fault}" if fault else ""
