"""Texts for a reader's eyes: values quoted in messages, and characters that would act made visible."""

import re


def quoted(value: object, longest: int = 100) -> str:
    """How a message quotes what was given: its `repr`, cut short."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= longest else text[: longest - 1] + "…"


# What acts on a terminal, turns the direction of reading, or may not stand in XML; lines and tabs may stay.
_ACTING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text for a reader's eyes: a sign that would act unseen (ESC, U+202E) stands as its escape."""
    return _ACTING.sub(lambda sign: ascii(sign.group())[1:-1], text)
