"""What one run found: its record as arrays, and every score that follows from it. Needs no torch."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import CLASSIFICATION, REGRESSION, metric, scores
from reluctant.records.probe_format import expanded
from reluctant.records.store import Record
from reluctant.study import Run

SPLITS = ("train", "valid", "test")

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Result:
    """One finished run: per split `loss` (epochs,) and `counts`, from which scores are derived.

    Counts are (epochs, classes, classes); above 20 classes (epochs, 3, classes): hits, predictions, truths;
    where numbers are predicted (epochs, 4, outputs), the sums of `reluctant.catalogue.metrics.summed`.

    `diverged` is the epoch in which the loss stopped being finite, None where it never did; the arrays
    then end with the epoch before. `record` holds the rest as stored, without the epochs.
    """

    run: Run
    diverged: int | None
    loss: Mapping[str, Floats]
    counts: Mapping[str, Counts]
    seconds: Mapping[str, Floats]  # per epoch: train, evaluate
    record: Record
    probes: tuple[Record, ...] = ()  # what was seen inside: at the start, then after every epoch

    @classmethod
    def of(cls, record: Record) -> Self:
        """The result that a record of the store holds."""
        epochs = record["epochs"]
        return cls(
            run=Run.from_dict(record["run"]),
            diverged=record["diverged"],
            loss={s: np.array([e["loss"][s] for e in epochs], float) for s in SPLITS},
            counts={s: _counts(epochs, s) for s in SPLITS},
            seconds={p: np.array([e["seconds"][p] for e in epochs], float) for p in ("train", "evaluate")},
            record={key: value for key, value in record.items() if key not in ("epochs", "start")},
            probes=tuple(expanded(x) for x in (record.get("start"), *(e.get("probes") for e in epochs)) if x),
        )

    @property
    def predictions(self) -> npt.NDArray[Any]:
        """What is predicted for the test part after the last epoch: classes (n,), or numbers (n, outputs)."""
        outputs = self.counts["test"].shape[-1]
        if self.task == REGRESSION:
            return numbers(self.record["test_predictions"], outputs)
        return decoded(self.record["test_predictions"], outputs)

    @property
    def task(self) -> str:
        """`classification` or `regression`."""
        return REGRESSION if self.counts["test"].dtype.kind == "f" else CLASSIFICATION

    @property
    def epochs(self) -> int:
        """How many epochs ended with finite numbers."""
        return len(self.loss["test"])

    def curve(self, name: str, split: str = "test") -> Floats:
        """A metric after every epoch, shape (epochs,). Train scores are those of the epoch's own batches."""
        if metric(name).name == "loss":
            return self.loss[split]
        return scores(self.counts[split], name) if self.epochs else np.empty(0)

    def whole(self, name: str, split: str = "test") -> Floats:
        """The curve over all epochs asked for, shape (run.epochs,) unless the run diverged.

        A run that stopped early keeps its last value to the end, as its network stays what it was.
        """
        left = self.run.epochs - self.epochs if "stopped" in self.record else 0
        return np.pad(self.curve(name, split), (0, left), "edge")

    def score(self, name: str, split: str = "test", at: str = "last") -> float:
        """A metric after the `last` epoch, after the one `best` on validation, or as the `mean` over epochs.

        The mean is over all epochs asked for (`whole`). NaN where the run diverged.
        """
        if self.diverged is not None or not self.epochs:
            return float("nan")
        if at == "mean":
            return float(self.whole(name, split).mean())
        return self._scored(name, split, -1 if at == "last" else self.best(name))

    def _scored(self, name: str, split: str, epoch: int) -> float:
        if metric(name).name == "loss":
            return float(self.loss[split][epoch])
        return float(scores(self.counts[split][epoch], name))

    def matrix(self, split: str = "test") -> Counts | None:
        """The confusion matrix after the last epoch; None where none was kept."""
        last: Counts = self.counts[split][-1]
        if self.task == REGRESSION:
            return None
        if last.shape[0] == last.shape[1]:
            return last
        kept = (self.record.get("final") or {}).get("test_confusion") if split == "test" else None
        return None if kept is None else np.array(kept, np.int64)

    def best(self, name: str) -> int:
        """The epoch (from 0) whose validation score is best, the first of equals."""
        curve = self.curve(name, "valid")
        return int(curve.argmax() if metric(name).higher else curve.argmin())

    def reach(self, name: str, target: float, split: str = "test") -> float:
        """Epochs until a metric is as good as `target`, on a line between epochs; infinite if never."""
        curve = self.curve(name, split)
        signed, wanted = (curve, target) if metric(name).higher else (-curve, -target)
        met = np.flatnonzero(signed >= wanted)
        if not met.size:
            return float("inf")
        first = int(met[0])
        if first == 0:
            return 1.0
        before, after = signed[first - 1], signed[first]
        return float(first + (wanted - before) / (after - before))

    def converged(self, name: str, split: str = "test", share: float = 0.9) -> float:
        """Epochs until `share` of the way from the first epoch's value to the last; NaN if diverged."""
        if self.diverged is not None or not self.epochs:
            return float("nan")
        curve = self.curve(name, split)
        return self.reach(name, float(curve[0] + share * (curve[-1] - curve[0])), split)

    def gap(self, name: str) -> float:
        """Generalisation gap after the last epoch: training part in evaluation mode minus test."""
        final = self.record.get("final")
        if final is None:
            return float("nan")
        counts = final["sums"] if "sums" in final else final["confusion"]
        train = final["loss"] if name == "loss" else float(scores(np.array(counts), name))
        return float(train) - self.score(name)


def _counts(epochs: list[Record], split: str) -> Counts:
    if not epochs:
        return np.empty((0, 0, 0), np.int64)
    if "sums" in epochs[0]:
        return np.array([epoch["sums"][split] for epoch in epochs], float)
    return np.array([epoch["confusion"][split] for epoch in epochs], np.int64)


def numbers(text: str, outputs: int) -> Floats:
    """Numbers (n, outputs) from the base64 of float64, little-endian."""
    return np.frombuffer(base64.b64decode(text), "<f8").astype(float).reshape(-1, max(1, outputs))


def decoded(text: str, classes: int) -> npt.NDArray[np.int64]:
    """Classes from their base64: bytes, or pairs of bytes where there are more than 256 classes."""
    kind = np.uint8 if classes <= 256 else np.uint16
    return np.frombuffer(base64.b64decode(text), kind).astype(np.int64)
