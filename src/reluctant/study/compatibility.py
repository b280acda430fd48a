"""Whether a study may continue in a folder: it may be extended, and nothing else may change."""

from reluctant.study.study import AXES, Study


def study_changes(old: Study, new: Study) -> list[str]:
    """What differs between two studies, other than extensions, one line each; empty when `new` may continue.

    More activations, seeds and axis values are extensions; `about`, `control`, `choose`, `compare`, `claim`
    and `published` may change freely.
    """
    changes = []
    if old.name != new.name:
        changes.append(f"name: the folder has {old.name!r}, yours is {new.name!r}")
    for axis in ("activation", "seed", *AXES):
        before, after = getattr(old, axis), getattr(new, axis)
        missing = [value for value in before if value not in set(after)]
        if missing:
            changes.append(f"{axis}: the folder has {_list(before)}, yours leaves out {_list(missing)}")
    return changes


def _list(values: tuple[object, ...] | list[object]) -> str:
    texts = list(map(str, values))
    return ", ".join(texts if len(texts) < 12 else [*texts[:10], "…", texts[-1]])
