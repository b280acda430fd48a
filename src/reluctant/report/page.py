"""The contents of the page from the analysis; the template only sets it."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from reluctant import figures
from reluctant.analysis import Comparison, ReportData, SettingData, headline, machines, study_facts
from reluctant.analysis.claims import CONVERGENCE
from reluctant.analysis.headline import comparison_sentence, comparison_title, qualifications
from reluctant.analysis.labels import count, setting_text, slug
from reluctant.analysis.sentence import comparison_warnings, floor_sentence
from reluctant.analysis.variance import variance_sentence
from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION, USUAL
from reluctant.figures.rates import rate_settings
from reluctant.figures.style import FEW
from reluctant.records.study_records import StudyRecords
from reluctant.report import detail_tables, tables, verdict_tables
from reluctant.report.embedded_files import embedded_files
from reluctant.report.pictures import Picture, PictureBook
from reluctant.report.published import published_counts, published_section
from reluctant.report.sections import (
    MANY,
    ArmSection,
    ClaimSection,
    ComparisonSection,
    FigureSection,
    Page,
    ScoreSection,
    StudySection,
    calibration_sections,
    extra_sections,
    file_suffix,
    inside_sections,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reluctant.report.tables import Table

MOST_CURVES = 4  # reported metrics whose curves are pictures


def build_page(data: ReportData, book: PictureBook) -> Page:
    """The report of an analysis; figures are saved where the picture book says."""
    some, records = data.finished > 0, data.records
    own = some and records is not None and not data.subject.reported  # trained by our loop: activations, classes
    settings = data.settings if some else ()
    comparisons = [each for each in data.comparisons if each.family] if some else []
    opened = next((i for i, each in enumerate(comparisons) if each.selected), 0)
    claims = tuple((s.title, _claims(s)) for s in settings) if data.question.claims else ()
    published = tuple(published_section(s, book, data) for s in settings) if data.question.published else ()
    sentences, qualified = headline(data), qualifications(data)
    done = f"{data.finished:,} of {data.runs_planned:,} runs"
    return Page(
        data=data,
        headline=unbroken([text for text in sentences if text not in qualified or text == sentences[0]]),
        qualifications=unbroken([text for text in sentences[1:] if text in qualified]),
        progress=done if data.missing > 0 else f"{data.finished:,} runs, complete",
        warnings=(*(study_facts.warnings(records) if records is not None else ()), *map(capitalised, data.remarks)),
        comparisons=tuple(
            _comparison(each, book, alone=len(comparisons) == 1, first=i == opened)
            for i, each in enumerate(comparisons)
        ),
        rates=tuple(
            book.draw(
                f"rates{file_suffix(setting_text(other))}",
                partial(figures.score_against_rate, data, setting=other),
                tables.rates_table(data, other),
            )
            for other in (rate_settings(data) if some and not data.question.seed_sources else ())
        ),
        variances=tuple(
            FigureSection(
                s.title,
                variance_sentence(s.variances, data.subject.arms),
                book.draw(f"variance{file_suffix(s.title)}", partial(figures.variance_shares, s), None),
                verdict_tables.variance_table(s),
            )
            for s in settings
            if data.question.seed_sources
        ),
        extra=extra_sections(data, book),
        claims=claims,
        claim_notes=_claim_notes(data) if some else (),
        claims_result=_counted(claim.outcome for _, group in claims for claim in group),
        published=published,
        published_result=published_counts(settings) if published else "",
        scores=tuple(_scores(s, book, every=len(settings) <= MANY, first=not i) for i, s in enumerate(settings)),
        inside=inside_sections(data, book) if some else (),
        calibrations=calibration_sections(data) if some else (),
        shapes=book.draw("shapes", partial(figures.activation_shapes, settings[0]), tables.shapes_table(settings[0]))
        if own
        else None,
        arms=tuple(_arm(data, arm, book) for arm in data.scores.arms) if own else (),
        study=_study(records, data) if records is not None else None,
        many_settings=len(data.settings) > MANY,
        few_seeds=len(data.scores.seeds) < 5,
        files=embedded_files(data) if some else (),
    )


def _comparison(comparison: Comparison, book: PictureBook, *, alone: bool, first: bool) -> ComparisonSection:
    title, arms = comparison_title(comparison), len(comparison.labels)
    answer = "This block answers the study’s question. " if comparison.selected else ""
    pairs = f"The {count(len(comparison.pairs), 'pair')} of all {comparison.subject.arms}"
    too_many = f"{pairs} are too many for a table here; results.comparisons in Python has them."
    return ComparisonSection(
        title=title,
        sentence="" if alone else answer + comparison_sentence(comparison),
        warnings=comparison_warnings(comparison),
        floor=floor_sentence(comparison),
        picture=book.draw(
            f"differences_{comparison.metric.name}{file_suffix(title)}",
            partial(figures.differences, comparison),
            verdict_tables.differences_table(comparison),
        ),
        margins=book.draw(
            f"margins_{comparison.metric.name}{file_suffix(title)}",
            partial(figures.verdict_by_margin, comparison),
            verdict_tables.margins_table(comparison),
        ),
        verdicts=verdict_tables.verdicts_table(comparison, explained=first),
        pairs=verdict_tables.pairs_table(comparison) if 2 < arms <= FEW else None,
        unfolded=first,
        short=arms <= FEW,
        too_many="" if arms <= FEW else too_many,
    )


def _claims(data: SettingData) -> tuple[ClaimSection, ...]:
    return tuple(
        ClaimSection(
            words=judged.claim.says,
            sign=judged.outcome.sign,
            outcome=str(judged.outcome),
            test=f"{judged.test[:1].upper()}{judged.test[1:]}.",
            numbers=verdict_tables.claim_table(data, judged),
        )
        for judged in data.claims
    )


def _counted(outcomes: Iterable[str]) -> str:
    """`3 contradicted, 3 undecided`."""
    return ", ".join(f"{n:,} {outcome}" for outcome, n in Counter(outcomes).most_common())


def unbroken(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts, whose numbers stay on one line with their intervals."""
    return tuple(text.replace(" ± ", "\u00a0±\u00a0") for text in texts)


