"""Whether a study may go on in a folder: it may grow, and nothing else may change."""

from reluctant.study.study import AXES, Study


def differences(old: Study, new: Study) -> list[str]:
    """What stands between two studies, other than growth, one line each; empty when `new` may go on.

    More activations, seeds and axis values are growth; `about`, `control`, `choose`, `compare`, `claim`
    and `published` may change freely.
    """
    found = []
    if old.name != new.name:
        found.append(f"name: the folder's is {old.name!r}, yours {new.name!r}")
    for axis in ("activation", "seed", *AXES):
        was, now = getattr(old, axis), getattr(new, axis)
        kept = set(now)
        lost = [value for value in was if value not in kept]
        if lost:
            found.append(f"{axis}: the folder has {_list(was)}, yours leaves out {_list(lost)}")
    return found


def _list(values: object) -> str:
    shown = list(map(str, values))  # type: ignore[call-overload]
    return ", ".join(shown if len(shown) < 12 else [*shown[:10], "…", shown[-1]])
