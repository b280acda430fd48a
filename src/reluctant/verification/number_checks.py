"""A record of predicted numbers: do its sums and predictions fit each other and its data?"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import regression_sums
from reluctant.records.run_result import RunResult
from reluctant.records.schema import SPLITS
from reluctant.verification.findings import CheckedData

CLOSE = 1e-9  # of a sum: another machine may add in another order
ROWS = ("number", "absolute errors", "squared errors", "spread of targets")  # of the sums

Floats = npt.NDArray[np.float64]


def check_numbers(result: RunResult, predictions: Floats, data: CheckedData | None) -> Iterator[str]:
    """What cannot be true of a record of predicted numbers.

    Args:
        result: What the record holds.
        predictions: The numbers predicted for the test split after the last epoch, shape (n, outputs).
        data: What the folder keeps of the data.
    """
    yield from _check_targets(result, data)
    for split in SPLITS:  # no sum of errors exceeds what their squares allow (Cauchy and Schwarz)
        n, absolute, squared, _ = np.moveaxis(result.counts[split], 1, 0)  # (epochs, outputs) each
        for epoch in np.flatnonzero((absolute**2 > n * squared * (1 + CLOSE)).any(axis=1)):
            yield f"its {split} sums of epoch {epoch + 1} cannot be: errors are larger than squares"
    last = result.counts["test"][-1]
    if len(predictions) != last[0, 0]:
        n = int(last[0, 0])
        yield f"its test_predictions are of {len(predictions)} inputs, and its last test sums of {n}"
    elif data is not None and data.targets.shape == predictions.shape:
        again = regression_sums(data.targets, predictions)
        differing = [row for row, *sums in zip(ROWS, again, last, strict=True) if not _alike(*sums)]
        if differing:
            yield f"its test_predictions give other {differing[0]} than its last test sums"


def _check_targets(result: RunResult, data: CheckedData | None) -> Iterator[str]:
    """Every epoch counts the same inputs, whose targets vary the same."""
    for split in ("valid", "test"):
        sums = result.counts[split][:, [0, 3]]
        for epoch in np.flatnonzero(~np.isclose(sums, sums[0], rtol=CLOSE, atol=0).all(axis=(1, 2))):
            yield f"its {split} sums of epoch {epoch + 1} are of other targets than those of epoch 1"
    first, final = result.counts["train"][0], result.record.final
    if final is not None and not _alike(np.array(final.sums)[[0, 3]], first[[0, 3]]):
        yield "its final training sums are of other targets than those of epoch 1"
    trained = int(first[0, 0] + result.counts["valid"][0, 0, 0])
    if data is not None and trained != data.trained:
        yield f"its training and validation sums count {trained} inputs, and {data.path} has {data.trained}"


def _alike(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=CLOSE, atol=0))
