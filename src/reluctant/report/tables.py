"""The report's tables: final scores, and the numbers beneath every figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reluctant.analysis.comparison.units import unit_of
from reluctant.catalogue.metrics import SHOWN
from reluctant.catalogue.metrics import metric as named
from reluctant.figures.bands import band
from reluctant.figures.labels import diverged, marks, metric_title, test_part
from reluctant.figures.shapes import shape_of
from reluctant.records.run_result import Result
from reluctant.records.study_results import Results
from reluctant.statistics import Interval, mean_interval

MOST = 24  # epochs that a table lists; longer studies are thinned out evenly
DASH = "–"


@dataclass(frozen=True)
class Table:
    """A table of texts: the first of every row names it; `strong` is the column to bring out."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    strong: int | None = None
    words: frozenset[int] = frozenset()  # columns of words, set left; the others hold numbers
    stacked: bool = False  # `± …`, or what follows a line break, on a line of its own


def number(value: float, decimals: int = 4) -> str:
    """A number with a true minus; a dash where there is none."""
    return f"{value:.{decimals}f}".replace("-", "−") if np.isfinite(value) else DASH


def p_value(p: float | None) -> str:
    """`0.031`, `< 0.0001`; a dash where there is none."""
    return DASH if p is None else f"{p:.2g}" if p >= 0.0001 else "< 0.0001"


def plus_minus(interval: Interval, decimals: int = 4) -> str:
    """`0.9812 ± 0.0021`; a dash for no values."""
    half = "" if interval.half is None else f" ± {number(interval.half, decimals)}"
    return number(interval.mean, decimals) + half if interval.n else DASH


def final(results: Results) -> Table:
    """Final test scores of every activation: mean ± half the interval, n, worst seed, diverged."""
    chosen = named(results.study.compare.metric).name
    shown = SHOWN[results.study.task]
    metrics = [*shown, *([] if chosen in shown else [chosen])]
    decimals = {m: unit_of(results, m).score for m in metrics}
    labels = marks(results)
    rows = []
    for a in results.activations:
        kept = [r for r in results.of(a) if r.diverged is None]
        scores = [plus_minus(mean_interval([r.score(m) for r in kept]), decimals[m]) for m in metrics]
        worst = _worst(results.of(a), chosen, decimals[chosen])
        rows.append((labels[a].label, str(len(kept)), *scores, worst, _lost(results, a)))
    titles = [metric_title(m) for m in metrics]
    titles[metrics.index(chosen)] += "\u00a0*"
    few = 1 < max((int(row[1]) for row in rows), default=0) < 5
    return Table(
        f"Final scores on {test_part(results)}",
        ("Activation", "n", *titles, "Worst seed", "Diverged"),
        tuple(rows),
        note=f"* the metric this study compares by; the worst seed is by it. Mean over n seeds ± half of the "
        f"95 % interval of the mean (Student's t). {'Under five seeds: wide and uncertain. ' if few else ''}"
        f"A diverged run counts in no mean, and as the worst seed.",
        strong=2 + metrics.index(chosen),
        stacked=True,
    )


def _worst(runs: Sequence[Result], metric: str, decimals: int) -> str:
    if any(r.diverged is not None for r in runs):
        return "diverged"
    scores = [r.score(metric) for r in runs]
    return number(min(scores) if named(metric).higher else max(scores), decimals) if scores else DASH


def _lost(results: Results, activation: str) -> str:
    lost, runs = diverged(results, activation)
    return f"{lost} of {runs}" if lost else "0"


def seeds(results: Results, metric: str) -> Table:
    """Every run's final test score: activations × seeds."""
    rows, decimals = [], unit_of(results, metric).score
    for a in results.activations:
        by_seed = {r.run.seed: r for r in results.of(a)}
        cells = [_cell(by_seed.get(seed), metric, decimals) for seed in results.study.seed]
        rows.append((marks(results)[a].label, *cells))
    return Table(
        f"{metric_title(metric)} after the last epoch, by seed",
        ("Activation", *(f"seed {seed}" for seed in results.study.seed)),
        tuple(rows),
    )


def _cell(result: Result | None, metric: str, decimals: int) -> str:
    if result is None:
        return DASH
    if result.diverged is not None:
        return f"diverged, epoch {result.diverged}"
    return number(result.score(metric), decimals)


