"""What a study's inputs are called: images, unless its data say rows, signals or something else."""

from collections.abc import Mapping
from typing import Any

from reluctant.records.study_results import Results

USUAL, MIXED = "images", "inputs"


def described(results: Results) -> Mapping[str, Any] | None:
    """What the folder keeps of the data of the first run: classes, sizes; None where it keeps nothing."""
    sums = _sums(results)
    return results.data.get(sums[0]) if sums else None


def items(results: Results) -> str:
    """`images`, `rows`, `signals`; `inputs` where several data sets have different words."""
    words = {str(results.data.get(each, {}).get("items", USUAL)) for each in _sums(results)}
    return MIXED if len(words) > 1 else next(iter(words), USUAL)


def item(results: Results) -> str:
    """One of them: `image`, `row`."""
    return items(results).removesuffix("s")


def remarks(results: Results) -> tuple[str, ...]:
    """What was done to the data on their way here, each remark once."""
    told = (text for each in _sums(results) for text in results.data.get(each, {}).get("remarks", ()))
    return tuple(dict.fromkeys(map(str, told)))


def _sums(results: Results) -> list[str]:
    """The data of the runs, by their sums, each once; of a study without runs, all that the folder keeps."""
    return list(dict.fromkeys(str(r.record.get("data")) for r in results)) or list(results.data)
