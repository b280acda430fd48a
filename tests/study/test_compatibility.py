"""A study may be extended in its folder; whatever else changes is listed."""

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.study import Study, study_changes
from reluctant.study.study import AXES
from tests.support.strategies import studies

TWO: dict[str, list[Any]] = {
    "activation": ["relu", "elu"],
    "seed": [0, 1],
    "dataset": ["digits", "mnist"],
    "model": ["convnet", "convnet(dropout=0.2)"],
    "init": ["default", "normal"],
    "optimizer": ["adam", "sgd"],
    "lr": [0.01, 0.02],
    "batch_size": [32, 64],
    "epochs": [10, 20],
    "train_fraction": [0.8, 0.9],
    "threads": [1, 2],
    "keep_weights": [False, True],
    "robustness": [False, True],
    "procedure": ["standard", "tests.support.own_procedures:Twice"],
    "pixels": ["standardised", "unit"],
    "schedule": ["constant", "cosine"],
    "clip_norm": [0.0, 1.0],
    "label_smoothing": [0.0, 0.1],
    "augment": ["none", "flip"],
    "patience": [0, 3],
    "train": ["my_lab:one", "my_lab:two"],
    "command": ["python a.py {activation} {seed}", "python b.py {activation} {seed}"],
    "precision": ["float32", "bf16"],
    "compile": [False, True],
    "accumulate": [1, 4],
    "class_weights": ["none", "balanced"],
    "loss": ["standard", "tests.support.own_losses:Focal"],
}
each_axis = pytest.mark.parametrize("axis", TWO)


def study(**keys: Any) -> Study:
    return Study(**{"activation": "relu", **keys})


def test_every_axis_is_tried() -> None:
    assert {*TWO, "steps"} == {"activation", "seed", *AXES}  # steps have one value


@each_axis
def test_an_axis_may_be_extended(axis: str) -> None:
    first, second = TWO[axis]
    assert study_changes(study(**{axis: first}), study(**{axis: [second, first]})) == []


@each_axis
def test_nothing_may_be_left_out(axis: str) -> None:
    first, second = TWO[axis]
    (line,) = study_changes(study(**{axis: [first, second]}), study(**{axis: first}))
    assert line.startswith(f"{axis}: the folder has {first}, {second}, this study has {first}. You may add values, not")
    example = tomllib.loads(line.partition("remove any: ")[2])
    assert study_changes(study(**{axis: [first, second]}), study(**example)) == []


@each_axis
def test_nothing_may_be_exchanged(axis: str) -> None:
    first, second = TWO[axis]
    (line,) = study_changes(study(**{axis: first}), study(**{axis: second}))
    assert line.startswith(f"{axis}: the folder has {first}, this study has {second}. You may add values, not remove")
    assert study_changes(study(**{axis: first}), study(**tomllib.loads(line.partition("remove any: ")[2]))) == []


@each_axis
def test_order_does_not_count(axis: str) -> None:
    assert study_changes(study(**{axis: TWO[axis]}), study(**{axis: TWO[axis][::-1]})) == []


def test_the_name_stays() -> None:
    assert study_changes(study(name="one"), study(name="two")) == ["name: the folder has 'one', yours is 'two'"]


def test_about_and_compare_may_change() -> None:
    old = study(activation=["relu", "elu"], about="one")
    new = study(activation=["relu", "elu"], about="two", compare={"metric": "loss", "baseline": "elu", "margin": 1})
    assert study_changes(old, new) == []


def test_spelling_is_no_difference() -> None:
    old = study(activation=["silu", "elu"], optimizer="adam", lr=1)
    assert study_changes(old, study(activation=["ELU(alpha=1.0)", "Swish"], optimizer="Adam()", lr=[1.0])) == []


def test_all_differences_come_at_once() -> None:
    changes = study_changes(study(name="a", lr=0.1, seed=[0, 1]), study(name="b", lr=0.2, seed=[0, 2]))
    assert [line.partition(":")[0] for line in changes] == ["name", "seed", "lr"]


def test_many_values_are_listed_in_short() -> None:
    (line,) = study_changes(study(seed=list(range(1000))), study(seed=1000))
    assert len(line) < 150
    assert re.search("0, 1, 2, .*…, 999", line)


@settings(max_examples=40)
@given(studies())
def test_a_study_may_always_continue_unchanged(keys: dict[str, Any]) -> None:
    assert study_changes(Study(**keys), Study(**keys)) == []


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Study, Study]:
    """A study and another, each of whose axes is the same, a longer or a different one."""
    old, other = Study(**draw(studies())), Study(**draw(studies()))
    axes: dict[str, Any] = {}
    for axis in TWO:
        was, different = getattr(old, axis), getattr(other, axis)
        longer = tuple(dict.fromkeys((*was, *different)))
        axes[axis] = draw(st.sampled_from((was, was, longer, longer, longer, different)))
    return old, Study(name=old.name, **axes)


@settings(max_examples=100)
@given(pairs())
def test_an_extension_has_every_run_of_before(pair: tuple[Study, Study]) -> None:
    old, new = pair
    extends = all(set(getattr(old, axis)) <= set(getattr(new, axis)) for axis in TWO)
    assert (study_changes(old, new) == []) == extends
    if extends and new.size < 2000:
        assert {run.key for run in old.runs()} <= {run.key for run in new.runs()}