def cost(results: Results, metric: str) -> Table:
    """Score against time: what an epoch of training took, and who is on the efficient front."""
    from reluctant.figures.quality import points_of

    decimals = unit_of(results, metric).score
    rows = tuple(
        (p.mark.label, number(p.score.mean, decimals), f"{p.time.mean:.3g} s", "yes" if p.front else "no")
        for p in points_of(results, metric)
    )
    heads = ("Activation", metric_title(metric), "Training per epoch", "On the efficient front")
    return Table("Quality against time, means over seeds", heads, rows)


def epochs_shown(epochs: int) -> list[int]:
    """The epochs a table lists, from 1: all, or evenly thinned with the first and last kept."""
    if epochs <= MOST:
        return list(range(1, epochs + 1))
    return sorted({int(e) for e in np.linspace(1, epochs, MOST).round()})


def by_epoch(results: Results, metric: str) -> Table:
    """One metric of all activations over the epochs, on the test part; the longer side runs down the page."""
    shown, names = epochs_shown(results.study.epochs[0]), results.activations
    found, decimals = {a: band(results, metric, a) for a in names}, unit_of(results, metric).score

    def cell(activation: str, epoch: int) -> str:
        b = found[activation]
        if epoch > len(b.mean):
            return DASH
        half = b.high[epoch - 1] - b.mean[epoch - 1]
        return mean_text(float(b.mean[epoch - 1]), float(half), decimals)

    caption = f"{metric_title(metric)} by epoch: mean over seeds ± half of its 95 % interval"
    labels = marks(results)
    if len(names) <= 6:
        rows = tuple((str(e), *(cell(a, e) for a in names)) for e in shown)
        return Table(caption, ("Epoch", *(labels[a].label for a in names)), rows)
    rows = tuple((labels[a].label, *(cell(a, e) for e in shown)) for a in names)
    return Table(caption, ("Activation", *(f"epoch {e}" for e in shown)), rows)


def four(results: Results, activation: str) -> Table:
    """The four curves of one activation by epoch."""
    from reluctant.figures import curves

    shown = curves.four(results)
    columns = [
        (band(results, name, activation, split), unit_of(results, name).score) for name, split, _ in shown
    ]
    rows = []
    for epoch in epochs_shown(max(len(b.mean) for b, _ in columns)):
        cells = [
            mean_text(float(b.mean[epoch - 1]), float(b.high[epoch - 1] - b.mean[epoch - 1]), decimals)
            for b, decimals in columns
        ]
        rows.append((str(epoch), *cells))
    titles = [title for _, _, title in shown]
    return Table("By epoch: mean over seeds ± half of its 95 % interval", ("Epoch", *titles), tuple(rows))


def mean_text(mean: float, half: float, decimals: int = 4) -> str:
    """A mean with half its interval, where there is one."""
    return number(mean, decimals) + (f" ± {number(half, decimals)}" if np.isfinite(half) else "")


def shape(results: Results, activation: str) -> Table | None:
    """The function and its slope at eleven places."""
    found = shape_of(results, activation)
    if found is None:
        return None
    places = np.linspace(found[0][0], found[0][-1], 11)
    cells = [[number(float(np.interp(x, found[0], values)), 3) for values in found[1:]] for x in places]
    rows = tuple((number(float(x), 1), *pair) for x, pair in zip(places, cells, strict=True))
    return Table("The function and its slope", ("x", "f(x)", "f′(x)"), rows)


def shapes(results: Results) -> Table:
    """f(x) of all activations at a few places."""
    places = (-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4)
    rows = []
    for a in results.activations:
        found = shape_of(results, a)
        cells = [DASH] * len(places) if found is None else [
            number(float(np.interp(x, found[0], found[1])), 3) for x in places]  # fmt: skip
        rows.append((marks(results)[a].label, *cells))
    heads = tuple(f"f({x:g})".replace("-", "−") for x in places)
    return Table("Values of the functions", ("Activation", *heads), tuple(rows))


def network(results: Results) -> Table | None:
    """Layers, shapes and parameters of the network, as the first record that lists them has it."""
    for result in results:
        layers = result.record.get("layers")
        if layers:
            rows = [(str(layer["name"]), str(layer["kind"]), " × ".join(f"{n:,}" for n in layer["shape"]),
                     f"{layer['parameters']:,}") for layer in layers]  # fmt: skip
            total = ("Total", "", "", f"{result.record['parameters']:,}")
            return Table("", ("Layer", "Kind", "Shape of its output", "Parameters"), (*rows, total),
                         words=frozenset({1, 2}))  # fmt: skip
    return None
