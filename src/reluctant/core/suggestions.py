"""Suggestions for a mistyped name."""

import difflib
from collections.abc import Iterable


def normalised(text: str) -> str:
    """Return a name as look-ups compare it: lower case, without `-` and `_`."""
    return text.lower().replace("-", "").replace("_", "")


def nearest_names(text: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return at most `most` known names that are close to a mistyped one, the closest first."""
    originals: dict[str, str] = {}
    for name in known:
        originals.setdefault(normalised(name), name)
    matches = difflib.get_close_matches(normalised(text), originals, n=most, cutoff=0.6)
    return [originals[match] for match in matches]


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'relu'?`, or an empty text where no known name is close."""
    names = nearest_names(text, known)
    return f"; did you mean {' or '.join(map(repr, names))}?" if names else ""
