"""One record of predicted numbers or tokens: can its sums be true, and do its predictions give them?"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import SPLITS, regression_sums
from reluctant.catalogue.token_sums import TOKEN_SUMS, token_sums
from reluctant.records.run_result import RunResult
from reluctant.study import Run
from reluctant.verification.class_checks import SLACK
from reluctant.verification.drawn_inputs import check_drawn
from reluctant.verification.findings import CheckedData

CLOSE = 1e-9  # of a sum: another machine may add in another order
ROWS = ("number", "absolute errors", "squared errors", "spread of targets")  # of the sums of numbers

Floats = npt.NDArray[np.float64]


def check_numbers(result: RunResult, predictions: Floats, data: CheckedData | None) -> Iterator[str]:
    """What cannot be true of a record of predicted numbers: those of the test split are (n, outputs)."""
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
    """Every epoch counts the same inputs, whose targets vary the same; with steps, those of its batches."""
    for split in ("valid", "test"):
        sums = result.counts[split][:, [0, 3]]
        for epoch in np.flatnonzero(~np.isclose(sums, sums[0], rtol=CLOSE, atol=0).all(axis=(1, 2))):
            yield f"its {split} sums of epoch {epoch + 1} are of other targets than those of epoch 1"
    first, final = result.counts["train"][0], result.record.final
    if result.run.steps:
        yield from () if data is None else check_drawn(result, data)
        return
    if final is not None and not _alike(np.array(final.sums)[[0, 3]], first[[0, 3]]):
        yield "its final training sums are of other targets than those of epoch 1"
    trained = int(first[0, 0] + result.counts["valid"][0, 0, 0])
    if data is not None and trained != data.trained:
        yield f"its training and validation sums count {trained} inputs, and {data.path} has {data.trained}"


def check_tokens(result: RunResult, predictions: Floats, data: CheckedData | None) -> Iterator[str]:
    """What cannot be true of a record of predicted tokens: predictions are sums per test sequence, (n, 2)."""
    for split in ("valid", "test"):
        sizes = result.counts[split][:, [0, 1, 4, 5], 0]
        for epoch in np.flatnonzero((sizes != sizes[0]).any(axis=1)):
            yield f"its {split} sums of epoch {epoch + 1} are of other tokens than those of epoch 1"
    run = result.run
    smoothed = run.label_smoothing or run.procedure != Run.procedure or run.loss != Run.loss  # another training loss
    for split in SPLITS:
        sums = result.counts[split][..., 0]
        least = np.log(2) * (sums[:, 1] - sums[:, 3])  # a token that is not the likeliest costs as much or more
        for epoch in np.flatnonzero(sums[:, 2] < least * (1 - SLACK)):
            yield f"its {split} sums of epoch {epoch + 1} are too low for so many wrong tokens"
        if split == "train" and smoothed:
            continue
        for epoch in np.flatnonzero(~np.isclose(sums[:, 2], sums[:, 1] * result.loss[split], rtol=1e-4, atol=1e-6)):
            yield f"its {split} loss of epoch {epoch + 1} is not that of its sums"
    if data is not None:
        yield from check_drawn(result, data)
        yield from _check_final_tokens(result, predictions, data)
    last = result.counts["test"][-1]
    if len(predictions) != last[0, 0]:
        n = int(last[0, 0])
        yield f"its test_predictions are of {len(predictions)} sequences, and its last test sums of {n}"
    elif data is not None and data.targets.shape == (len(predictions), 3):
        again = token_sums(data.targets, predictions)
        differing = [row for row, *sums in zip(TOKEN_SUMS, again, last, strict=True) if not _alike(*sums)]
        if differing:
            yield f"its test_predictions give other {differing[0]} than its last test sums"


def _check_final_tokens(result: RunResult, predictions: Floats, data: CheckedData) -> Iterator[str]:
    """The final sums are of as many sequences as are tested, and no sequence has more right tokens than tokens."""
    final = result.record.final
    if final is not None and final.sums is not None:
        n, tokens, nats = (row[0] for row in final.sums[:3])
        if not np.isclose(nats, tokens * final.loss, rtol=1e-4):
            yield "its final training loss is not that of its sums"
        if n != min(data.record.images["train"], data.record.images["test"]):
            yield f"its final training sums are of {n:g} sequences"
    if len(data.targets) == len(predictions) and (predictions[:, 1] > data.targets[:, 0]).any():
        yield "its test_predictions have more right tokens than tokens"


def _alike(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=CLOSE, atol=0))
