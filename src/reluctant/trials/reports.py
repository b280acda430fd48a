"""What a training reports: scores as numbers, brought into the order of their epochs, and stored while it trains."""

import json
import math
import numbers
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from reluctant.catalogue.reported import UNNAMED
from reluctant.core.atomic_files import write_atomically
from reluctant.core.display import quoted
from reluctant.core.errors import StudyError
from reluctant.records.parts import RecordError, ReportedEpoch

FILE, CODE = "reports.jsonl", "code.sha256"  # in the folder of a run: its reports, and the code that made them
LONGEST_NAME = 100  # characters of a metric's name
MOST_METRICS = 1000

RETURN_SOMETHING = (
    "return a score (a number, or a mapping such as {'accuracy': 0.93}), or call trial.report(epoch=1, accuracy=0.93); "
    "in Lightning or Hugging Face give the Trainer callbacks=[Report(trial)]"
)


def scores_of(values: Any, where: str) -> dict[str, float | None]:
    """Reported values as numbers, None for one that is not finite.

    Args:
        values: A number, which is called `score`, or a mapping of names to numbers; tensors of one value are numbers.
        where: What reported them, for messages.

    Raises:
        StudyError: Something else.
    """
    if not isinstance(values, Mapping):
        values = {UNNAMED: values}
    if not 0 < len(values) <= MOST_METRICS:
        raise StudyError(f"{where} has {len(values)} scores; {RETURN_SOMETHING}")
    scores = {}
    for name, value in values.items():
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name.strip()) <= LONGEST_NAME:
            raise StudyError(f"{where}: the name of a score is a short text, not {quoted(name)}")
        scores[name] = reported_number(value, f"{where}: {name}")
    return scores


def reported_number(value: Any, where: str) -> float | None:
    """One reported value as a number, None where it is not finite; `StudyError` where it is no number."""
    if hasattr(value, "item") and not isinstance(value, numbers.Real):  # a tensor, an array
        try:
            value = value.item()
        except (ValueError, RuntimeError, TypeError):
            shape = "×".join(map(str, getattr(value, "shape", ())))
            raise StudyError(f"{where} is an array of {shape} values, not one number; report its mean") from None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise StudyError(f"{where} must be a number, not {type(value).__name__} ({quoted(value)})")
    try:
        plain = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return None
    return plain if math.isfinite(plain) else None


class Reports:
    """The reports of one run so far: a second report of an epoch adds its scores to it, and epochs do not go back.

    A training that uses its folder of checkpoints may resume, so its reports are stored there (`stored`): it need not
    report again what it reported before an interruption.
    """

    def __init__(self, folder: Path, code: str = "") -> None:
        self.path, self.code = folder / FILE, code
        self.epochs: list[ReportedEpoch] = []
        self.stored = False
        self._began = self._last = time.monotonic()  # of the last epoch: when it began, when it was reported
        with suppress(OSError, ValueError, RecordError):  # a damaged file: the training reports all of it again
            self.epochs = [ReportedEpoch.read(json.loads(line)) for line in self.path.read_text("utf-8").splitlines()]
        self._before = bool(self.epochs)  # whether reports are those of an interrupted attempt

    def store(self) -> None:
        """From now on reports are stored, beside the checksum of the code that makes them."""
        self.stored = True
        write_atomically(self.path.parent / CODE, self.code)

    def add(self, values: Any, epoch: int | None, where: str) -> ReportedEpoch:
        """Take over what is reported; the report as it is stored."""
        if epoch is None and self._before:
            if self.stored:
                raise StudyError(f"{where}: this run resumes, so give the number of the epoch: epoch=…")
            self.epochs = []
        resumes, self._before = self._before, False
        if epoch is None:
            epoch = self.epochs[-1].epoch + 1 if self.epochs else 1
        if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
            raise StudyError(f"{where}: an epoch is a whole number from 0, not {quoted(epoch)}")
        if self.epochs and epoch < self.epochs[-1].epoch and not resumes:
            raise StudyError(
                f"{where}: epoch {epoch} comes after epoch {self.epochs[-1].epoch}; report epochs in order"
            )
        now = time.monotonic()
        if not self.epochs or self.epochs[-1].epoch != epoch:  # else the last epoch goes on, with more scores
            self._began = self._last
        scores = scores_of(values, where)
        if self.epochs and self.epochs[-1].epoch == epoch and not resumes:
            scores = {**self.epochs[-1].scores, **scores}
        report = ReportedEpoch(epoch=epoch, seconds=now - self._began, scores=scores)
        self._last = now
        self.epochs = [*(each for each in self.epochs if each.epoch < epoch), report]
        if self.stored:
            text = "".join(json.dumps(each.model_dump()) + "\n" for each in self.epochs)
            with suppress(OSError):  # the scores are still in memory
                write_atomically(self.path, text)
        return report

    def add_final(self, values: Any, where: str) -> ReportedEpoch | None:
        """Take over what a training returns: scores of its last epoch, or of its only one. None where it is None.

        Raises:
            StudyError: Nothing was reported and nothing is returned.
        """
        if values is None:
            if not self.epochs:
                raise StudyError(f"{where} returned nothing and reported nothing; {RETURN_SOMETHING}")
            return None
        if not self.epochs:
            return self.add(values, 1, where)
        last = self.epochs[-1]
        merged = last.model_copy(update={"scores": {**last.scores, **scores_of(values, where)}})
        self.epochs[-1] = merged
        return merged
