"""Hypothesis strategies that several rooms share: names, catalogue spellings, runs, studies, JSON."""

import keyword
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reluctant.catalogue import (
    ACTIVATIONS,
    AUGMENTATIONS,
    DATASETS,
    INITIALISATIONS,
    MODELS,
    NORMS,
    OPTIMIZERS,
    SCHEDULES,
    Catalogue,
    Entry,
    Parameter,
)
from reluctant.catalogue.metrics import METRICS, Counts
from reluctant.core.names import LONGEST, Name, canonical_value, literal
from reluctant.study import Run

TABLES: tuple[Catalogue[Any], ...] = (
    ACTIVATIONS, MODELS, DATASETS, OPTIMIZERS, INITIALISATIONS, SCHEDULES, AUGMENTATIONS, NORMS)  # fmt: skip

integers = st.integers(-(2**63) + 1, 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
printable = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
values = st.recursive(
    st.none() | st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)
samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30)
json_objects = st.dictionaries(texts, values, max_size=4)
identifiers = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda w: not keyword.iskeyword(w))
heads = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,12}(:[A-Za-z_][A-Za-z0-9_.]{0,12})?", fullmatch=True)
names = st.builds(
    Name, heads, st.dictionaries(identifiers, values.map(canonical_value), max_size=3)
).filter(lambda name: len(str(name)) <= LONGEST)  # fmt: skip


def argument(parameter: Parameter) -> st.SearchStrategy[Any]:
    """A value that the parameter takes."""
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if isinstance(parameter.default, bool):
        return st.booleans()
    if isinstance(parameter.default, str):
        return texts
    low = parameter.low if parameter.low is not None else parameter.above
    high = parameter.high if parameter.high is not None else parameter.below
    if isinstance(parameter.default, int):
        return st.integers(-(2**63) + 1 if low is None else int(low), 2**63 - 1 if high is None else int(high))
    return st.floats(
        low,
        high,
        allow_nan=False,
        allow_infinity=False,
        exclude_min=parameter.above is not None,
        exclude_max=parameter.below is not None,
    )


def written(head: str, arguments: Mapping[str, Any]) -> str:
    """A name as a person might write it, arguments in the order given."""
    inside = ", ".join(f"{key}={literal(value)}" for key, value in arguments.items())
    return f"{head}({inside})"


@st.composite
def arguments_of(draw: st.DrawFn, row: Entry) -> dict[str, Any]:
    """Some of a row's parameters in any order, with values that fit each other."""
    chosen = draw(st.permutations(row.parameters))[: draw(st.integers(0, len(row.parameters)))]
    arguments = {parameter.name: draw(argument(parameter)) for parameter in chosen}
    return {} if row.fault and row.fault({**row.defaults(), **arguments}) else arguments


@st.composite
def spelled(draw: st.DrawFn, table: Catalogue[Any]) -> str:
    """Any spelling of any row of the table: aliases, case, `-` for `_`, arguments in any order."""
    row = draw(st.sampled_from(table.rows))
    head = draw(st.sampled_from((row.name, *row.aliases)))
    head = draw(st.sampled_from((head, head.upper(), head.title(), head.replace("_", "-"), head.replace("_", ""))))
    return written(head, draw(arguments_of(row)))


def canonical(table: Catalogue[Any]) -> st.SearchStrategy[str]:
    """Canonical names of a table."""
    return spelled(table).map(lambda text: str(table.canonical(text)))


seeds = st.integers(0, 2**63 - 1)
rates = st.floats(0, exclude_min=True, allow_infinity=False) | st.integers(1, 5)
fractions = st.floats(0, 1, exclude_min=True, exclude_max=True)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "seed": seeds,
    "dataset": canonical(DATASETS),
    "model": canonical(MODELS),
    "init": canonical(INITIALISATIONS),
    "optimizer": canonical(OPTIMIZERS),
    "lr": rates,
    "batch_size": st.integers(1, 10**7),
    "epochs": st.integers(1, 10**6),
    "train_fraction": fractions,
    "threads": st.integers(1, 1024),
    "keep_weights": st.booleans(),
    "clip_norm": st.floats(0, 1e6),
    "label_smoothing": st.floats(0, 1, exclude_max=True),
    "augment": st.sampled_from(["none", "flip", "crop(padding=2) + noise"]),
    "patience": st.integers(0, 10**6),
    "precision": st.sampled_from(["float32", "tf32", "bf16"]),
    "accumulate": st.integers(1, 10**6),
    "compile": st.booleans(),
    "class_weights": st.sampled_from(["none", "balanced", "1,2.5"]),
}
runs = st.fixed_dictionaries({"activation": canonical(ACTIVATIONS)}, optional=FIELDS).map(Run.from_dict)


def axis(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One value, or a list of distinct ones."""
    return value | st.lists(value, min_size=1, max_size=3, unique=True)


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """The keys of a valid study."""
    keys = draw(
        st.fixed_dictionaries(
            {"activation": axis(canonical(ACTIVATIONS))},
            optional={
                "name": st.text(printable, min_size=1, max_size=100),
                "about": st.text(printable, max_size=12),
                **{name: axis(value) for name, value in FIELDS.items()},
            },
        )
    )
    activations = keys["activation"] if isinstance(keys["activation"], list) else [keys["activation"]]
    of_compare: dict[str, st.SearchStrategy[Any]] = {
        "metric": st.sampled_from([metric.name for metric in METRICS if "classification" in metric.tasks]),
        "baseline": st.sampled_from(activations),
        "margin": st.floats(0, 1e6),
    }
    compare = draw(st.fixed_dictionaries({}, optional=of_compare))
    return {**keys, "compare": compare} if compare else keys


def matrices(most: int = 10**5) -> st.SearchStrategy[Counts]:
    """Square matrices of counts, zeros among them, with at least one image."""
    cells = st.integers(0, most) | st.integers(0, 2) | st.just(0)
    return (
        st.integers(2, 6)
        .flatmap(lambda n: arrays(np.int64, (n, n), elements=cells))
        .filter(lambda matrix: bool(matrix.sum()))
    )
