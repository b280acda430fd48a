"""A section of the page that an optional room adds: sentences, pictures and tables under a heading."""

from dataclasses import dataclass

from reluctant.analysis import ReportData
from reluctant.core.extensions import extensions, load_object
from reluctant.report.pictures import Picture, PictureBook
from reluctant.report.tables import Table


@dataclass(frozen=True)
class ExtraSection:
    """A heading with its `anchor`, and what stands below it, in this order."""

    heading: str
    anchor: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


def extra_sections(data: ReportData, book: PictureBook) -> tuple[ExtraSection, ...]:
    """The sections of all optional rooms that have something to say of this analysis."""
    builders = [load_object(each.report_section) for each in extensions() if each.report_section]
    return tuple(section for build in builders if (section := build(data, book)) is not None)
