"""What somebody may have meant who mistyped a name."""

import difflib
from collections.abc import Iterable


def normalised(text: str) -> str:
    """What look-up compares: lower case, without `-` and `_`."""
    return text.lower().replace("-", "").replace("_", "")


def nearest(text: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names closest to a mistyped one, best first; may be empty."""
    by_normal: dict[str, str] = {}
    for name in known:
        by_normal.setdefault(normalised(name), name)
    close = difflib.get_close_matches(normalised(text), by_normal, n=most, cutoff=0.6)
    return [by_normal[match] for match in close]


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """`; did you mean 'relu'?`, or nothing where no known name is near."""
    close = nearest(text, known)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
