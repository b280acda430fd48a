"""The content of a study file, for a study that is there."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from reluctant.catalogue.metrics import CLASSIFICATION
from reluctant.study.run import Run
from reluctant.study.seeds import as_table

if TYPE_CHECKING:
    from reluctant.study.study import Study

FIRST = ("dataset", "model", "activation")  # in a file, before the other keys of our own loop
FIRST_OF_ANOTHER = ("arm", "activation", "train", "command")  # and of another training


def written_content(study: "Study") -> dict[str, Any]:
    """The keys of a study file with their values; a list of one value is written as the value.

    Of our own loop all keys are written. What it needs means nothing to another training, so a study with `train` or
    `command` holds only what was set.
    """
    content: dict[str, Any] = {"name": study.name, **({"about": study.about} if study.about else {})}
    axes = [field.name for field in fields(Run) if field.name not in ("activation", "seed", "train", "command")]
    axes = [name for name in axes if name != ("epochs" if any(study.steps) else "steps")]
    for key in dict.fromkeys((*(FIRST_OF_ANOTHER if study.reported else FIRST), *axes, "seed")):
        values = getattr(study, key)
        if study.reported and key != "seed" and values in ((), (getattr(Run, key, None),)):
            continue
        content[key] = values[0] if len(values) == 1 else list(values)
    if study.sources:
        content["seed"] = as_table(study.seed)
    optional = {
        "evaluate_every": study.evaluate_every,
        "task": study.task if study.task != CLASSIFICATION else None,
        "control": study.control,
        "choose": study.choose,
        "compare": study.compare.to_table(),
        "until_decided": study.until_decided and study.until_decided.model_dump(exclude_none=True),
        "claim": [claim.to_table() for claim in study.claim],
        "published": [each.to_table() for each in study.published],
    }
    return content | {key: value for key, value in optional.items() if value}
