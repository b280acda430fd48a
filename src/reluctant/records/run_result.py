"""The record of one run as arrays, and every score that follows from it. Needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import (
    CLASSIFICATION,
    REGRESSION,
    SPLITS,
    TOKENS,
    metric,
    regression_sums,
    scores_from_counts,
    task_of_counts,
    total_items,
)
from reluctant.catalogue.token_sums import ratio_of_sums, token_sums
from reluctant.records.probe_table import ProbeTable
from reluctant.records.reported_run import epochs_to_converge, epochs_to_reach
from reluctant.records.schema import RunRecord
from reluctant.records.stored_arrays import classes_from_base64, numbers_from_base64
from reluctant.study import Run, Seed

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class RunResult:
    """One finished run: per split `loss` (epochs,) and `counts`, from which scores are derived.

    Counts are (epochs, classes, classes); above 20 classes (epochs, 3, classes): hits, predictions, truths;
    where numbers are predicted (epochs, 4, outputs), the sums of `metrics.regression_sums`; where tokens are, (epochs,
    6, 1), those of `token_sums`. Where the run diverged the arrays end with the epoch before.
    """

    record: RunRecord  # the rest of the record, without its epochs and its first probe
    loss: Mapping[str, Floats]
    counts: Mapping[str, Counts]
    seconds: Mapping[str, Floats]  # per epoch: train, evaluate
    probes: ProbeTable | None = None  # what the probes counted; None in a record without them
    # the targets of the test split, where the folder keeps them: classes (n,), numbers (n, outputs), or the sizes of
    # sequences (n, 3), see `token_sums`
    truth: Counts | None = None
    guess_loss: float | None = None  # of tokens: what guessing by frequencies costs in the test split, if it is known
    additions: tuple[Mapping[str, Any], ...] = ()  # per epoch, what a procedure of the user's adds to it
    _scores: dict[tuple[str, str, str], float] = field(default_factory=dict, repr=False)  # that were asked for before

    @classmethod
    def of(cls, record: RunRecord, truth: Counts | None = None, guess_loss: float | None = None) -> Self:
        """The result that a record holds."""
        epochs = record.epochs
        kind = float if epochs and epochs[0].sums is not None else np.int64
        counts = {split: np.array([getattr(e.counts, split) for e in epochs], kind) for split in SPLITS}
        snapshots = [each for each in (record.start, *(epoch.probes for epoch in epochs)) if each is not None]
        return cls(
            record=record.model_copy(update={"epochs": [], "start": None}),
            loss={split: np.array([getattr(e.loss, split) for e in epochs], float) for split in SPLITS},
            counts=counts if epochs else dict.fromkeys(SPLITS, np.empty((0, 0, 0), np.int64)),
            seconds={
                part: np.array([getattr(e.seconds, part) for e in epochs], float) for part in ("train", "evaluate")
            },
            probes=ProbeTable.of(snapshots) if len(snapshots) == len(epochs) + 1 > 1 else None,
            truth=truth,
            guess_loss=guess_loss,
            additions=tuple(dict(e.model_extra or {}) for e in epochs),
        )

    @property
    def run(self) -> Run:
        """What was trained."""
        return self.record.run

    @property
    def arm(self) -> str:
        """The activation, which is what a study compares."""
        return self.run.activation

    @property
    def seed(self) -> Seed:
        """The seed, which pairs the runs of all activations."""
        return self.run.seed

    @property
    def diverged(self) -> int | None:
        """The epoch in which the loss stopped being finite; None where it never did."""
        return self.record.diverged

    @property
    def epochs(self) -> int:
        """How many epochs ended with finite numbers."""
        return len(self.loss["test"])

    @property
    def numbers(self) -> Floats:
        """The epochs that ended with finite numbers, from 1."""
        return np.arange(1.0, self.epochs + 1)

    def numbers_of(self, name: str, split: str = "test") -> Floats:
        """The epochs of a metric's curve: all of them."""
        return self.numbers

    @property
    def items(self) -> Mapping[str, int]:
        """How many inputs each split has; empty for a run without epochs."""
        return {split: total_items(self.counts[split][-1]) for split in SPLITS} if self.epochs else {}

    @property
    def task(self) -> str:
        """`classification`, `regression` or `tokens`."""
        return task_of_counts(self.counts["test"])

    def value(self, axis: str) -> Any:
        """The run's value on an axis of the study."""
        return getattr(self.run, axis)

    @cached_property
    def predictions(self) -> Counts:
        """Predictions for the test split after the last epoch: classes (n,), numbers (n, outputs), sums (n, 2)."""
        if self.task == TOKENS:
            return numbers_from_base64(self.record.test_predictions, 2)
        decode = numbers_from_base64 if self.task == REGRESSION else classes_from_base64
        return decode(self.record.test_predictions, self.counts["test"].shape[-1])

    def curve(self, name: str, split: str = "test") -> Floats:
        """A metric after every epoch, shape (epochs,). Train scores are those of the epoch's own batches."""
        if metric(name).name == "loss":
            return self.loss[split]
        return scores_from_counts(self.counts[split], name) if self.epochs else np.empty(0)

    def full_curve(self, name: str, split: str = "test") -> Floats:
        """The curve over all epochs of the study, shape (run.epochs,) unless the run diverged.

        A run that stopped early keeps its last value to the end, as its network stays what it was.
        """
        missing = self.run.epochs - self.epochs if self.record.stopped is not None else 0
        return np.pad(self.curve(name, split), (0, missing), "edge")

    def score(self, name: str, split: str = "test", at: str = "last") -> float:
        """A metric after the `last` epoch, after the one `best` on validation, or as the `mean` over epochs.

        The mean is over all epochs of the study (`full_curve`). NaN where the run diverged.
        """
        if (name, split, at) not in self._scores:
            self._scores[name, split, at] = self._score(name, split, at)
        return self._scores[name, split, at]

    def _score(self, name: str, split: str, at: str) -> float:
        if self.diverged is not None or not self.epochs:
            return float("nan")
        if at == "mean":
            return float(self.full_curve(name, split).mean())
        epoch = -1 if at == "last" else self.best_epoch(name)
        if metric(name).name == "loss":
            return float(self.loss[split][epoch])
        return float(scores_from_counts(self.counts[split][epoch], name))

    def best_epoch(self, name: str) -> int:
        """The epoch (from 0) whose validation score is best, the first of equals."""
        curve = self.curve(name, "valid")
        return int(curve.argmax() if metric(name).higher else curve.argmin())

    def resolution(self, name: str, split: str = "test") -> float:
        """One test item's worth of a score; 0 for the loss and for numbers, which have no steps."""
        if not self.epochs or self.task != CLASSIFICATION or metric(name).compute is None:
            return 0.0
        return 1 / total_items(self.counts[split][-1])

    def without_groups(self, name: str, groups: int) -> Floats | None:
        """The final test score without each of `groups` groups of test items, shape (groups,).

        None where the truth is not known, does not fit the predictions, or the items are too few.
        """
        if self.truth is None or len(self.truth) < 2 * groups:
            return None
        if self.task == TOKENS:
            return self._without_sequences(name, groups)
        if metric(name).compute is None:
            return None
        predicted = self.predictions
        if len(predicted) != len(self.truth):
            return None
        group = np.arange(len(predicted)) % groups  # spread over the set, whose parts may differ in difficulty
        if self.task == REGRESSION:
            sums = [regression_sums(self.truth[group != left], predicted[group != left]) for left in range(groups)]
            return scores_from_counts(np.stack(sums), name)
        classes = self.counts["test"].shape[-1]
        if self.truth.max() >= classes:
            return None

        def per_group(labels: Counts, which: Any = slice(None)) -> Counts:
            cells = np.bincount((group * classes + labels)[which], minlength=groups * classes)
            return cells.reshape(groups, classes)

        hits = per_group(self.truth, self.truth == predicted)
        rows = np.stack([hits, per_group(predicted), per_group(self.truth)], axis=1)
        return scores_from_counts(rows.sum(axis=0) - rows, name)

    def _without_sequences(self, name: str, groups: int) -> Floats | None:
        """The same for tokens; neighbouring sequences, which are parts of one text, stay together."""
        if self.truth is None or self.predictions.shape != (len(self.truth), 2) or self.truth.shape[1] != 3:
            return None
        group = np.arange(len(self.truth)) * groups // len(self.truth)
        sums = np.stack([token_sums(self.truth[group != left], self.predictions[group != left])
                         for left in range(groups)])  # fmt: skip
        return ratio_of_sums("nats", "tokens")(sums) if name == "loss" else scores_from_counts(sums, name)

    def seconds_per_epoch(self) -> float:
        """Training time of an epoch: the median over the run's, so that a disturbed epoch does not count."""
        return float(np.median(self.seconds["train"])) if self.epochs else float("nan")

    def matrix(self, split: str = "test") -> Counts | None:
        """The confusion matrix after the last epoch; None where none was kept."""
        last: Counts = self.counts[split][-1]
        if self.task != CLASSIFICATION:
            return None
        if last.shape[0] == last.shape[1]:
            return last
        final = self.record.final
        whole = final.test_confusion if final is not None and split == "test" else None
        return None if whole is None else np.array(whole, np.int64)

    def epochs_to_reach(self, name: str, target: float, split: str = "test") -> float:
        """Epochs until a metric is as good as `target`, on a line between epochs; infinite if never."""
        return epochs_to_reach(self.curve(name, split), target, higher=metric(name).higher)

    def epochs_to_converge(self, name: str, split: str = "test", share: float = 0.9) -> float:
        """Epochs until `share` of the way from the first epoch's value to the last.

        NaN for a run that diverged, and for a curve that ends worse than it begins: it does not converge.
        """
        if self.diverged is not None:
            return float("nan")
        return epochs_to_converge(self.curve(name, split), share, higher=metric(name).higher)

    def generalisation_gap(self, name: str) -> float:
        """After the last epoch: the score of the training split in evaluation mode minus that of the test."""
        final = self.record.final
        if final is None:
            return float("nan")
        counts = final.sums if final.sums is not None else final.confusion
        train = final.loss if name == "loss" else float(scores_from_counts(np.array(counts), name))
        return float(train) - self.score(name)
