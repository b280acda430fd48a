"""Texts for a reader's eyes: values quoted in messages, and control characters made visible."""

import re


def quoted(value: object, longest: int = 100) -> str:
    """Return the `repr` of a value for a message, cut to `longest` characters."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write integers of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= longest else text[: longest - 1] + "…"


# Characters that act on a terminal, change the direction of reading, or are not allowed in XML. Newlines and
# tabs stay.
_CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Return the text with each control character (ESC, U+202E, …) replaced by its escape."""
    return _CONTROL_CHARACTERS.sub(lambda match: ascii(match.group())[1:-1], text)
