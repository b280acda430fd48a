"""A study: its fields, and the runs that it consists of."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.study import Run, Study
from reluctant.study.study import AXES
from tests.support.strategies import FIELDS, studies


@pytest.mark.parametrize("name", [*FIELDS, "activation"])
@given(data=st.data())
@settings(max_examples=10)
def test_a_list_of_one_is_the_value(name: str, data: st.DataObject) -> None:
    value = data.draw(FIELDS[name]) if name in FIELDS else "elu"
    study = Study(**{"activation": "relu", name: value})
    assert study == Study(**{"activation": "relu", name: [value]}) == Study(**{"activation": "relu", name: (value,)})
    assert len(getattr(study, name)) == 1


def test_defaults_are_a_runs() -> None:
    (run,) = Study(activation="relu", seed=0).runs()
    assert run == Run("relu")
    assert Study(activation="relu").seed == (0, 1, 2, 3, 4)


def test_names_are_canonical() -> None:
    study = Study(activation=["Swish", "ELU(alpha=1)"], model="ConvNet()", dataset="Sklearn-Digits", optimizer="SGD")
    assert study.activation == ("silu", "elu")
    assert (study.model, study.dataset, study.optimizer) == (("convnet",), ("digits",), ("sgd",))


def test_the_baseline_is_the_first_or_the_stated_activation() -> None:
    assert Study(activation=["elu", "relu"]).baseline == "elu"
    assert Study(activation=["elu", "silu"], compare={"baseline": "Swish"}).baseline == "silu"


def test_a_study_cannot_be_changed() -> None:
    study = Study(activation="relu")
    with pytest.raises(ValueError, match="frozen"):
        setattr(study, "lr", (1.0,))  # noqa: B010


def test_seeds_vary_slowest_and_activations_fastest() -> None:
    study = Study(activation=["relu", "elu"], seed=[7, 3], lr=[0.1, 0.2], dataset=["mnist", "digits"])
    runs = [(run.seed, run.dataset, run.lr, run.activation) for run in study.runs()]
    assert runs == list(itertools.product((7, 3), ("mnist", "digits"), (0.1, 0.2), ("relu", "elu")))


@settings(max_examples=60)
@given(studies())
def test_size_is_the_number_of_different_runs(keys: dict[str, Any]) -> None:
    study = Study(**keys)
    runs = list(itertools.islice(study.runs(), 3000))
    assert len(runs) == min(study.size, 3000)
    assert len({run.key for run in runs}) == len(runs)


@settings(max_examples=60)
@given(studies())
def test_a_study_stopped_between_seeds_is_balanced(keys: dict[str, Any]) -> None:
    study = Study(**keys)
    block = study.size // len(study.seed)
    first = list(itertools.islice(study.runs(), block))
    assert {run.seed for run in first} == {study.seed[0]}
    assert {run.activation for run in first} == set(study.activation)


def test_every_run_field_is_an_axis() -> None:
    assert {"activation", "seed", *AXES} == set(Run("relu").to_dict())


def test_many_seeds_are_read_without_delay() -> None:
    assert Study(activation="relu", seed=list(range(300_000))).size == 300_000
