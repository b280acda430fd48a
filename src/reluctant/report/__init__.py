"""The report: one self-contained HTML page, and its figures as files. Needs no torch."""

from pathlib import Path

from reluctant.analysis import ReportData
from reluctant.core.atomic_files import write_atomically
from reluctant.core.display import visible
from reluctant.core.environment import version

__all__ = ["drawn_with", "render_page", "render_template", "write_report"]

_HERE = Path(__file__).parent


def write_report(data: ReportData, folder: str | Path, *, to: str | Path | None = None) -> Path:
    """Write `folder`/report.html and its figures in `folder`/figures; the path of the page.

    With `to` only the page is written, there: for a folder that cannot be written to.
    """
    folder = Path(folder)
    target = folder / "report.html" if to is None else Path(to)
    html = render_page(data, folder / "figures" if to is None else None)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, html)
    return target


def render_page(data: ReportData, figures: Path | None = None) -> str:
    """The page as HTML; its figures are saved in `figures` as SVG and PNG unless that is None."""
    from reluctant.report.page import build_page
    from reluctant.report.pictures import PictureBook

    page = build_page(data, PictureBook(figures, data.subject.data))
    return render_template(_HERE / "template.html.j2", _HERE / "style.css", page=page, drawn_with=drawn_with())


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
