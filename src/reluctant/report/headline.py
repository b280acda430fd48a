"""The sentence at the top of the report: what the runs show, and no more than they show."""

from reluctant.figures.labels import (
    count,
    data_title,
    diverged,
    marks,
    metric_title,
    setting_words,
    within_sentence,
)
from reluctant.metrics import metric as named
from reluctant.results import Results

_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def sentence(results: Results) -> str:
    """A few plain sentences: how far apart the activations end, with intervals, n and what is missing."""
    return " ".join(sentences(results))


def sentences(results: Results) -> tuple[str, ...]:
    """The same, the answer first and apart from what qualifies it."""
    if not any(r.diverged is None for r in results):
        return (_nothing(results),)
    said = _settings(results) if len(results.settings) > 1 else _one(results)
    return tuple(part for part in (*said, _lost(results), _missing(results)) if part)


def in_words(number: int) -> str:
    """`four` for 4; digits beyond twelve."""
    return _WORDS[number] if number < len(_WORDS) else f"{number:,}"


def _nothing(results: Results) -> str:
    if not len(results):
        return f"No run has finished yet: 0 of {results.study.size:,}."
    lost = "The only finished run" if len(results) == 1 else f"All {len(results):,} finished runs"
    return f"{lost} diverged; there is no score to compare. {_missing(results)}".strip()


def gap_words(gap: float, metric: str) -> str:
    """A difference with its unit: percentage points of a score, nats of the loss."""
    return f"{gap:.4f} nats per image" if named(metric).name == "loss" else f"{100 * gap:.2f} points"


def _means(results: Results) -> dict[str, float]:
    metric = results.study.compare.metric
    found = {a: results.interval(metric, a) for a in results.activations}
    return {a: interval.mean for a, interval in found.items() if interval.n}


def _one(results: Results) -> tuple[str, ...]:
    metric, of, means = results.study.compare.metric, marks(results), _means(results)
    title, higher = within_sentence(metric_title(metric)), named(metric).higher
    ranked = sorted(means, key=lambda a: means[a], reverse=higher)
    if len(ranked) == 1:
        return (
            f"On {data_title(results)}, {of[ranked[0]].label} ends at a mean {title} of "
            f"{_written(results, ranked[0])}.",
            _chance(results, compared=False),
        )
    gap = gap_words(abs(means[ranked[0]] - means[ranked[-1]]), metric)
    every = "Both" if len(ranked) == 2 else f"All {in_words(len(ranked))}"
    if len(ranked) < len(results.activations):
        every = f"The {in_words(len(ranked))}"
    kept = "" if len(ranked) == len(results.activations) else " with a finished score"
    best, worst = ("highest", "lowest") if higher else ("lowest", "highest")
    return (
        f"{every} activations{kept} end within {gap} of {title} of each other on {data_title(results)}.",
        f"{of[ranked[0]].label} has the {best} mean, {_written(results, ranked[0])}; "
        f"{of[ranked[-1]].label} the {worst}, {_written(results, ranked[-1])}.",
        _chance(results),
    )


def _written(results: Results, activation: str) -> str:
    interval = results.interval(results.study.compare.metric, activation)
    half = "" if interval.half is None else f" ± {interval.half:.4f}"
    return f"{interval.mean:.4f}{half} ({count(interval.n, 'seed')})"


def _chance(results: Results, *, compared: bool = True) -> str:
    kept = [results.interval(results.study.compare.metric, a).n for a in results.activations]
    least = min((n for n in kept if n), default=0)
    real = " Whether such differences are real, only the paired comparison can tell." if compared else ""
    if least == 1:
        return "With one seed there is no interval, and chance cannot be told from difference."
    few = "Intervals over fewer than five seeds are wide and uncertain." if least < 5 else ""
    return (few + real).strip()


def _settings(results: Results) -> tuple[str, ...]:
    """The least and the greatest distance over the settings."""
    metric = results.study.compare.metric
    gaps = []
    for setting in results.settings:
        means = _means(results.at(setting))
        if len(means) > 1:
            gaps.append((max(means.values()) - min(means.values()), setting_words(setting)))
    axes = " and ".join(results.settings[0])
    if not gaps:
        every = in_words(len(results.settings)).capitalize()
        return (f"{every} settings of {axes}; none has two activations to compare yet.",)
    low, high = min(gaps), max(gaps)
    return (
        f"Over {in_words(len(results.settings))} settings of {axes} the activations end between "
        f"{gap_words(low[0], metric)} ({low[1]}) and {gap_words(high[0], metric)} ({high[1]}) of "
        f"{within_sentence(metric_title(metric))} apart on {data_title(results)}.",
        _chance(results),
    )


def _lost(results: Results) -> str:
    lost = [(marks(results)[a].label, *diverged(results, a)) for a in results.activations]
    named_ = [f"{label} in {n} of {count(runs, 'run')}" for label, n, runs in lost if n]
    if len(named_) > 4:
        return f"{in_words(len(named_)).capitalize()} activations have runs that diverged."
    return f"Diverged: {', '.join(named_)}." if named_ else ""


def _missing(results: Results) -> str:
    done, size = len(results), results.study.size
    return f"{done:,} of {size:,} runs so far." if done < size else ""
