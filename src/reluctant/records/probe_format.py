"""How a look into a network is kept in a record: in few letters, and nothing lost."""

from typing import Any

import numpy as np

EDGES = np.linspace(-6, 6, 25)  # of the histograms; the first and the last bin reach to ±∞
CURVE = np.linspace(-5, 5, 41)  # where a learned function is kept
COUNTS = ("dead", "nearly", "died", "revived", "dead_channels", "saturated", "zero")
SIZES = ("units", "channels", "values")
NORMS = ("gradient", "weight", "update")

Look = dict[str, Any]


def compact(look: Look, *, first: bool) -> Look:
    """The look without counts that are 0, without sizes unless it is the `first`, norms as lists."""
    left_out = () if first else SIZES
    return {
        "sites": {
            name: {k: v for k, v in site.items() if k not in left_out and not (k in COUNTS and v == 0)}
            for name, site in look["sites"].items()
        },
        "layers": {name: [norms[k] for k in NORMS] for name, norms in look["layers"].items()},
    }


def expanded(look: Look) -> Look:
    """The look with its norms by name again; the other things left out are understood by who reads them."""
    return {
        **look,
        "layers": {
            name: dict(zip(NORMS, norms, strict=True)) if isinstance(norms, list) else norms
            for name, norms in look["layers"].items()
        },
    }
