"""How many inputs an epoch trains on: all of the training split, or with steps those of its batches."""

from collections.abc import Iterator

from reluctant.catalogue.metrics import SPLITS, total_items
from reluctant.records.run_result import RunResult
from reluctant.verification.findings import CheckedData


def constant_splits(result: RunResult) -> tuple[str, ...]:
    """The splits of which every epoch counts the same inputs."""
    return SPLITS[1:] if result.run.steps else SPLITS


def check_drawn(result: RunResult, data: CheckedData) -> Iterator[str]:
    """The inputs that every epoch trains on are as many as the run and the data say."""
    run, images = result.run, data.record.images
    expected = images["train"]
    if run.steps:
        expected = run.steps // run.epochs * run.accumulate * min(run.batch_size, images["train"])
    for epoch, counts in enumerate(result.counts["train"], 1):
        if (trained := total_items(counts)) != expected:
            yield f"it trains on {trained} inputs in epoch {epoch}, and its run and {data.path} give {expected}"
    if (valid := total_items(result.counts["valid"][0])) != images["valid"]:
        yield f"it validates on {valid} inputs, and {data.path} has {images['valid']}"
