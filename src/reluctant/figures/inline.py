"""Figures as SVG and PNG: the same bytes for the same figure, saved as files or set into a page."""

import hashlib
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from reluctant.core.atomic_files import write_atomically
from reluctant.figures.sheet import MARGIN, head_of
from reluctant.figures.style import ALARM, DARK, ERROR, GHOST, INK, MUTED, PAPER, RULE, SERIES, style
from reluctant.figures.text_width import any_script

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VARIABLES = {INK: "--ink", MUTED: "--muted", RULE: "--rule", PAPER: "--paper", ALARM: "--alarm",
             GHOST: "--ghost", ERROR: "--error",
             **{colour: f"--s{i + 1}" for i, colour in enumerate(SERIES)}}  # fmt: skip

# What a drawing needs and no more: an element or attribute that is not here does not reach the page.
ELEMENTS = frozenset({"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
                      "text", "tspan", "use", "defs", "clipPath"})  # fmt: skip
ATTRIBUTES = frozenset({"id", "d", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "x1", "y1", "x2",
                        "y2", "points", "transform", "style", "clip-path", "href", "viewBox"})  # fmt: skip
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_FONT = re.compile(r"font-family: [^;]*;? ?")
_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"


def inline_svg(
    figure: "Figure", *, text: str = "", paths: bool = False, margin: float = MARGIN, head: bool = True
) -> str:
    """The figure as an `<svg role="img">` element named by the figure's label, to stand in an HTML page.

    `text` is its SVG where it is at hand; `margin` inches around it are cut off, and its title with
    `head=False`. Ids are unique to the drawing.
    """
    text = text or svg(figure, paths=paths)
    root = ElementTree.fromstring(text)
    prefix = "f" + hashlib.sha256(text.encode()).hexdigest()[:10] + "-"
    used = set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", text))
    cut = margin * 72
    wide, tall = (float(v) - 2 * cut for v in root.attrib["viewBox"].split()[2:])
    above = 0.0 if head else head_of(figure).height * 72
    dropped = frozenset(("patch_1",) if head else ("patch_1", "title", "notes"))  # patch_1: the white ground
    body = "".join(part for child in root for part in _serialised(child, prefix, used, dropped))
    label = _attribute(str(figure.get_label() or "figure"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label={label} '
        f'viewBox="{cut:g} {cut + above:g} {wide:g} {tall - above:g}" '
        f'width="{wide:g}pt" height="{tall - above:g}pt">{body}</svg>'
    )


def _serialised(element: ElementTree.Element, prefix: str, used: set[str], dropped: frozenset[str]) -> Iterator[str]:
    tag = element.tag.removeprefix(_SVG) if isinstance(element.tag, str) else ""
    if tag not in ELEMENTS or element.get("id") in dropped:
        return
    named = {name.removeprefix(_LINK): value for name, value in element.attrib.items()}
    allowed = {name: value for name, value in named.items() if name in ATTRIBUTES}
    if allowed.get("id") not in used:
        allowed.pop("id", None)
    if "id" in allowed:
        allowed["id"] = prefix + allowed["id"]
    if "href" in allowed:
        allowed["href"] = "#" + prefix + allowed["href"].removeprefix("#")
    if "clip-path" in allowed:
        allowed["clip-path"] = allowed["clip-path"].replace("url(#", f"url(#{prefix}")
    if "style" in allowed:
        allowed["style"] = with_variables(allowed["style"])
    elif tag == "text":
        allowed["style"] = f"fill: var(--ink, {INK})"
    attributes = "".join(f" {name}={_attribute(value)}" for name, value in allowed.items())
    inside = "".join(part for child in element for part in _serialised(child, prefix, used, dropped))
    text = escape(element.text) if tag in ("text", "tspan") and element.text else ""
    if tag == "g" and not allowed and not inside:
        return
    yield f"<{tag}{attributes}>{text}{inside}</{tag}>" if text or inside else f"<{tag}{attributes}/>"


def _attribute(text: str) -> str:
    return '"' + escape(text, {'"': "&quot;", "\n": " "}) + '"'


def with_variables(style: str) -> str:
    """The style with every colour of ours as the page's variable, and the page's own type face."""
    variable = {colour: f"var({name}, {colour})" for colour, name in VARIABLES.items()}
    return _COLOUR.sub(lambda match: variable.get(match[0], match[0]), _FONT.sub("", style)).rstrip("; ")


def variables(*, dark: bool = False) -> str:
    """The CSS declarations of all colours, for light pages or for dark ones."""
    return " ".join(f"{name}: {DARK[colour] if dark else colour};" for colour, name in VARIABLES.items())


def svg(figure: "Figure", *, paths: bool = False) -> str:
    """The figure as SVG text, without date; letters stay text unless `paths` draws them."""
    from reluctant.figures.svg_renderer import drawn_svg

    if not paths:
        with style(**{"svg.fonttype": "none"}), any_script():
            return drawn_svg(figure)
    buffer = io.StringIO()
    with style(**{"svg.fonttype": "path"}), any_script():
        figure.savefig(buffer, format="svg", metadata=_metadata(figure))
    return buffer.getvalue()


def _metadata(figure: "Figure") -> dict[str, str | None]:
    return {"Date": None, "Creator": None, "Title": str(figure.get_label()) or None}


def png(figure: "Figure", *, dots: int = 160) -> bytes:
    """The figure as PNG, `dots` per inch, on white."""
    buffer = io.BytesIO()
    with style(), any_script():
        figure.savefig(buffer, format="png", dpi=dots, metadata={"Software": None})
    return buffer.getvalue()


def file_content(figure: "Figure", kind: Literal["png", "svg", "pdf"]) -> str | bytes:
    """The figure as the content of a file of this kind; of the same figure it is always the same."""
    if kind == "svg":
        return svg(figure)
    if kind == "png":
        return png(figure)
    buffer = io.BytesIO()
    with style(**{"pdf.fonttype": 42}), any_script():
        figure.savefig(buffer, format="pdf", metadata={"Creator": None, "Producer": None, "CreationDate": None})
    return buffer.getvalue()


def save(figure: "Figure", path: Path) -> tuple[Path, ...]:
    """Write `path`.svg and `path`.png, each whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing, image = path.with_name(path.name + ".svg"), path.with_name(path.name + ".png")
    write_atomically(drawing, svg(figure))
    write_atomically(image, png(figure))
    return drawing, image


@cache
def inline_formula(latex: str) -> str:
    """A formula in LaTeX as an `<svg>` element; empty where matplotlib cannot set it."""
    from reluctant.figures.shapes import formula

    drawing = formula(latex)
    return inline_svg(drawing, paths=True, margin=0) if drawing else ""
