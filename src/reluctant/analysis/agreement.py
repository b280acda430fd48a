"""Whether records agree where they must: the same data, equal starts, and different networks at the end."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import numpy as np

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
    for group in groups.values():
        for one, other in itertools.combinations(group, 2):
            if layer := _layer_that_started_apart(one, other):
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


def _layer_that_started_apart(one: RunResult, other: RunResult) -> str:
    """The first layer of one shape in both networks whose weights had another norm before the first step.

    Parts of an activation are left out: what an activation learns may begin with any values.
    """
    if one.probes is None or other.probes is None:
        return ""
    own = any(name.endswith(INITIAL_WEIGHTS) for name in one.record.sources)
    if own or INITIALISATIONS.canonical(one.run.init).head in ("kaiming", "as_made"):
        return ""  # kaiming scales by the activation's gain, and so may code of the user's
    layers, norms = [], []
    for result, table in ((one, one.probes), (other, other.probes)):
        layers.append({row.name: (row.kind, row.shape, row.parameters) for row in result.record.layers})
        norms.append(dict(zip(table.layers, table.norms["weight"][0], strict=True)))
    sites = {site.partition("#")[0] for table in (one.probes, other.probes) for site in table.sites}
    for name, norm in norms[0].items():
        comparable = np.isfinite(norm) and np.isfinite(norms[1].get(name, np.nan)) and not _is_inside(name, sites)
        if comparable and layers[0].get(name) == layers[1].get(name) and norm != norms[1][name]:
            return name or "the network"
    return ""


def _is_inside(name: str, modules: Collection[str]) -> bool:
    """Whether a layer is one of these modules, or a part of one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules if module)
