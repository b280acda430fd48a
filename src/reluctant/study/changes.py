"""What differs between two studies, other than extensions."""

import json

from reluctant.study.study import AXES, Study


def study_changes(old: Study, new: Study) -> list[str]:
    """What differs between two studies, other than extensions, one line each; empty when `new` may continue.

    More activations, seeds and axis values are extensions; `about`, `control`, `choose`, `compare`, `claim`,
    `published` and `until_decided` may change freely.
    """
    changes = []
    if old.name != new.name:
        changes.append(f"name: the folder has {old.name!r}, yours is {new.name!r}")
    for axis in ("arm", "activation", "seed", *AXES):
        before, after = getattr(old, axis), getattr(new, axis)
        if not set(before) <= set(after):
            union = [json.dumps(value, ensure_ascii=False) for value in dict.fromkeys((*before, *after))]
            differ = f"{axis}: the folder has {_list(before)}, this study has {_list(after)}"
            example = f": {axis} = [{', '.join(union)}]" if len(union) < 12 else ""
            changes.append(f"{differ}. You may add values, not remove any{example}")
    return changes


def _list(values: tuple[object, ...] | list[object]) -> str:
    texts = list(map(str, values))
    return ", ".join(texts if len(texts) < 12 else [*texts[:10], "…", texts[-1]])
