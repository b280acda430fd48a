"""What `--set KEY=VALUE` means: `lr=0.01,0.003` is a list, `seed=0..9` ten seeds."""

import re
from collections.abc import Iterable
from typing import Any

from reluctant.core.errors import StudyError

_RANGE = re.compile(r"(-?\d{1,18})\.\.(-?\d{1,18})")
_LONGEST = 1_000_000


def parse_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """`["lr=0.01,0.003", "compare.metric=loss"]` as keys and values; the last word on a key counts."""
    overrides: dict[str, Any] = {}
    for text in texts:
        key, _, value = map(str.strip, text.partition("="))
        if not key or not value:
            raise StudyError(f"--set {text!r}: write KEY=VALUE, for example --set lr=0.01,0.003")
        bracketed = value.startswith("[") and value.endswith("]")  # as in a study file; commas alone will do
        parts = split_at_commas(value[1:-1] if bracketed else value)
        items = [item for part in parts for item in _items(part.strip(), text)]
        overrides[key] = items if len(items) > 1 or bracketed or _RANGE.fullmatch(value) else items[0]
    return overrides


def split_at_commas(text: str) -> list[str]:
    """The parts between commas, where commas inside brackets or quotes do not count."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append("")
            continue
        parts[-1] += character
    return parts


def _items(text: str, whole: str) -> list[Any]:
    if not text:
        raise StudyError(f"--set {whole!r}: there is nothing between two commas")
    span = _RANGE.fullmatch(text)
    if span is None:
        if re.fullmatch(r"-?\d*\.\.-?\d*", text):
            raise StudyError(f"--set {whole!r}: {text} lacks an end; write 0..9, or 0,1,2")
        return [_scalar(text)]
    first, last = int(span[1]), int(span[2])
    if last < first:
        raise StudyError(f"--set {whole!r}: {text} runs backwards; write {last}..{first}")
    if last - first >= _LONGEST:
        raise StudyError(f"--set {whole!r}: {text} is more than a million values")
    return list(range(first, last + 1))


def _scalar(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