def _claim_notes(data: ReportData) -> tuple[str, ...]:
    """What has to be known beside the claims: untested ones, what convergence means."""
    written = data.question.claims if data.records is None else data.records.study.claim
    untested = len(written) - len(data.question.claims)
    converges = any(claim.is_ in ("slowest", "fastest") for claim in data.question.claims)
    left_out = f"{count(untested, 'claim')} cannot be tested: {data.subject.arms} named there take no part."
    return tuple(filter(None, (CONVERGENCE if converges else "", left_out if untested else "")))


def _scores(data: SettingData, book: PictureBook, *, every: bool, first: bool) -> ScoreSection:
    """The overview; curves and cost where `every` setting gets them; open where it is the `first`."""
    metric, suffix, reported = data.question.metric.name, file_suffix(data.title), data.subject.reported
    draw = partial(figures.final_scores, data, metric)
    overview = book.draw(f"scores_{metric}{suffix}", draw, tables.seeds_table(data))
    usual = [USUAL.get(data.subject.task, metric) if metric == "loss" else metric, "loss"]
    listed = [metric, *(name for name in data.scores.metrics if name != metric)][:MOST_CURVES] if reported else usual
    names = listed if every and (not reported or data.planned_epochs > 1) else []
    curves = [
        book.draw(f"curves_{n}{suffix}", partial(figures.score_by_epoch, data, n), tables.epochs_table(data, n))
        for n in dict.fromkeys(names)
        if n in data.scores.metrics
    ]
    cost = None
    if curves and len(data.arms) > 1 and data.cost():
        draw = partial(figures.score_against_time, data, metric)
        cost = book.draw(f"cost_{metric}{suffix}", draw, tables.cost_table(data))
    scores, sizes, short = tables.final_scores_table(data), tables.size_table(data), len(data.arms) <= FEW
    return ScoreSection(data.title, overview, scores, sizes, tuple(curves), cost, unfolded=first, short=short)


def _arm(data: ReportData, arm: str, book: PictureBook) -> ArmSection:
    row = study_facts.catalogue_row(arm)
    latex = row.formula if row else ""
    every = data.settings if len(data.settings) <= MANY else ()
    shape = book.draw(
        f"shape_{slug(arm)}",
        partial(figures.activation_shape, data.settings[0], arm),
        tables.shape_table(data.settings[0], arm),
        form="narrow",
    )
    classes = () if data.subject.task != CLASSIFICATION else [detail_tables.classes_table(s, arm) for s in every]
    return ArmSection(
        anchor=f"activation-{data.scores.arms.index(arm) + 1}",
        label=data.labels[arm],
        name=arm,
        purpose=row.purpose if row else f"A function of this study's author: {arm}.",
        formula=figures.inline_formula(latex) if latex else "",
        latex=latex,
        source=row.source if row else "",
        shape=shape,
        pictures=tuple(picture for s in every for picture in _arm_pictures(s, arm, book)),
        classes=tuple(table for table in classes if table),
    )


def _arm_pictures(data: SettingData, arm: str, book: PictureBook) -> tuple[Picture, ...]:
    """Training curves and confusion matrix, or predicted numbers: in the narrow form, beside each other."""
    suffix, caption = f"_{slug(arm)}{file_suffix(data.title)}", setting_text(data.setting)
    drawings: list[tuple[str, Callable[..., Figure], Table]] = [
        ("training", partial(figures.training_curves, data, arm), tables.four_curves_table(data, arm))
    ]
    if data.subject.task == CLASSIFICATION:
        table = detail_tables.confusion_table(data, arm)
        drawings.append(("confusion", partial(figures.confusion, data, arm), table))
    elif data.subject.task == REGRESSION:
        drawings.append(("predicted", partial(figures.predicted, data, arm), detail_tables.predicted_table(data, arm)))
    return tuple(book.draw(f"{name}{suffix}", draw, table, caption, form="narrow") for name, draw, table in drawings)


def _study(records: StudyRecords, data: ReportData) -> StudySection:
    problems = [
        (study_facts.run_text(run, records.study), f"failed: {last_line(text)}", text)
        for run, text in records.failures.items()
    ]
    what = "a score" if data.subject.reported else "the loss"
    problems += [
        (
            study_facts.run_text(run.run, records.study),
            f"diverged {'before' if run.run.steps else 'in'} {run.run.moment(run.diverged)}: {what} was not finite",
            "",
        )
        for run in records.scored
        if run.diverged is not None
    ]
    remarks = dict.fromkeys(remark for each in study_facts.data_of(records) for remark in each.remarks)
    return StudySection(
        recipe=study_facts.recipe(records, data.subject.items),
        remarks=tuple(remarks),
        network=tables.network_table(records),
        environments=tuple(machines.environments(records)),
        provenance=machines.provenance(records) if len(records) else [],
        problems=tuple(problems),
        command=study_facts.command_to_repeat(records),
        history=study_facts.history(records),
        source=study_facts.data_source(records.study),
    )


def capitalised(text: str) -> str:
    """The text with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def last_line(text: str) -> str:
    """What happened, in a line: the last one of a traceback, the first of any other text, cut short."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "no traceback was saved"
    return lines[-1 if any(line.startswith("Traceback") for line in lines) else 0][:300]
