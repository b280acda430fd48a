"""The report: one self-contained HTML page, and its figures as files. Needs no torch."""

from pathlib import Path
from typing import TYPE_CHECKING

from reluctant.analysis import ReportData
from reluctant.core.atomic_files import write_atomically
from reluctant.core.display import visible
from reluctant.core.environment import version
from reluctant.core.errors import StudyError

if TYPE_CHECKING:
    from reluctant.report.pictures import Progress

__all__ = ["CARD", "drawn_with", "render_page", "render_template", "write_report"]

_HERE = Path(__file__).parent


CARD = "card.png"  # beside the page: the picture that a link to it shows


def write_report(
    data: ReportData, folder: str | Path, *, to: str | Path | None = None, address: str = "",
    progress: "Progress | None" = None,
) -> Path:  # fmt: skip
    """Write `folder`/report.html, its card.png, and its figures in `folder`/figures as SVG; the path of the page.

    Args:
        data: The analysis.
        folder: Where to write.
        to: Write only the page, there: for a folder that cannot be written to.
        address: Where the folder will be on the web, `https://…`: services that show a card ask for a whole address.
        progress: Called with the number and the name of every figure before it is drawn.

    Raises:
        StudyError: The folder is that of another study.
    """
    from reluctant.figures.card import card_png

    folder = Path(folder)
    own = data.records.folder if data.records is not None else None
    other_study = (folder / "study.toml").is_file() and (own is None or own.resolve() != folder.resolve())
    if to is None and other_study:
        raise StudyError(f"{folder} is the folder of a study, which has a page of its own; choose another folder")
    target = folder / "report.html" if to is None else Path(to)
    card = "" if to is not None else f"{address.rstrip('/')}/{CARD}" if address else CARD
    html = render_page(data, folder / "figures" if to is None else None, card=card, progress=progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    if card:
        write_atomically(folder / CARD, card_png(data))
    write_atomically(target, html)
    return target


def render_page(
    data: ReportData, figures: Path | None = None, *, card: str = CARD, progress: "Progress | None" = None
) -> str:
    """The page as HTML; its figures are saved in `figures` as SVG unless that is None. `card` is its picture's link."""
    from reluctant.report.page import build_page
    from reluctant.report.pictures import PictureBook

    page = build_page(data, PictureBook(figures, data.subject.data, progress))
    return render_template(
        _HERE / "template.html.j2", _HERE / "style.css", page=page, drawn_with=drawn_with(), card=card
    )


def render_template(template: Path, css: Path, **values: object) -> str:
    """A page from a template of jinja2; `style` in it is the style sheet, with the colours of the figures."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from reluctant.figures.inline import variables

    def inert(value: object) -> object:
        """A text of others without characters that act; what the template itself makes is left as it is."""
        return visible(value) if type(value) is str else value

    environment = Environment(
        loader=FileSystemLoader(template.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=inert,
    )  # fmt: skip
    style = css.read_text("utf-8").replace("/* light */", variables()).replace("/* dark */", variables(dark=True))
    return environment.get_template(template.name).render(style=Markup(style), **values)


def drawn_with() -> str:
    """What decides how a page is drawn beside its results; every page names it."""
    from reluctant.figures.style import faces

    return f"reluctant {version('reluctant')}; matplotlib {version('matplotlib')}, {', '.join(faces())}"
