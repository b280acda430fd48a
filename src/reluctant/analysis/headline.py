"""The sentences at the top of a report: what is better than what, and no more than the runs show."""

from collections import Counter

from reluctant.analysis.chance import has_learned
from reluctant.analysis.comparison import Comparison
from reluctant.analysis.labels import count, list_names, metric_title, number_word, setting_text, within_sentence
from reluctant.analysis.overall import overall_sentences
from reluctant.analysis.report_data import ReportData
from reluctant.analysis.sentence import comparison_warnings, selection_sentence, verdict_sentences
from reluctant.analysis.units import percent
from reluctant.analysis.variance import variance_sentence
from reluctant.catalogue.metrics import REGRESSION, TOKENS
from reluctant.records.looks import decided_after
from reluctant.statistics import Verdict, largest_rate

EXTENDED = (
    "The study was to be judged once, at its end, and was extended after that. Now its verdicts are those of a study "
    "that is looked at after every seed."
)
ADDED = (
    "{} were added when there were results already: earlier verdicts were made among fewer comparisons, so the stated "
    "error rates are exceeded (nine added one by one: 7 to 12 % in place of 5)."
)
EXPLORATORY = (
    "Exploratory: another {} than the study's own. If several questions are asked after the results, some differences "
    "look real only by chance. The stated error rates hold for the study's own question."
)
PROVISIONAL = "Verdicts are provisional until all runs have finished."
ANY_LOOK = "Verdicts hold at every look."
OTHER_RECIPE = "More seeds decide nothing here; try another learning rate, more epochs or another network."
FEW_SEEDS = "Intervals over fewer than five {}s are wide and uncertain."


def headline(data: ReportData) -> tuple[str, ...]:
    """The answer first, then what qualifies it."""
    if not any(run.diverged is None for run in data.scores.runs):
        if not data.finished:
            return (f"No run has finished yet: 0 of {data.runs_planned:,}.",)
        return (f"{all_diverged(data)} {_missing(data)}".strip(),)
    if data.question.seed_sources:
        answer = _variance_only(data)
    elif len(data.scores.arms) == 1:
        answer = _one_arm(data)
    elif len(data.comparisons) == 1:
        (comparison,) = data.comparisons
        doubts = comparison_warnings(comparison)[:1] if comparison.baseline_differs_from_itself else ()
        answer = (*doubts, verdict_sentences(comparison), _measured_on(data), _few_seeds(data))
    else:
        answer = _several_comparisons(data)
    answer = (nothing_learned(data), *answer)
    return tuple(
        filter(None, (*answer, exploratory(data), extended(data), growth(data), reliability(data), _missing(data)))
    )


def all_diverged(data: ReportData) -> str:
    """That every finished run diverged; empty where one did not, and where none has finished."""
    if not data.finished or any(run.diverged is None for run in data.scores.runs):
        return ""
    runs = "The only finished run" if data.finished == 1 else f"All {data.finished:,} finished runs"
    return f"{runs} diverged; there is no score to compare."


def qualifications(data: ReportData) -> frozenset[str]:
    """The sentences of the headline without which its first one may mislead: they stand right below it."""
    return frozenset(filter(None, (exploratory(data), extended(data), _missing(data))))


def nothing_learned(data: ReportData) -> str:
    """Which arms are no better than chance in any run; empty where all have learned, and where that is not known."""
    runs = [run for run in data.records or () if run.diverged is None and run.epochs]  # of our own loop
    if not runs or data.question.seed_sources:
        return ""
    learned = {run.arm for run in runs if has_learned(run, data.subject.task)}
    arms = [arm for arm in data.scores.arms if arm not in learned and any(run.arm == arm for run in runs)]
    if not arms:
        return ""
    names = list_names([data.labels[arm] for arm in arms])
    who = (
        f"{names} {'has' if len(arms) == 1 else 'have'} learned nothing"
        if learned
        else "No network has learned anything"
    )
    what = {
        REGRESSION: "no R² is above 0, the score of the mean target",
        TOKENS: "no test loss is below that of guessing by the frequencies of the tokens",
    }.get(data.subject.task, "no accuracy is above chance")
    return f"{who}: {what}. {OTHER_RECIPE}"


def exploratory(data: ReportData) -> str:
    """That another question is answered than the study's own; empty where it is the same, or nothing is compared."""
    changed = data.question.changed
    return EXPLORATORY.format(list_names(changed, "parts")) if changed and len(data.scores.arms) > 1 else ""


def extended(data: ReportData) -> str:
    """That a study was to be judged once and was extended, or got more arms later; empty elsewhere."""
    question, records = data.question, data.records
    if len(data.scores.arms) == 1:
        return ""
    once = EXTENDED if question.extended and question.looks != "any" else ""
    added = (
        ADDED.format(data.subject.arms.capitalize()) if records is not None and records.arms_added_after_looking else ""
    )
    return f"{once} {added}".strip()


def comparison_title(comparison: Comparison) -> str:
    """`lr = 0.01`, or `Each at its own lr` where every arm has one; empty for the only setting."""
    setting = setting_text(comparison.setting)
    if not comparison.selected:
        return setting
    own = f"each at its own {comparison.selected[0].axis}"
    return f"{setting}, {own}" if setting else own[0].upper() + own[1:]


def comparison_sentence(comparison: Comparison) -> str:
    """The verdicts of one comparison, and the values that were chosen for it."""
    return f"{verdict_sentences(comparison)} {selection_sentence(comparison)}".strip()


