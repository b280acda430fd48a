"""Two studies on one page: what differs between them, both verdicts on every arm, and both figures side by side."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reluctant import figures
from reluctant.analysis import Comparison, ReportData, headline
from reluctant.analysis.labels import slug
from reluctant.analysis.two_studies import TwoStudies
from reluctant.analysis.units import DASH
from reluctant.core.atomic_files import write_atomically
from reluctant.report import drawn_with, render_template, tables, verdict_tables
from reluctant.report.pictures import Picture, PictureBook, Progress
from reluctant.report.tables import Table

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class StudyColumn:
    """One study of the two."""

    name: str
    data: str
    headline: tuple[str, ...]
    differences: Picture
    scores: Picture
    verdicts: Table
    final: Table


def write_side_by_side(
    first: ReportData, second: ReportData, to: str | Path | None = None, progress: Progress | None = None
) -> tuple[Path, str]:
    """Write the page of two studies to a file, `NAME-and-NAME.html` unless named; its path, and its first sentence.

    Raises:
        StudyError: The studies share no arms, or one of them has no verdicts or several settings.
    """
    two = TwoStudies.of(first, second)
    book = PictureBook(None, progress=progress)
    columns = [
        _column(name, data, comparison, book)
        for name, data, comparison in zip(two.names, two.studies, two.comparisons, strict=True)
    ]
    html = render_template(
        _HERE / "side_by_side.html.j2", _HERE / "style.css", two=two, columns=columns, changes=changes_table(two),
        differing=differing_table(two), drawn_with=drawn_with(), subject=two.comparisons[0].subject,
    )  # fmt: skip
    target = Path(f"{slug(two.names[0])}-and-{slug(two.names[1])}.html") if to is None else Path(to)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, html)
    return target, two.sentence


def _column(name: str, data: ReportData, comparison: Comparison, book: PictureBook) -> StudyColumn:
    setting = next((s for s in data.settings if s.setting == comparison.setting), data.settings[0])
    return StudyColumn(
        name,
        data.subject.data,
        headline(data),
        book.draw(
            f"differences_{name}",
            partial(figures.differences, comparison),
            verdict_tables.differences_table(comparison),
            form="narrow",
        ),
        book.draw(f"scores_{name}", partial(figures.final_scores, setting), tables.seeds_table(setting), form="narrow"),
        verdict_tables.verdicts_table(comparison, explained=False),
        tables.final_scores_table(setting),
    )


def changes_table(two: TwoStudies) -> Table:
    """Every shared arm: its difference from the baseline in both studies, and how much that changes."""
    comparison, rows = two.comparisons[0], []
    unit = comparison.unit
    for each in two.changes:
        cells = []
        for own, contrast in zip(two.comparisons, each.contrasts, strict=True):
            ends = verdict_tables.interval_text(own, contrast.interval)
            cells += [
                f"{own.unit.difference(contrast.difference.mean)}\n{ends}",
                f"{contrast.verdict.sign} {contrast.verdict}",
            ]
        change = DASH
        if each.difference.decides is not None:
            ends = verdict_tables.interval_text(comparison, each.difference.decides)
            change = f"{unit.difference(each.difference.mean)}\n{ends}"
        verdict = each.decision.verdict
        word = {"better": "gains", "worse": "loses", "the same": "no change"}.get(str(verdict), str(verdict))
        rows.append((each.label, *cells, change, f"{verdict.sign} {word}"))
    one, other = two.names
    word = verdict_tables.difference_unit(comparison)
    heads = (comparison.subject.arm.capitalize(), f"{one}: difference, {word}", "Verdict",
             f"{other}: difference, {word}", "Verdict", "Second − first", "Change")  # fmt: skip
    note = (
        f"Difference: {comparison.subject.arm} minus {comparison.baseline_label}, with the interval that decides in "
        "its study. Second − first: Welch’s interval of the two mean differences, corrected for all rows; seeds are "
        "not paired between studies. Inside the margin of the first study it is no change."
    )
    caption = f"Difference from {comparison.baseline_label} in both studies"
    return Table(caption, heads, tuple(rows), note=note, words=frozenset({2, 4, 6}), stacked=True)


def differing_table(two: TwoStudies) -> Table:
    """What is not the same in the two recipes."""
    heads = ("Setting", *two.names)
    return Table("What differs between the studies", heads, tuple(two.differing), words=frozenset({1, 2}))
