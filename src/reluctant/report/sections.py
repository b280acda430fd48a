"""The contents of the page as plain data, section by section, and the sections of the inside."""

from dataclasses import dataclass
from functools import partial

from reluctant import figures
from reluctant.analysis import ReportData, SettingData
from reluctant.analysis.labels import slug
from reluctant.analysis.probe_sentences import (
    dead_units_sentence,
    depth_sentence,
    distribution_sentence,
    sentences_beside_verdicts,
)
from reluctant.analysis.study_facts import Pairs
from reluctant.core.extensions import extensions, load_object
from reluctant.figures.style import FEW
from reluctant.report.detail_tables import (
    calibration_table,
    dead_units_table,
    distribution_table,
    gradient_table,
    probe_table,
    robustness_table,
)
from reluctant.report.pictures import Picture, PictureBook
from reluctant.report.tables import Table

MANY = 6  # settings up to which every one gets all figures


@dataclass(frozen=True)
class ComparisonSection:
    """One comparison; `sentence` and `title` are empty where the page has only one."""

    title: str
    sentence: str
    warnings: tuple[str, ...]
    floor: str
    picture: Picture
    margins: Picture  # which verdicts other margins would give
    verdicts: Table
    pairs: Table | None
    unfolded: bool  # whether figure and table are open: of several comparisons the one that answers the question
    short: bool  # whether the arms are few enough for an open table
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
    sizes: Table | None  # of the networks, where they are not all the same
    curves: tuple[Picture, ...]
    cost: Picture | None  # score against training time
    unfolded: bool  # whether it is open: the first setting is
    short: bool  # whether the arms are few enough for open tables


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
class EmbeddedFile:
    """A file within the page: its name, what it holds, and the link that downloads it."""

    name: str
    holds: str
    link: str


@dataclass(frozen=True)
class Page:
    """All that the template needs."""

    data: ReportData
    headline: tuple[str, ...]
    qualifications: tuple[str, ...]  # the sentences of the headline that stand right below its first
    progress: str
    warnings: tuple[str, ...]
    comparisons: tuple[ComparisonSection, ...]
    rates: tuple[Picture, ...]  # score against learning rate, where a study has several
    variances: tuple[FigureSection, ...]
    extra: tuple[ExtraSection, ...]
    claims: tuple[tuple[str, tuple[ClaimSection, ...]], ...]  # by title of the setting
    claim_notes: tuple[str, ...]
    claims_result: str  # `3 contradicted, 3 undecided`
    published: tuple[FigureSection, ...]
    published_result: str
    scores: tuple[ScoreSection, ...]
    inside: tuple[InsideSection, ...]
    calibrations: tuple[InsideSection, ...]
    shapes: Picture | None
    arms: tuple[ArmSection, ...]
    study: StudySection | None
    many_settings: bool
    few_seeds: bool
    files: tuple[EmbeddedFile, ...]

    @property
    def contents(self) -> tuple[tuple[str, str], ...]:
        """(anchor, heading) of every section, in the order of the page."""
        study, curves = self.study, any(s.curves for s in self.scores) or (self.scores and self.many_settings)
        arms = f"{self.data.subject.arms.capitalize()} one by one"
        sections = [
            ("verdicts", "Verdicts", self.comparisons),
            ("rates", "Learning rates", self.rates),
            ("variance", "Variance", self.variances),
            ("scores", "Final scores", self.scores),
            ("curves", "Learning curves", curves),
            ("cost", "Score and training time", any(s.cost for s in self.scores)),
            ("warnings", "Warnings", self.warnings),
            ("data", "Data", self.files),
            *((each.anchor, each.heading, True) for each in self.extra),
            ("claims", "Claims", self.claims or self.claim_notes),
            ("published", "Published numbers", self.published),
            ("inside", "Inside the network", self.inside),
            ("calibration", "Calibration", self.calibrations),
            ("arms", arms, self.arms),
            ("study", "Training", study),
            ("network", "Network", study and study.network),
            ("environments", "Machines and versions", study and study.environments),
            ("problems", "Failed and diverged runs", study and study.problems),
            ("method", "Method", True),
        ]
        return tuple((anchor, heading) for anchor, heading, present in sections if present)


def extra_sections(data: ReportData, book: PictureBook) -> tuple[ExtraSection, ...]:
    """The sections of all optional rooms that have something to say of this analysis."""
    builders = [load_object(each.report_section) for each in extensions() if each.report_section]
    return tuple(section for build in builders if (section := build(data, book)) is not None)


def file_suffix(title: str) -> str:
    """The end of a file's name for a setting."""
    return "_" + slug(title.replace(" ", "")) if title else ""


def calibration_sections(data: ReportData) -> tuple[InsideSection, ...]:
    """Calibration, and accuracy on degraded inputs, at every setting in which they were measured."""
    measured = [(s, [t for t in (calibration_table(s), robustness_table(s)) if t]) for s in data.settings]
    return tuple(InsideSection(s.title, (), (), tuple(ts), len(s.arms) > FEW) for s, ts in measured if ts)


def inside_sections(data: ReportData, book: PictureBook) -> tuple[InsideSection, ...]:
    """The inside at every setting that was probed; figures only where the settings are few."""
    every, sections = len(data.settings) <= MANY, []
    for setting in data.settings:
        if setting.probes.arms:
            table = probe_table(setting)
            compared = not data.question.seed_sources
            sentences = sentences_beside_verdicts(setting.comparison, setting.probes) if compared else ()
            pictures = _inside_pictures(setting, book) if every else ()
            sections.append(
                InsideSection(setting.title, sentences, pictures, (table,) if table else (), len(setting.arms) > FEW)
            )
    return tuple(sections)


def _inside_pictures(data: SettingData, book: PictureBook) -> tuple[tuple[str, Picture], ...]:
    """What dies, what arrives, what goes in and out; of several settings without the last."""
    probes, suffix = data.probes, file_suffix(data.title)
    figures_ = [
        ("dead_units", figures.dead_units, dead_units_sentence, dead_units_table, probes.sites),
        ("gradients", figures.gradient_by_depth, depth_sentence, gradient_table, probes.layers),
        ("distributions", figures.distributions, distribution_sentence, distribution_table,
         () if data.setting else probes.sites),
    ]  # fmt: skip
    return tuple(
        (sentence(probes, data.labels), book.draw(f"{name}{suffix}", partial(draw, data), table(data)))
        for name, draw, sentence, table, rows in figures_
        if rows
    )
