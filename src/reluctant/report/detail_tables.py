"""Tables of details: what the probes counted, calibration, degraded inputs, single classes and numbers."""

import numpy as np

from reluctant.analysis import SettingData
from reluctant.analysis.labels import setting_text
from reluctant.analysis.probes import END, START, signed_index
from reluctant.analysis.summary import confusion_matrix
from reluctant.analysis.units import DASH, number, percent
from reluctant.catalogue.metrics import MOST, per_class, tally
from reluctant.figures.confusion import most_frequent_errors
from reluctant.figures.predicted import true_and_predicted
from reluctant.report.tables import Table, table_of_arms
from reluctant.scores import Floats
from reluctant.statistics import Interval, mean_interval

CELLS, ERRORS, ENDS, STEPS = 12, 30, 10, 10
UNITS = {"shift": " px", "rotation": "°", "blur": " px"}

PROBE_TERMS = (
    "Dead: units whose slope is 0 for every {item} probed; nearly dead: below 10⁻³, the dead among them; dead "
    "maps: channels, or units of a flat layer, that are dead everywhere; saturated: values where the slope is "
    "below 0.05; zero: outputs nearer to 0 than 10⁻³. Deaths and revivals: units, counted from snapshot to "
    "snapshot over the run. Depth index: log₁₀ of the first weight layer’s gradient norm over the last’s."
)
CALIBRATION_TERMS = (
    "Calibration error: the mean distance between confidence and accuracy over 15 bins of confidence "
    "(the highest probability of an image), each "
    "weighted by its {items}; 0 is perfect. Brier score: mean squared distance of the probabilities from the "
    "truth, summed over classes; 0 is perfect, 2 the worst. Churn: share of {items} on which two seeds "
    "disagree, mean over pairs. ±: half of the 95 % interval over seeds."
)
ROBUSTNESS_TERMS = (
    "The same noise, blur, shift and rotation for every activation. Noise: its standard deviation, in those of "
    "the training pixels; blur: the standard deviation of the Gaussian, in pixels. ±: half of the 95 % interval "
    "over seeds."
)


def probe_table(data: SettingData) -> Table | None:
    """After the last epoch, all sites together: shares, deaths and revivals, the index; None without probes."""
    probes, rows = data.probes, []
    if not probes.sites:
        return None
    for arm in data.arms:
        n = probes.runs(arm)
        if not n:
            rows.append((data.labels[arm], "0", *[DASH] * 8))
            continue
        counts = ("dead", "nearly", "dead_channels", "saturated", "zero")
        shares = [_percent(probes.total_share(arm, count)) for count in counts]
        turnover = [_counted(each) for each in probes.turnover(arm)]
        index = probes.depth_index(arm)
        mean = signed_index(float(index.mean()) if index.size else float("nan"))
        rows.append((data.labels[arm], str(n), *shares, *turnover, mean))
    few = 1 < max((probes.runs(arm) for arm in data.arms), default=0) < 5
    uncertain = "Under five seeds: wide and uncertain. " if few else ""
    note = f"Mean over n seeds ± half of its 95 % interval. {uncertain}{PROBE_TERMS.format(item=data.subject.probed)}"
    heads = ("n", "Dead", "Nearly dead", "Dead maps", "Saturated", "Zero", "Deaths", "Revivals", "Depth index")
    return table_of_arms(data, f"All sites together, {data.subject.after_last}", heads, rows, note=note, stacked=True)


def _percent(shares: Floats) -> str:
    """`12 % ± 3.1`."""
    interval = mean_interval(shares)
    return percent(interval.mean) + ("" if not interval.half else f" ± {100 * interval.half:.2g}")


def _counted(counts: Floats) -> str:
    interval = mean_interval(counts)
    return f"{interval.mean:,.0f}" + ("" if not interval.half else f" ± {interval.half:,.0f}")


def dead_units_table(data: SettingData) -> Table:
    """Dead units per site: at the start, after the first epoch, at the end."""
    probes, rows, period = data.probes, [], data.subject.period
    for arm in probes.arms:
        for site, shares in zip(probes.sites, probes.share(arm, "dead"), strict=True):
            cells = [percent(float(shares[snapshot])) for snapshot in (START, 1, END)]
            rows.append((data.labels[arm], probes.site_names[site], *cells))
    heads = ("Site", "At the start", f"After {period.word} {period.number(1):,}", "At the end")
    return table_of_arms(data, "Dead units by site", heads, rows, words=frozenset({1}))


def gradient_table(data: SettingData) -> Table:
    """The gradient's norm per layer after the last epoch, and the depth index at both ends."""
    probes, rows = data.probes, []
    for arm in probes.arms:
        norms = [f"{10**v:.3g}" if np.isfinite(v) else DASH for v in probes.log_gradient(arm, END)]
        indices = [probes.depth_index(arm, when) for when in (START, END)]
        rows.append((data.labels[arm], *norms, *(signed_index(float(i.mean())) for i in indices if i.size)))
    heads = (*probes.layers, "Depth index, start", "Depth index, end")
    return table_of_arms(data, f"Norm of the gradient {data.subject.after_last}", heads, rows)


