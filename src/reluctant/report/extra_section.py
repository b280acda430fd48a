"""A section of the page that an optional room adds: sentences, pictures and tables under a heading."""

from dataclasses import dataclass

from reluctant.core.extensions import extensions, load_object
from reluctant.records.study_results import Results
from reluctant.report.pictures import Picture, Studio
from reluctant.report.tables import Table


@dataclass(frozen=True)
class ExtraSection:
    """A heading with its `anchor`, and what stands below it, in this order."""

    heading: str
    anchor: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


def extra_sections(results: Results, studio: Studio) -> tuple[ExtraSection, ...]:
    """The sections of all optional rooms that have something to say of these results."""
    builders = [load_object(each.report_section) for each in extensions() if each.report_section]
    return tuple(section for build in builders if (section := build(results, studio)) is not None)
