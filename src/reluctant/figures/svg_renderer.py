"""A figure drawn as SVG without what a file of matplotlib needs and a page does not: sizes of texts are kept."""

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.textpath import TextToPath

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

POINTS = 72  # dots per inch of an SVG


class _Renderer(RendererSVG):
    """The renderer of matplotlib with one memory for the sizes of texts: figures of a page share most of them."""

    def get_text_width_height_descent(self, s: str, prop: "FontProperties", ismath: Any) -> tuple[float, float, float]:
        """Width, height and descent of a text in points."""
        return _size_of(s, prop.copy(), ismath)  # a key that nobody changes


@lru_cache(maxsize=20_000)
def _size_of(text: str, properties: "FontProperties", ismath: Any) -> tuple[float, float, float]:
    wide, tall, depth = TextToPath().get_text_width_height_descent(text, properties, ismath)
    return float(wide), float(tall), float(depth)


def drawn_svg(figure: "Figure") -> str:
    """The figure as SVG text, as `savefig` writes it in the settings that hold now, without its date."""
    dpi, buffer = figure.dpi, io.StringIO()
    wide, tall = figure.get_size_inches() * POINTS
    metadata = {"Date": None, "Creator": None, "Title": str(figure.get_label()) or None}
    try:
        figure.dpi = POINTS
        renderer: Any = _Renderer(wide, tall, buffer, metadata=metadata)  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        renderer.finalize()
    finally:
        figure.dpi = dpi
    return buffer.getvalue()
