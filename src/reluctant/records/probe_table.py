"""Probe snapshots: their compact form in a record, and those of one run as arrays over snapshots and sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from reluctant.records.parts import NORMS, SIZE_OF, ProbeSnapshot, SiteProbe

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ProbeTable:
    """What the probes counted in one run; NaN where a snapshot lacks a site or a layer."""

    sites: tuple[str, ...]  # where activations are called, by name
    layers: tuple[str, ...]  # layers with weights, by name
    counts: Mapping[str, Floats]  # by name of `COUNTS`, shape (snapshots, sites)
    sizes: Mapping[str, Floats]  # by name of `SIZES`, shape (sites,)
    inputs: Floats  # mean and variance before the activation, shape (snapshots, sites, 2)
    outputs: Floats  # the same after it
    norms: Mapping[str, Floats]  # by name of `NORMS`, shape (snapshots, layers)
    # shares of values per bin at the first and the last snapshot, before (0) and after (1): shape (2, 2, sites, 24)
    histograms: Floats

    @classmethod
    def of(cls, snapshots: Sequence[ProbeSnapshot]) -> Self:
        """The table of a run's snapshots."""
        sites = tuple(dict.fromkeys(name for each in snapshots for name in each.sites))
        layers = tuple(dict.fromkeys(name for each in snapshots for name in each.layers))
        by_site = [[each.sites.get(name) for name in sites] for each in snapshots]
        by_layer = [[each.layers.get(name) for name in layers] for each in snapshots]
        return cls(
            sites,
            layers,
            {key: _array(by_site, key) for key in COUNTS},
            {key: _array(by_site[:1], key)[0] for key in SIZES},
            _array(by_site, "inputs", (None, None)).reshape(len(snapshots), -1, 2),  # also where there are no sites
            _array(by_site, "outputs", (None, None)).reshape(len(snapshots), -1, 2),
            {key: _array(by_layer, key) for key in NORMS},
            np.stack([_histograms(by_site[when]) for when in (0, -1)]),
        )

    def share(self, count: str) -> Floats:
        """A count as a share of its size, shape (snapshots, sites)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.counts[count] / self.sizes[SIZE_OF[count]], float)


def _array(rows: Sequence[Sequence[object]], key: str, missing: object = None) -> Floats:
    """An attribute of every probe; None becomes NaN."""
    return np.array([[missing if each is None else getattr(each, key) for each in row] for row in rows], float)


def _histograms(sites: Sequence[SiteProbe | None]) -> Floats:
    shares = np.full((2, len(sites), 24), np.nan)
    for i, site in enumerate(sites):
        if site is not None and site.histogram is not None:
            for side, counts in enumerate((site.histogram.inputs, site.histogram.outputs)):
                shares[side, i] = np.array(counts, float) / max(sum(counts), 1)
    return shares


EDGES = np.linspace(-6, 6, 25)  # of the histograms; the first and the last bin reach to ±∞
CURVE = np.linspace(-5, 5, 41)  # the points at which a learned function is stored
COUNTS = ("dead", "nearly", "died", "revived", "dead_channels", "saturated", "zero")
SIZES = ("units", "channels", "values")


def compact(snapshot: dict[str, Any], *, first: bool) -> dict[str, Any]:
    """The snapshot without counts that are 0, without sizes unless it is the `first`, norms as lists."""
    left_out = () if first else SIZES
    return {
        "sites": {
            name: {k: v for k, v in site.items() if k not in left_out and not (k in COUNTS and v == 0)}
            for name, site in snapshot["sites"].items()
        },
        "layers": {name: [norms[k] for k in NORMS] for name, norms in snapshot["layers"].items()},
    }
