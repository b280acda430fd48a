"""One record by itself: its form, and whether all its numbers can be true of one training."""

import math
from collections.abc import Iterator

from reluctant.records.run_result import SPLITS
from reluctant.records.store import Record
from reluctant.study import Run
from reluctant.study.stopping import right_stop
from reluctant.verification import classified, sums
from reluctant.verification.counts import SLACK
from reluctant.verification.described import Described

_FORM: dict[str, tuple[type, str]] = {
    "run": (dict, "a table"),
    "recipe": (int, "a whole number"),
    "epochs": (list, "a list"),
    "test_predictions": (str, "a text"),
    "data": (str, "a text"),
    "environment": (str, "a text"),
}


def malformed(record: Record) -> str:
    """The first thing that keeps a record from being read as one; '' where nothing does."""
    for key, (kind, word) in _FORM.items():
        if key not in record:
            return f"it has no {key!r}"
        if not isinstance(record[key], kind):
            return f"its {key!r} is not {word}"
    sources = record.get("sources", {})
    if not isinstance(sources, dict) or not all(isinstance(source, str) for source in sources.values()):
        return "its 'sources' is not a table of texts"
    if not isinstance(record.get("final"), dict | None):
        return "its 'final' is not a table"
    for number, epoch in enumerate(record["epochs"], 1):
        counts = "sums" if isinstance(epoch, dict) and "sums" in epoch else "confusion"
        for part, names in (("loss", SPLITS), (counts, SPLITS), ("seconds", ("train", "evaluate"))):
            held = epoch.get(part) if isinstance(epoch, dict) else None
            if not isinstance(held, dict) or any(name not in held for name in names):
                return f"its epoch {number} has no {part!r} of {', '.join(names)}"
    return ""


def contradictions(record: Record, run: Run, described: Described | None) -> Iterator[str]:
    """What cannot be true in a well-formed record of a run; `described` is what is kept of its data."""
    kind = sums if any("sums" in epoch for epoch in record["epochs"]) else classified
    spoilt = [*_length(record, run), *_losses(record), *kind.forms(record)]
    yield from spoilt
    if spoilt:
        return  # nothing can be computed from these
    yield from _patience(record, run)
    yield from kind.contradictions(record, described)
    yield from _final(record)


def _length(record: Record, run: Run) -> Iterator[str]:
    """Epochs are numbered from 1, and there are as many as asked for, or one less than where it diverged.

    A run that stopped early ends with the epoch after which its validation losses made it stop.
    """
    numbers, diverged = [epoch.get("epoch") for epoch in record["epochs"]], record.get("diverged")
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"its epochs are numbered {', '.join(map(str, numbers))}"
    if "stopped" in record:
        yield from _stopped(record, run)
    elif diverged is None:
        if len(numbers) != run.epochs:
            yield f"it has {len(numbers)} epochs, and its run asks for {run.epochs}"
    elif type(diverged) is not int or not 1 <= diverged <= run.epochs:
        yield f"it diverged in epoch {diverged!r}, and its run has epochs 1 to {run.epochs}"
    elif len(numbers) != diverged - 1:
        yield f"it diverged in epoch {diverged} and has {len(numbers)} epochs before"


def _stopped(record: Record, run: Run) -> Iterator[str]:
    ended, told = len(record["epochs"]), record["stopped"]
    if record.get("diverged") is not None:
        yield f"it stopped early in epoch {told!r} and diverged too"
    elif type(told) is not int or told != ended:
        yield f"it stopped early after epoch {told!r} and has {ended} epochs"
    elif not run.patience:
        yield f"it stopped early after epoch {told}, and its run knows no patience"


def _patience(record: Record, run: Run) -> Iterator[str]:
    """A run goes on as long as its validation losses let it, and no longer."""
    right = right_stop(run, [epoch["loss"]["valid"] for epoch in record["epochs"]])
    if right != record.get("stopped"):
        wanted = f"ask for a stop after epoch {right}" if right else "ask for no early stop"
        held = f"it stopped after epoch {record['stopped']}" if "stopped" in record else "it did not stop"
        yield f"its validation losses, with a patience of {run.patience}, {wanted}, and {held}"


def _losses(record: Record) -> Iterator[str]:
    final = record.get("final")
    told = [(f"{split} loss of epoch {number}", epoch["loss"][split])
            for number, epoch in enumerate(record["epochs"], 1) for split in SPLITS]  # fmt: skip
    told += [("final training loss", final.get("loss"))] if isinstance(final, dict) else []
    told_seconds = [(f"time of epoch {number}", value) for number, epoch in enumerate(record["epochs"], 1)
                    for value in epoch["seconds"].values()]  # fmt: skip
    for what, value in (*told, *told_seconds):
        if not _is_number(value):
            yield f"its {what} is {value!r}, which is no finite number"
        elif value < -SLACK:
            yield f"its {what} is {value!r}, and it cannot be below 0"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _final(record: Record) -> Iterator[str]:
    """The training part in evaluation mode is counted once, after the last epoch, unless the run diverged."""
    if (record.get("final") is None) != (record.get("diverged") is not None):
        yield "it has a final training score only if it did not diverge, and here that is the other way round"