def distribution_table(data: SettingData) -> Table:
    """The variance of an activation's inputs, at the start and at the end."""
    probes, rows = data.probes, []
    for arm in probes.arms:
        for site, values in zip(probes.sites, probes.input_variance(arm), strict=True):
            cells = [f"{v:.3g}" if np.isfinite(v) else DASH for v in (values[START], values[END])]
            rows.append((data.labels[arm], probes.site_names[site], *cells))
    heads = ("Site", "At the start", "At the end")
    return table_of_arms(data, "Variance of the activation's inputs", heads, rows, words=frozenset({1}))


def calibration_table(data: SettingData) -> Table | None:
    """Calibration and churn of every arm; None where no record holds them."""
    if not data.calibrations:
        return None
    rows = [
        (data.labels[arm], str(c.error.n), _score(c.error), _score(c.brier), percent(c.churn))
        for arm, c in data.calibrations.items()
    ]
    heads, note = ("n", "Calibration error", "Brier score", "Churn"), CALIBRATION_TERMS.format(items=data.subject.items)
    return table_of_arms(data, f"Calibration on {data.subject.test_part}", heads, rows, note=note, stacked=True)


def robustness_table(data: SettingData) -> Table | None:
    """Accuracy on degraded test inputs; None where the study did not measure it."""
    if not data.robustness:
        return None
    kinds = list(next(iter(data.robustness.values())))
    rows = [(data.labels[arm], *(_score(each[kind]) for kind in kinds)) for arm, each in data.robustness.items()]
    heads = [f"{kind} {strength}{UNITS.get(kind, '')}" for kind, strength in kinds]
    caption = f"Accuracy on degraded test {data.subject.items}"
    return table_of_arms(data, caption, heads, rows, note=ROBUSTNESS_TERMS, stacked=True)


def _score(interval: Interval) -> str:
    return number(interval.mean) + ("" if interval.half is None else f" ± {number(interval.half)}")


def confusion_table(data: SettingData, arm: str) -> Table:
    """The confusion matrix as numbers; for many classes only the thirty most frequent errors."""
    matrix = confusion_matrix(data.results(arm))
    names, items = data.class_names(len(matrix)), data.subject.items.capitalize()
    if len(matrix) <= CELLS:
        rows = tuple((names[i], *(f"{v:,}" for v in row)) for i, row in enumerate(matrix))
        return Table(f"{items} by true class (rows) and predicted class (columns)", ("True", *names), rows)
    errors = most_frequent_errors(matrix, ERRORS)
    rows = tuple((names[true], names[predicted], f"{n:,}") for true, predicted, n in errors)
    return Table("The most frequent errors", ("True", "Predicted", items), rows, words=frozenset({1}))


def classes_table(data: SettingData, arm: str) -> Table | None:
    """Above 20 classes, the ten with the lowest F1 and the ten with the highest; None below."""
    last = [run.counts["test"][-1] for run in data.results(arm)]
    if not last or last[0].shape[-1] <= MOST:
        return None
    counts = np.sum([np.stack(tally(each)) for each in last], axis=0)
    precision, recall, f1 = per_class(counts)
    order = np.argsort(f1, kind="stable")
    parts = [order[:ENDS], order[max(ENDS, len(order) - ENDS) :]]
    names = data.class_names(counts.shape[-1])
    rows = [
        (names[i], number(precision[i]), number(recall[i]), number(f1[i]), f"{counts[2, i]:,}")
        for part in parts
        for i in part
    ]
    where = f": {setting_text(data.setting)}" if data.setting else ""
    heads = ("Class", "Precision", "Recall", "F1", data.subject.items.capitalize())
    note = f"All {len(order):,} classes by their F1: the lowest first. Over all seeds together."
    return Table(f"The {ENDS} worst classes and the {len(parts[1])} best{where}", heads, tuple(rows), note=note)


def predicted_table(data: SettingData, arm: str) -> Table:
    """The true numbers in ten steps of equal count, and what was predicted: means, and the error in each."""
    outputs, unit, rows = true_and_predicted(data, arm), data.unit("rmse"), []
    for output, (true, predicted) in enumerate(outputs, 1):
        order = np.argsort(true, kind="stable")
        for part in np.array_split(order, min(STEPS, len(order))):
            error = float(np.sqrt(np.mean((predicted[part] - true[part]) ** 2)))
            cells = (true[part].min(), true[part].max(), true[part].mean(), predicted[part].mean(), error)
            name = (f"{output}",) if len(outputs) > 1 else ()
            rows.append((*name, *(unit.value(float(v)) for v in cells), f"{len(part):,}"))
    first = ("Output",) if len(outputs) > 1 else ()
    heads = (*first, "True, from", "to", "Mean true", "Mean predicted", "RMSE", "n")
    return Table("The true numbers in ten steps of equal count, all seeds together", heads, tuple(rows))
