"""A table of runs, as people have them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import reluctant
from reluctant.core.errors import StudyError

SEEDS = range(8)


def runs(**columns: Any) -> pd.DataFrame:
    """Two arms and eight seeds; the second is better by two points, with noise that pairs remove."""
    rng = np.random.default_rng(3)
    shared = 0.9 + rng.normal(size=len(SEEDS)) * 0.02
    rows = [
        {"activation": arm, "seed": seed, "test_accuracy": shared[seed] + gain + rng.normal() * 0.001}
        for arm, gain in (("relu", 0.0), ("gelu", 0.02))
        for seed in SEEDS
    ]
    return pd.DataFrame(rows).assign(**columns)


def verdict(source: Any, **options: Any) -> str:
    """The verdict on the second arm."""
    return str(reluctant.judge(source, **options).verdicts()["verdict"].iloc[1])


def fault(source: Any, **options: Any) -> str:
    """Why a table is not judged."""
    with pytest.raises(StudyError) as error:
        reluctant.judge(source, **options)
    return str(error.value)
