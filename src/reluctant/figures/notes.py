"""The notes below a figure's title: how many seeds, what is missing, what is uncertain."""

from collections.abc import Sequence

from reluctant.analysis import SettingData
from reluctant.analysis.labels import count, count_range, metric_words
from reluctant.catalogue.metrics import Metric


def few_seeds_note(numbers: Sequence[int]) -> str:
    """A caution where intervals rest on two to four values."""
    least = min((n for n in numbers if n), default=0)
    return "under five seeds: intervals wide and uncertain" if 1 < least < 5 else ""


def band_note(data: SettingData, arms: Sequence[str] = ()) -> str:
    """`mean of 5 seeds, band: …`, with what is too few."""
    numbers = [len(data.scores.finished(arm)) for arm in arms or data.arms]
    most = max(numbers, default=0)
    if most < 2:
        return "one seed: no interval" if most else "no finished run"
    caution = " (under five seeds: wide and uncertain)" if few_seeds_note(numbers) else ""
    band = "band: 95 % interval of the mean (an arrow where it leaves the panel)"
    return f"mean of {count_range(numbers, 'seed')}, {band}{caution}"


def diverged_note(data: SettingData, arms: Sequence[str] = ()) -> str:
    """`2 of 20 runs diverged and are left out`, empty where none did."""
    chosen = arms or data.arms
    diverged = sum(data.scores.diverged(arm) for arm in chosen)
    runs = sum(len(data.scores.of(arm)) for arm in chosen)
    verb = "is" if diverged == 1 else "are"
    return f"{diverged} of {count(runs, 'run')} diverged and {verb} left out" if diverged else ""


def probe_notes(data: SettingData) -> list[str]:
    """What every figure of the inside rests on: how many inputs were probed, and how many seeds."""
    numbers = [data.probes.runs(arm) for arm in data.probes.arms]
    if not numbers:
        return ["no finished run was probed"]
    inputs = data.probes.inputs
    probed = f"probed on {count(inputs, f'training {data.subject.probed}')}" if inputs else ""
    return [probed, "one seed" if max(numbers) == 1 else f"mean of {count_range(numbers, 'seed')}"]


def metric_axis(data: SettingData, metric: Metric) -> str:
    """`macro F1 (share of 1)`, `loss (nats per image)`: what an axis with this metric is called."""
    words, unit = metric_words(metric), data.unit(metric.name).axis
    return words if unit == metric.title else f"{words} ({unit})"
