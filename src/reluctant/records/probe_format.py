"""The compact form of a probe snapshot in a record: nothing that follows from the rest, nothing that is 0."""

from typing import Any

import numpy as np

from reluctant.records.schema import NORMS

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
