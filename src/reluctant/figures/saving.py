"""Figures as bytes and files: SVG and PNG, the same bytes for the same figure."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from reluctant.core.atomic_files import write_atomically
from reluctant.figures.style import style
from reluctant.figures.text_width import any_script

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 160


def svg(figure: "Figure", *, paths: bool = False) -> str:
    """The figure as SVG text, without date; letters stay text unless `paths` draws them."""
    buffer = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Title": figure.get_label() or None}
    with style(**{"svg.fonttype": "path" if paths else "none"}), any_script():
        figure.savefig(buffer, format="svg", metadata=metadata)
    return buffer.getvalue()


def png(figure: "Figure") -> bytes:
    """The figure as PNG, 160 dots per inch, on white."""
    buffer = io.BytesIO()
    with style(), any_script():
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def save(figure: "Figure", path: Path, *, text: str = "", dots: bool = True) -> tuple[Path, ...]:
    """Write `path`.svg and `path`.png, each whole or not at all; `text` is the SVG where it is at hand.

    Without `dots` the PNG, which takes most of the time, is left out.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing, image = path.with_name(path.name + ".svg"), path.with_name(path.name + ".png")
    write_atomically(drawing, text or svg(figure))
    if not dots:
        return (drawing,)
    write_atomically(image, png(figure))
    return drawing, image
