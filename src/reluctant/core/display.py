"""Text for users: printable, quoted, with the nearest known names."""

import difflib
import re
from collections.abc import Iterable


def quoted(value: object, longest: int = 100) -> str:
    """Return the `repr` of a value for a message, cut to `longest` characters."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write integers of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= longest else text[: longest - 1] + "…"


# Characters that act on a terminal, change the direction of reading, or are not allowed in XML. Newlines and tabs stay.
_CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Return the text with each control character (ESC, U+202E, …) replaced by its escape."""
    return _CONTROL_CHARACTERS.sub(lambda match: ascii(match.group())[1:-1], text)


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
