"""What stands on the page, as plain data: the template only sets it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reluctant import figures
from reluctant.analysis.comparison import inputs
from reluctant.catalogue.metrics import REGRESSION, USUAL
from reluctant.figures.labels import data_title, marks, setting_words, slug
from reluctant.figures.style import FEW
from reluctant.records.study_results import Results
from reluctant.report import classes, tables, words
from reluctant.report.claimed import Claimed, claimed, notes
from reluctant.report.extra_section import ExtraSection, extra_sections
from reluctant.report.headline import sentences
from reluctant.report.inside import Inside, insides
from reluctant.report.pictures import Picture, Studio
from reluctant.report.publications import Publication, publications
from reluctant.report.spread import Apart, apart
from reluctant.report.tables import Table
from reluctant.report.verdicts import Compared, compared

MANY = 6  # settings up to which every one gets all figures


@dataclass(frozen=True)
class Setting:
    """The scores at one setting: `title` is empty where the study has no axes beside activation and seed."""

    title: str
    overview: Picture
    scores: Table
    curves: tuple[Picture, ...]


@dataclass(frozen=True)
class Section:
    """One activation: what it is, and what it did."""

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
class Page:
    """All that the template needs."""

    name: str
    data: str
    headline: tuple[str, ...]
    progress: str
    study: words.Pairs
    remarks: tuple[str, ...]
    items: str
    regression: bool
    warnings: tuple[str, ...]
    compared: tuple[Compared, ...]
    apart: tuple[Apart, ...]
    extra: tuple[ExtraSection, ...]
    claimed: tuple[Claimed, ...]
    claim_notes: tuple[str, ...]
    published: tuple[Publication, ...]
    settings: tuple[Setting, ...]
    inside: tuple[Inside, ...]
    shapes: Picture | None
    sections: tuple[Section, ...]
    network: Table | None
    places: tuple[words.Pairs, ...]
    provenance: words.Pairs
    troubles: tuple[words.Trouble, ...]
    again: str
    history: tuple[str, ...]
    source: str
    few: bool
    many: bool
    grown: bool
    control: bool
    at: str


def page(results: Results, studio: Studio) -> Page:
    """The report of these results; figures are saved where the studio says."""
    from reluctant.analysis.comparison import compare

    some = len(results) > 0
    comparisons = compare(results) if some else ()
    done = f"{len(results):,} of {results.study.size:,} runs"
    return Page(
        name=results.study.name,
        data=data_title(results),
        headline=tuple(text.replace(" ± ", "\u00a0±\u00a0") for text in sentences(results, comparisons)),
        progress=done if results.missing else f"{len(results):,} runs, complete",
        study=words.study(results),
        remarks=inputs.remarks(results),
        items=inputs.items(results),
        regression=results.study.task == REGRESSION,
        warnings=tuple(words.warnings(results)),
        compared=compared(comparisons, studio),
        apart=apart(results, studio),
        extra=extra_sections(results, studio),
        claimed=claimed(results),
        claim_notes=notes(results) if some else (),
        published=publications(results, studio),
        settings=_settings(results, studio) if some else (),
        inside=insides(results, comparisons, studio, every=len(results.settings) <= MANY),
        shapes=_shapes(results, studio) if some else None,
        sections=tuple(_section(results, a, studio) for a in results.activations) if some else (),
        network=tables.network(results),
        places=tuple(words.places(results)),
        provenance=words.provenance(results) if some else [],
        troubles=tuple(words.troubles(results)),
        again=words.again(results),
        history=words.history(results),
        source=words.source(results),
        few=len(results.study.seed) < 5,
        many=len(results.settings) > MANY,
        grown=results.grown,
        control=results.study.control,
        at=results.study.compare.at,
    )


def _settings(results: Results, studio: Studio) -> tuple[Setting, ...]:
    every = len(results.settings) <= MANY
    return tuple(_setting(results.at(s), s, studio, every) for s in results.settings)


def _setting(part: Results, setting: Mapping[str, Any], studio: Studio, every: bool) -> Setting:
    metric, ending = part.study.compare.metric, _ending(setting)
    overview = studio.picture(
        f"final_{metric}{ending}", partial(figures.final_scores, part, metric), tables.seeds(part, metric)
    )
    shown = dict.fromkeys((USUAL[part.study.task] if metric == "loss" else metric, "loss")) if every else {}
    curves = [
        studio.picture(f"{m}{ending}", partial(figures.score_by_epoch, part, m), tables.by_epoch(part, m))
        for m in shown
    ]
    if shown and len(part.activations) > 1:
        cost = partial(figures.quality, part, metric)
        curves.append(studio.picture(f"quality{ending}", cost, tables.cost(part, metric)))
    return Setting(setting_words(setting), overview, tables.final(part), tuple(curves))


def _ending(setting: Mapping[str, Any]) -> str:
    return "_" + slug(setting_words(setting).replace(" ", "")) if setting else ""


def _shapes(results: Results, studio: Studio) -> Picture:
    return studio.picture("shapes", partial(figures.shapes, results), tables.shapes(results))


def _section(results: Results, activation: str, studio: Studio) -> Section:
    row, number = words.row_of(activation), results.activations.index(activation) + 1
    latex = row.formula if row else ""
    drawn = figures.formula(latex) if latex else None
    shape = studio.picture(
        f"shape_{slug(activation)}",
        partial(figures.shape, results, activation),
        tables.shape(results, activation),
        narrow=False,
        dots=len(results.activations) <= FEW,
    )
    return Section(
        anchor=f"activation-{number}",
        label=marks(results)[activation].label,
        name=activation,
        purpose=row.purpose if row else f"A function of this study's author: {activation}.",
        formula=figures.inline_svg(drawn, paths=True, margin=0) if drawn else "",
        latex=latex,
        source=row.source if row else "",
        shape=shape,
        pictures=_pictures(results, activation, studio),
        classes=_classes(results, activation),
    )


def _classes(results: Results, activation: str) -> tuple[Table, ...]:
    if len(results.settings) > MANY or results.study.task == REGRESSION:
        return ()
    made = []
    for setting in results.settings:
        table = classes.by_class(results.at(setting), activation)
        if table is not None:
            where = f": {setting_words(setting)}" if setting else ""
            made.append(replace(table, caption=table.caption + where))
    return tuple(made)


def _pictures(results: Results, activation: str, studio: Studio) -> tuple[Picture, ...]:
    """Training curves and confusion matrix, or predicted numbers, at every setting unless these are many."""
    made: list[Picture] = []
    for setting in results.settings if len(results.settings) <= MANY else ():
        part, ending = results.at(setting), f"_{slug(activation)}{_ending(setting)}"
        caption = setting_words(setting)
        slim = len(results.activations) > FEW  # then the narrow form serves all widths, and no PNG is made
        curves = partial(figures.training_curves, part, activation, **({"width": 3.4} if slim else {}))
        made.append(
            studio.picture(
                f"training{ending}",
                curves,
                tables.four(part, activation),
                caption,
                narrow=not slim,
                dots=not slim,
            )
        )
        numbers = part.study.task == REGRESSION
        name, draw = ("predicted", figures.predicted) if numbers else ("confusion", figures.confusion)
        table = classes.taken_for if numbers else classes.confused
        made.append(
            studio.picture(
                f"{name}{ending}",
                partial(draw, part, activation),
                table(part, activation),
                caption,
                narrow=not slim,
                dots=not slim,
            )
        )
    return tuple(made)
