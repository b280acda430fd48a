"""What the probes counted inside the networks of one setting, as arrays over runs, sites and snapshots."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np

from reluctant.core.errors import StudyError
from reluctant.records.parts import SIZE_OF
from reluctant.records.probe_table import ProbeTable
from reluctant.records.run_result import RunResult
from reluctant.scores import Floats, Scores

START, END = 0, -1


@dataclass(frozen=True, eq=False)
class ProbeSummary:
    """The probes of all runs that finished and have them."""

    tables: Mapping[str, tuple[ProbeTable, ...]]  # by arm, those with at least one probed run, in the study's order
    sites: tuple[str, ...]  # where activations are called, in the order of use
    # layers whose parameters weigh inputs, in the order of use: no normalisation, no activation
    layers: tuple[str, ...]
    flat: frozenset[str] = frozenset()  # the arms whose curve has a stretch of slope 0: only their units can be dead

    @classmethod
    def of(cls, scores: Scores) -> Self:
        """The probes of one setting; without arms where no run was probed."""
        tables: dict[str, tuple[ProbeTable, ...]] = {}
        kinds: dict[str, str] = {}
        flat = set()
        for arm in scores.arms:
            runs = [run for run in scores.finished(arm) if isinstance(run, RunResult)]
            if probed := tuple(run.probes for run in runs if run.probes is not None):
                tables[arm] = probed
                listed = next((run.record.layers for run in runs if run.record.layers), [])
                kinds = kinds or {layer.name: layer.kind for layer in listed}
                slope = next((run.record.shape.slope for run in runs if run.record.shape is not None), [])
                flat |= {arm} if any(one == other == 0 for one, other in pairwise(slope)) else set()
        firsts = [probed[0] for probed in tables.values()]
        sites = _in_order_of_use((name for table in firsts for name in table.sites), list(kinds))
        names = _in_order_of_use((name for table in firsts for name in table.layers), list(kinds))
        weighing = (name for name in names if "Norm" not in kinds.get(name, ""))
        layers = tuple(name for name in weighing if not any(_within(name, site) for site in sites))
        return cls(tables, tuple(sites), layers, frozenset(flat))

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms with probed runs."""
        return tuple(self.tables)

    @cached_property
    def site_names(self) -> Mapping[str, str]:
        """The sites without their last part where all have the same: `blocks.2` for `blocks.2.activation`."""
        parts = {}
        for name in self.sites:
            path, sign, again = name.partition("#")
            head, _, last = path.rpartition(".")
            parts[name] = head, last, sign + again
        short = {name: head + again or last for name, (head, last, again) in parts.items()}
        alike = len({last for _, last, _ in parts.values()}) <= 1 and len(set(short.values())) == len(short)
        return short if alike else {name: name for name in self.sites}

    @property
    def inputs(self) -> int:
        """How many training inputs a snapshot uses: values at a site over its units."""
        for first, *_ in self.tables.values():
            units, values = first.sizes["units"], first.sizes["values"]
            if len(units) and np.isfinite(values[0]):
                return int(values[0] // max(units[0], 1))
        return 0

    def runs(self, arm: str) -> int:
        """How many runs of an arm were probed."""
        return len(self.tables.get(arm, ()))

    def share(self, arm: str, count: str) -> Floats:
        """A count as a share of its size, the mean of the runs, shape (sites, snapshots)."""
        if count not in SIZE_OF:
            raise StudyError(f"no probe counts {count!r}; there are {', '.join(SIZE_OF)} (dead_channels are dead maps)")
        return mean_of_finite(self._by_site(arm, [t.share(count).T for t in self.tables[arm]]))

    def total_share(self, arm: str, count: str) -> Floats:
        """The share over all sites together after the last epoch, shape (runs,)."""
        shares = []
        for table in self.tables[arm]:
            whole = float(np.nansum(table.sizes[SIZE_OF[count]]))
            shares.append(float(np.nansum(table.counts[count][END])) / whole if whole else np.nan)
        return np.array(shares)

    def turnover(self, arm: str) -> tuple[Floats, Floats]:
        """Deaths and revivals of units over the run, all sites together, shape (runs,) each."""
        tables = self.tables[arm]
        died, revived = (
            np.array([float(np.nansum(t.counts[count][1:])) for t in tables]) for count in ("died", "revived")
        )
        return died, revived

    def log_gradient(self, arm: str, when: int) -> Floats:
        """log₁₀ of the gradient's norm, the mean of the runs, shape (layers,); NaN where none arrives."""
        with np.errstate(divide="ignore"):
            return mean_of_finite(np.log10(self._gradient(arm, when)))

    def depth_index(self, arm: str, when: int = END) -> Floats:
        """log₁₀ of the first weight layer's gradient norm over the last's, shape (runs,).

        Below zero the gradient shrinks on its way back to the first layer; −1 is ten times. −∞ where none
        arrives; NaN with fewer than two layers.
        """
        gradient = self._gradient(arm, when)
        if gradient.shape[1] < 2:
            return np.full(len(gradient), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log10(gradient[:, 0] / gradient[:, -1]))

    def histograms(self, arm: str) -> Floats:
        """Shares of values per bin, the mean of the runs, shape (start and end, in and out, sites, 24)."""
        by_site = self._by_site(arm, [np.moveaxis(table.histograms, 2, 0) for table in self.tables[arm]])
        return np.moveaxis(mean_of_finite(by_site), 0, 2)

    def input_variance(self, arm: str) -> Floats:
        """The variance of an activation's inputs, the mean of the runs, shape (sites, snapshots)."""
        return mean_of_finite(self._by_site(arm, [table.inputs[:, :, 1].T for table in self.tables[arm]]))

    def _by_site(self, arm: str, values: Sequence[Floats]) -> Floats:
        """Values of shape (sites of the table, snapshots, …), in the order of `sites`, shape (runs, sites, …)."""
        longest = max(each.shape[1] for each in values)
        aligned = np.full((len(values), len(self.sites), longest, *values[0].shape[2:]), np.nan)
        for row, table, each in zip(aligned, self.tables[arm], values, strict=True):
            for i, name in enumerate(self.sites):
                if name in table.sites:
                    row[i, : each.shape[1]] = each[table.sites.index(name)]
        return aligned

    def _gradient(self, arm: str, when: int) -> Floats:
        """The gradient's norm per layer, shape (runs, layers)."""
        return np.array([
            [t.norms["gradient"][when][t.layers.index(n)] if n in t.layers else np.nan for n in self.layers]
            for t in self.tables[arm]
        ], float)  # fmt: skip


def mean_of_finite(values: Floats) -> Floats:
    """The mean over the first axis of what is finite; NaN where nothing is."""
    finite = np.isfinite(values)
    count = finite.sum(axis=0)
    total = np.where(finite, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def signed_index(value: float) -> str:
    """`+0.4`, `−1.2`: a depth index; −∞ where no gradient arrives."""
    if np.isneginf(value):
        return "−∞"
    return f"{value:+.1f}".replace("-", "−") if np.isfinite(value) else "–"


def _within(name: str, site: str) -> bool:
    return f"{name}.".startswith(f"{site}.")


def _in_order_of_use(names: Any, used: Sequence[str]) -> list[str]:
    """Names, each once, by their position among the layers. A record's keys are sorted by letter."""

    def order(name: str) -> tuple[int, list[tuple[bool, int | str]]]:
        path = name.partition("#")[0]
        at = next((i for i, layer in enumerate(used) if _within(layer, path)), len(used))
        parts = re.split(r"(\d+)", name)
        return at, [(not part.isdigit(), int(part) if part.isdigit() else part) for part in parts]

    return sorted(dict.fromkeys(names), key=order)
