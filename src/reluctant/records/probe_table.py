"""The probe snapshots of one run as arrays over snapshots and sites: the first snapshot is before training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from reluctant.records.probe_format import COUNTS, SIZES
from reluctant.records.schema import NORMS, SIZE_OF, ProbeSnapshot, SiteProbe

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ProbeTable:
    """What the probes counted in one run; NaN where a snapshot lacks a site or a layer.

    Args:
        sites: Where activations are called, by name.
        layers: Layers with weights, by name.
        counts: By name of `COUNTS`, shape (snapshots, sites).
        sizes: By name of `SIZES`, shape (sites,).
        inputs: Mean and variance before the activation, shape (snapshots, sites, 2).
        outputs: The same after it.
        norms: By name of `NORMS`, shape (snapshots, layers).
        histograms: Shares of values per bin before (0) and after (1) the activation, at the first and the
            last snapshot, shape (2, 2, sites, 24).
    """

    sites: tuple[str, ...]
    layers: tuple[str, ...]
    counts: Mapping[str, Floats]
    sizes: Mapping[str, Floats]
    inputs: Floats
    outputs: Floats
    norms: Mapping[str, Floats]
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
            {key: _array([[_attribute(s, key) for s in row] for row in by_site]) for key in COUNTS},
            {key: _array([_attribute(s, key) for s in by_site[0]]) for key in SIZES},
            _array([[(np.nan, np.nan) if s is None else s.inputs for s in row] for row in by_site]),
            _array([[(np.nan, np.nan) if s is None else s.outputs for s in row] for row in by_site]),
            {key: _array([[_attribute(layer, key) for layer in row] for row in by_layer]) for key in NORMS},
            np.stack([_histograms(by_site[when]) for when in (0, -1)]),
        )

    def share(self, count: str) -> Floats:
        """A count as a share of its size, shape (snapshots, sites)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.counts[count] / self.sizes[SIZE_OF[count]], float)


def _attribute(probe: object, key: str) -> float | None:
    return None if probe is None else getattr(probe, key)


def _array(values: object) -> Floats:
    return np.array(values, float)  # None becomes NaN


def _histograms(sites: Sequence[SiteProbe | None]) -> Floats:
    shares = np.full((2, len(sites), 24), np.nan)
    for i, site in enumerate(sites):
        if site is not None and site.histogram is not None:
            for side, counts in enumerate((site.histogram.inputs, site.histogram.outputs)):
                shares[side, i] = np.array(counts, float) / max(sum(counts), 1)
    return shares
