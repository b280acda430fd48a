"""A record of predicted numbers by itself: whether its sums and predictions can be true of one training."""

import base64
import binascii
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import regression_sums
from reluctant.records.run_result import SPLITS, numbers
from reluctant.records.store import Record
from reluctant.verification.described import Described

_CLOSE = 1e-9  # of a sum: another machine may add in another order

Sums = npt.NDArray[np.float64]


def forms(record: Record) -> Iterator[str]:
    """Sums are four rows of numbers that are not below 0, the first of them whole and all equal."""
    final = record.get("final")
    told = [(f"{split} sums of epoch {epoch['epoch']}", epoch["sums"][split])
            for epoch in record["epochs"] for split in SPLITS]  # fmt: skip
    told += [("final training sums", final.get("sums"))] if isinstance(final, dict) else []
    for what, value in told:
        if not _are_sums(value):
            yield f"its {what} are not four rows of sums"


def _are_sums(value: Any) -> bool:
    if not (isinstance(value, list) and len(value) == 4 and all(isinstance(row, list) for row in value)):
        return False
    if not value[0] or len({len(row) for row in value}) != 1:
        return False
    cells = [cell for row in value for cell in row]
    if not all(type(cell) in (int, float) and math.isfinite(cell) and cell >= 0 for cell in cells):
        return False
    return len(set(value[0])) == 1 and float(value[0][0]).is_integer() and value[0][0] > 0


def contradictions(record: Record, described: Described | None) -> Iterator[str]:
    """What cannot be true of sums that have their form."""
    yield from _sizes(record, described)
    yield from _possible(record)
    yield from _predicted(record, described)


def _sizes(record: Record, described: Described | None) -> Iterator[str]:
    """Every epoch counts the same inputs, whose targets vary the same; the test part as it is kept."""
    first = {split: np.array(record["epochs"][0]["sums"][split]) for split in SPLITS}
    for epoch in record["epochs"]:
        for split in SPLITS:
            if split != "train" and not _alike(np.array(epoch["sums"][split])[[0, 3]], first[split][[0, 3]]):
                yield f"its {split} sums of epoch {epoch['epoch']} are of other targets than those of epoch 1"
    final = record.get("final") or {}
    if "sums" in final and not _alike(np.array(final["sums"])[[0, 3]], first["train"][[0, 3]]):
        yield "its final training sums are of other targets than those of epoch 1"
    if described is None:
        return
    trained = int(first["train"][0, 0] + first["valid"][0, 0])
    if trained != described.trained:
        yield (
            f"its training and validation sums count {trained} inputs, and {described.path} has "
            f"{described.trained}"
        )


def _possible(record: Record) -> Iterator[str]:
    """No sum of errors is larger than their number and their squares allow (Cauchy and Schwarz)."""
    for epoch in record["epochs"]:
        for split in SPLITS:
            n, absolute, squared, _ = np.array(epoch["sums"][split])
            if (absolute**2 > n * squared * (1 + _CLOSE)).any():
                yield f"its {split} sums of epoch {epoch['epoch']} cannot be: errors are larger than squares"


def _predicted(record: Record, described: Described | None) -> Iterator[str]:
    """`test_predictions` and the targets that are kept give the test sums of the last epoch again."""
    last = np.array(record["epochs"][-1]["sums"]["test"])
    try:
        base64.b64decode(record["test_predictions"], validate=True)
        predicted = numbers(record["test_predictions"], last.shape[1])
    except (ValueError, binascii.Error):
        yield "its test_predictions cannot be read"
        return
    if len(predicted) != last[0, 0]:
        counted = f"{last[0, 0]:.0f}"
        yield f"its test_predictions are of {len(predicted)} inputs, and its last test sums of {counted}"
    elif described is not None and described.labels.shape == predicted.shape:
        found: Sequence[bool] = [
            _alike(*pair) for pair in zip(regression_sums(described.labels, predicted), last, strict=True)
        ]
        if not all(found):
            what = ("number", "absolute errors", "squared errors", "spread of targets")[found.index(False)]
            yield f"its test_predictions give other {what} than its last test sums"


def _alike(one: Sums, other: Sums) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=_CLOSE, atol=0))


def sizes(epoch: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """How many inputs every split has, as `counts.images` tells it of classes."""
    return {split: (int(epoch["sums"][split][0][0]),) for split in SPLITS}
