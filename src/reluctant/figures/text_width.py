"""How wide a text is, and what of it fits: names come from anywhere and may be all W."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from reluctant.figures.style import faces

_DPI = 160  # at screen sizes hinting rounds every sign to whole dots


@contextmanager
def any_script() -> Iterator[None]:
    """Within it, a sign that no face here has becomes a box without a warning: names are not ours."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*[Gg]lyph .* missing")
        yield


@cache
def _font(bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    weight = "bold" if bold else "normal"
    return get_font([findfont(FontProperties(family=face, weight=weight)) for face in faces()])


@lru_cache(maxsize=8192)
def width_of(text: str, points: float, *, bold: bool = False) -> float:
    """The width of one line of text, in inches."""
    font = _font(bold)
    with any_script():
        font.set_size(points, _DPI)
        font.set_text(text)
    return float(font.get_width_height()[0]) / 64 / _DPI


def fitted(text: str, points: float, inches: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits these inches, with an ellipsis."""
    if width_of(text, points, bold=bold) <= inches:
        return text
    end = len(text)
    while end > 1 and width_of(text[:end] + "…", points, bold=bold) > inches:
        end -= 1
    return text[:end].rstrip() + "…"


def wrapped(text: str, points: float, inches: float, *, bold: bool = False) -> list[str]:
    """The text in lines that fit these inches; a word wider than that is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, points, bold=bold) <= inches:
            lines[-1] = longer
        else:
            lines.append(fitted(word, points, inches, bold=bold))
    return [line for line in lines if line] or [""]
