"""Whether records agree where they must: the same data, equal starts, and different networks at the end."""

import itertools
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reluctant.catalogue import INITIALISATIONS
from reluctant.records.run_result import RunResult
from reluctant.records.study_dir import INITIAL_WEIGHTS
from reluctant.study.seeds import source_seed

Withheld = Mapping[frozenset[str], str]  # reasons why there is no verdict, by the pair of arms; all pairs: empty set
ALL_PAIRS: frozenset[str] = frozenset()
SAME_DATA = ("dataset", "train_fraction", "pixels")


def withheld_verdicts(runs: Iterable[RunResult]) -> Withheld:
    """The comparisons that records forbid, each with its reason; empty for a sound study."""
    reasons: dict[frozenset[str], str] = {}
    data: dict[tuple[object, ...], set[str]] = defaultdict(set)
    groups: dict[tuple[object, ...], list[RunResult]] = defaultdict(list)
    for result in runs:
        run = result.record.run
        data[(*(getattr(run, axis) for axis in SAME_DATA), source_seed(run.seed, "split"))].add(result.record.data)
        groups[tuple((key, value) for key, value in run.to_dict().items() if key != "activation")].append(result)
    for (dataset, *_), checksums in data.items():
        if len(checksums) > 1:
            written = " and ".join(sorted(checksum[:10] for checksum in checksums))
            reasons[ALL_PAIRS] = f"the runs were trained on different data (checksums {written} of {dataset})"
    starts = {result: _start_of(result) for group in groups.values() for result in group if len(group) > 1}
    for group in groups.values():
        for one, other in itertools.combinations(group, 2):
            if layer := _layer_that_started_apart(starts[one], starts[other]):
                reasons.setdefault(
                    ALL_PAIRS,
                    f"{one.arm} and {other.arm} started with different weights in {layer} for seed {one.seed}",
                )
            same_end = one.record.weights == other.record.weights
            if same_end and one.diverged is None and one.epochs and other.epochs:
                reasons[frozenset((one.arm, other.arm))] = (
                    f"both ended with the same weights for seed {one.seed}: the network does not use the activation, "
                    f"or the two are the same function"
                )
    return reasons


@dataclass(frozen=True)
class _Start:
    """A network before the first step: what identifies each of its layers beside the norm of its weights."""

    layers: Mapping[str, object]
    norms: Mapping[str, float]
    sites: Collection[str]  # the modules whose parts belong to an activation


def _start_of(result: RunResult) -> _Start | None:
    """The start of a run; None where a record has none, or where equal seeds need not give equal weights."""
    if result.probes is None:
        return None
    own = any(name.endswith(INITIAL_WEIGHTS) for name in result.record.sources)
    if own or INITIALISATIONS.canonical(result.run.init).head in ("kaiming", "as_made"):
        return None  # kaiming scales by the activation's gain, and so may code of the user's
    layers = {row.name: (row.kind, row.shape, row.parameters) for row in result.record.layers}
    norms = dict(zip(result.probes.layers, result.probes.norms["weight"][0].tolist(), strict=True))
    return _Start(layers, norms, {site.partition("#")[0] for site in result.probes.sites})


def _layer_that_started_apart(one: _Start | None, other: _Start | None) -> str:
    """The first layer of one shape in both networks whose weights had another norm before the first step.

    Parts of an activation are left out: what an activation learns may begin with any values.
    """
    if one is None or other is None:
        return ""
    for name, norm in one.norms.items():
        theirs = other.norms.get(name, math.nan)
        if (
            norm != theirs
            and math.isfinite(norm)
            and math.isfinite(theirs)
            and one.layers.get(name) == other.layers.get(name)
            and not _is_inside(name, {*one.sites, *other.sites})
        ):
            return name or "the network"
    return ""


def _is_inside(name: str, modules: Collection[str]) -> bool:
    """Whether a layer is one of these modules, or a part of one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules if module)
