"""The contents of the page as plain data, section by section."""

from dataclasses import dataclass

from reluctant.analysis import ReportData
from reluctant.analysis.study_facts import Pairs
from reluctant.core.extensions import extensions, load_object
from reluctant.report.pictures import Picture, PictureBook
from reluctant.report.tables import Table


@dataclass(frozen=True)
class ComparisonSection:
    """One comparison; `sentence` and `title` are empty where the page has only one."""

    title: str
    sentence: str
    warnings: tuple[str, ...]
    floor: str
    picture: Picture
    verdicts: Table
    pairs: Table | None
    unfolded: bool  # whether the pairs are unfolded
    too_many: str  # why the pairs are left out, where they are


@dataclass(frozen=True)
class ClaimSection:
    """One claim: its words, its outcome, how it was tested, the numbers."""

    words: str
    sign: str
    outcome: str
    test: str
    numbers: Table


@dataclass(frozen=True)
class FigureSection:
    """A sentence that says what to see, a figure or none, a table."""

    title: str
    sentence: str
    picture: Picture | None
    table: Table


@dataclass(frozen=True)
class ScoreSection:
    """The scores at one setting: `title` is empty for the only one."""

    title: str
    overview: Picture
    scores: Table
    curves: tuple[Picture, ...]


@dataclass(frozen=True)
class InsideSection:
    """The inside at one setting; `sentences` stand beside the verdicts."""

    title: str
    sentences: tuple[str, ...]
    pictures: tuple[tuple[str, Picture], ...]  # what to see, and the figure
    tables: tuple[Table, ...]
    folded: bool  # whether the tables are folded away: they are long


@dataclass(frozen=True)
class ArmSection:
    """One arm: what it is, and its curves and errors."""

    anchor: str
    label: str
    name: str
    purpose: str
    formula: str  # an SVG, or empty
    latex: str
    source: str
    shape: Picture | None
    pictures: tuple[Picture, ...]
    classes: tuple[Table, ...]  # where classes are many: the worst and the best, at every setting


@dataclass(frozen=True)
class StudySection:
    """What was trained, where, and what went wrong."""

    recipe: Pairs
    remarks: tuple[str, ...]
    network: Table | None
    environments: tuple[Pairs, ...]
    provenance: Pairs
    problems: tuple[tuple[str, str, str], ...]  # the run, what happened, the traceback
    command: str
    history: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class ExtraSection:
    """A heading with its `anchor`, and what stands below it, in this order."""

    heading: str
    anchor: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Page:
    """All that the template needs."""

    data: ReportData
    headline: tuple[str, ...]
    progress: str
    warnings: tuple[str, ...]
    comparisons: tuple[ComparisonSection, ...]
    variances: tuple[FigureSection, ...]
    extra: tuple[ExtraSection, ...]
    claims: tuple[tuple[str, tuple[ClaimSection, ...]], ...]  # by title of the setting
    claim_notes: tuple[str, ...]
    published: tuple[FigureSection, ...]
    scores: tuple[ScoreSection, ...]
    inside: tuple[InsideSection, ...]
    shapes: Picture | None
    arms: tuple[ArmSection, ...]
    study: StudySection | None
    many_settings: bool
    few_seeds: bool


def extra_sections(data: ReportData, book: PictureBook) -> tuple[ExtraSection, ...]:
    """The sections of all optional rooms that have something to say of this analysis."""
    builders = [load_object(each.report_section) for each in extensions() if each.report_section]
    return tuple(section for build in builders if (section := build(data, book)) is not None)