def _variance_only(data: ReportData) -> tuple[str, ...]:
    one = len(data.settings) == 1
    return (
        variance_sentence(data.settings[0].variances, data.subject.arms) if one else "",
        _measured_on(data),
        f"The study measures where the variance between runs comes from; it compares no {data.subject.arms}.",
    )


def _one_arm(data: ReportData) -> tuple[str, ...]:
    (arm,) = data.scores.arms
    label, metric = data.labels[arm], data.question.metric
    if len(data.settings) > 1:
        settings = number_word(len(data.settings))
        only = f"Only {label} takes part, at {settings} settings; there is nothing to compare."
        return only, _measured_on(data)
    interval = data.scores.interval(metric.name, arm)
    written = data.one_setting.unit(metric.name).interval(interval)
    on = f"On {data.subject.data}, " if data.subject.data else ""
    return (
        f"{on}{label} ends at a mean {within_sentence(metric_title(metric))} of {written} "
        f"({count(interval.n, 'seed')}).",
        _few_seeds(data),
    )


def _several_comparisons(data: ReportData) -> tuple[str, ...]:
    """How the verdicts fall over the settings; those with a value of each arm's own in full."""
    common = [c for c in data.comparisons if not c.selected]
    verdicts = Counter(contrast.verdict for c in common for contrast in c.family)
    listed = ", ".join(f"{verdicts[verdict]:,} {verdict}" for verdict in Verdict if verdicts[verdict])
    axes, baseline = " and ".join(data.scores.settings[0]), common[0].baseline_label
    doubts = [c for c in data.comparisons if c.baseline_differs_from_itself]
    selected = [c for c in data.comparisons if c.selected]
    own = [" ".join([f"{comparison_title(c)}. {verdict_sentences(c)}", *comparison_warnings(c)]) for c in selected]
    settings = f"{number_word(len(common)).capitalize()} settings (values of {axes})"
    return (
        comparison_warnings(doubts[0])[0] if doubts else "",
        *(own if len(own) == 1 else ()),
        *overall_sentences(common, data.overall),
        f"{settings}, each compared by itself: {count(verdicts.total(), 'comparison')} with {baseline}, {listed}.",
        _which_block_answers(data),
        _measured_on(data),
        _few_seeds(data),
    )


def _which_block_answers(data: ReportData) -> str:
    """Which block of verdicts answers the study's question, and what is corrected together."""
    correction = "The comparisons of all settings are decided together."
    if titles := " and ".join(f"‘{comparison_title(c)}’" for c in data.comparisons if c.selected):
        axis, claims = data.question.choose, " and test the claims" if data.question.claims else ""
        return (
            f"The study chooses {axis} for every {data.subject.arm} on validation, so the answer stands under "
            f"{titles}; the other blocks use one {axis} for all{claims}. {correction}"
        )
    return correction if data.overall else f"Each setting has an answer of its own. {correction}"


def _measured_on(data: ReportData) -> str:
    if not data.subject.data:
        return ""
    return f"Judged from {data.subject.data}." if data.subject.table else f"Measured on {data.subject.data}."


def _few_seeds(data: ReportData) -> str:
    least = data.min_seeds()
    if least == 1:
        one = data.question.pairs
        return f"With one {one} there is no interval, and a real difference cannot be told from chance."
    return FEW_SEEDS.format(data.question.pairs) if least < 5 else ""


def growth(data: ReportData) -> str:
    """After how many seeds each arm was decided, in a study that grew until all was; empty for any other."""
    looks = data.records.looks if data.records is not None else ()
    if not looks:
        return ""
    decided = [f"{data.labels[arm]} after {n}" for arm, n in decided_after(looks).items() if arm in data.labels]
    first, last = looks[0].seeds, looks[-1].seeds
    text = f"The study was looked at after every seed from {first} to {last}" if last > first else ""
    if decided:
        text += f"{'; ' if text else ''}decided: {list_names(decided)}"
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def reliability(data: ReportData) -> str:
    """Which arms have runs that diverged or collapsed, and how many; else what rate the runs do not exclude."""
    lost = []
    for arm in data.scores.arms:
        runs = [run for run in data.scores.runs if run.arm == arm]
        parts = [(sum(run.diverged is not None for run in runs), "diverged"), (_collapsed(data, arm), "collapsed")]
        how = " and ".join(f"{n} {what}" for n, what in parts if n)
        lost += [f"{data.labels[arm]}: {how} of {count(len(runs), 'run')}"] if how else []
    if len(lost) > 4:
        return f"{number_word(len(lost)).capitalize()} {data.subject.arms} have runs that diverged or collapsed."
    if lost:
        return f"Lost runs: {'; '.join(lost)}."
    least = data.min_seeds()
    if least < 2 or len(data.settings) > 1:
        return ""
    return f"No run diverged or collapsed; {least} runs do not exclude that up to {percent(largest_rate(least))} do."


def _collapsed(data: ReportData, arm: str) -> int:
    """How many runs of an arm collapsed, over all settings."""
    return sum(c.collapsed.get(arm, 0) for c in data.comparisons if not c.selected)


def _missing(data: ReportData) -> str:
    if data.missing <= 0:
        return ""
    return " ".join(filter(None, (f"{data.finished:,} of {data.runs_planned:,} runs so far.", validity(data))))


def validity(data: ReportData) -> str:
    """What verdicts of an unfinished study are worth; empty where nothing is compared."""
    if len(data.scores.arms) == 1:
        return ""
    return PROVISIONAL if data.question.provisional else ANY_LOOK
