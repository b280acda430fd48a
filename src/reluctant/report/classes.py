"""The report's tables of single classes and single numbers: what was taken for what, what for how much."""

import numpy as np

from reluctant.analysis.comparison.inputs import items
from reluctant.analysis.comparison.units import unit_of
from reluctant.catalogue.metrics import MOST, per_class, tally
from reluctant.figures.labels import classes
from reluctant.figures.predicted import of_test
from reluctant.records.study_results import Results
from reluctant.report.tables import Table, number

CELLS, ERRORS, ENDS, STEPS = 12, 30, 10, 10


def confused(results: Results, activation: str) -> Table:
    """The confusion matrix as numbers; for many classes only the thirty most frequent errors."""
    matrix = results.confusion(activation)
    names, word = classes(results, len(matrix)), items(results).capitalize()
    if len(matrix) <= CELLS:
        rows = tuple((names[i], *(f"{v:,}" for v in row)) for i, row in enumerate(matrix))
        return Table(f"{word} by true class (rows) and predicted class (columns)", ("True", *names), rows)
    errors = matrix * (1 - np.eye(len(matrix), dtype=int))
    order = np.argsort(errors, axis=None, kind="stable")[::-1][:ERRORS]
    pairs = [divmod(int(i), len(matrix)) for i in order if errors.flat[i] > 0]
    rows = tuple((names[t], names[p], f"{errors[t, p]:,}") for t, p in pairs)
    return Table("The most frequent errors", ("True", "Predicted", word), rows, words=frozenset({1}))


def by_class(results: Results, activation: str) -> Table | None:
    """Above 20 classes, the ten with the lowest F1 and the ten with the highest; None below."""
    last = [r.counts["test"][-1] for r in results.of(activation) if r.diverged is None and r.epochs]
    if not last or last[0].shape[-1] <= MOST:
        return None
    counts = np.sum([np.stack(tally(each)) for each in last], axis=0)
    precision, recall, f1 = per_class(counts)
    order = np.argsort(f1, kind="stable")
    parts = [order[:ENDS], order[max(ENDS, len(order) - ENDS) :]]
    names = classes(results, counts.shape[-1])
    rows = [
        (names[i], number(precision[i]), number(recall[i]), number(f1[i]), f"{counts[2, i]:,}")
        for part in parts
        for i in part
    ]
    heads = ("Class", "Precision", "Recall", "F1", items(results).capitalize())
    note = f"All {len(order):,} classes by their F1: the lowest first. Over all seeds together."
    return Table(f"The {ENDS} worst classes and the {len(parts[1])} best", heads, tuple(rows), note=note)


def taken_for(results: Results, activation: str) -> Table:
    """The true numbers in ten steps of equal count, and what was predicted: means, and the error in each."""
    found = of_test(results, activation)
    unit = unit_of(results, "rmse")
    rows = []
    for output, (true, predicted) in enumerate(found):
        order = np.argsort(true, kind="stable")
        for part in np.array_split(order, min(STEPS, len(order))):
            error = float(np.sqrt(np.mean((predicted[part] - true[part]) ** 2)))
            cells = (true[part].min(), true[part].max(), true[part].mean(), predicted[part].mean(), error)
            name = (f"{output + 1}",) if len(found) > 1 else ()
            rows.append((*name, *(number(float(v), unit.score) for v in cells), f"{len(part):,}"))
    output_ = ("Output",) if len(found) > 1 else ()
    heads = (*output_, "True, from", "to", "Mean true", "Mean predicted", "RMSE", "n")
    return Table("The true numbers in ten steps of equal count, all seeds together", heads, tuple(rows))
