"""A run's key: golden, by value, and independent of how a study spells it."""

import hashlib
import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.study import RECIPE, Run, Study
from reluctant.study.run import same_value
from tests.support.strategies import runs

GOLDEN = [
    (Run("relu"), "2ebfe5d0bb59dfef87d9"),
    (
        Run("gelu(approximate='tanh')", 3, "mnist", "convnet(dropout=0.2)", optimizer="adam(beta1=0.89)", lr=0.006),
        "2a67cccd6faf091a6f7f",
    ),
    (Run("elu", lr=1.0, keep_weights=True), "daf1c832c175d39e8ab6"),
    (
        Run(
            "my_lab.acts:Serf(beta=2)",
            seed=2**63 - 1,
            init="normal",
            batch_size=64,
            epochs=3,
            train_fraction=0.8,
            threads=4,
        ),
        "80747c70e8b91a03f32d",
    ),
]
ARTICLE = ("86aa068c3bf767bf1b40", "b1ba4df2c01eb66b341f")  # the first and the last of its runs

OTHER: dict[str, Any] = {
    "activation": "elu",
    "seed": 1,
    "dataset": "mnist",
    "model": "convnet(dropout=0.2)",
    "init": "normal",
    "optimizer": "sgd",
    "lr": 0.01,
    "batch_size": 33,
    "epochs": 11,
    "train_fraction": 0.5,
    "threads": 2,
    "keep_weights": True,
    "robustness": True,
    "procedure": "my_lab:Mine",
    "pixels": "unit",
    "schedule": "cosine",
    "clip_norm": 1.0,
    "label_smoothing": 0.1,
    "augment": "flip",
    "patience": 3,
    "train": "my_lab:train",
    "command": "python train.py --act {activation} --seed {seed}",
    "precision": "bf16",
    "compile": True,
    "accumulate": 4,
    "class_weights": "balanced",
    "loss": "my_lab:Focal",
    "steps": 100,
}


@pytest.mark.parametrize(("run", "key"), GOLDEN, ids=lambda value: getattr(value, "activation", value))
def test_keys_never_change(run: Run, key: str) -> None:
    """Every finished record in the world is named by these."""
    assert run.key == key


def test_the_articles_keys_never_change() -> None:
    article = list(Study.read("article").runs())
    assert (article[0].key, article[-1].key) == ARTICLE


def test_the_recipe_is_raised_by_hand_only() -> None:
    assert RECIPE == 2


def test_a_key_is_the_hash_of_canonical_json() -> None:
    text = '{"activation":"relu","dataset":"mnist","lr":0.5,"seed":3}'
    assert Run("relu", 3, "mnist", lr=0.5).key == hashlib.sha256(text.encode()).hexdigest()[:20]


def test_defaults_are_left_out() -> None:
    assert Run("relu").canonical() == {"activation": "relu"}
    assert Run("relu", seed=0, lr=0.001, epochs=10, keep_weights=False).canonical() == {"activation": "relu"}


@pytest.mark.parametrize("name", [field.name for field in fields(Run)])
def test_every_field_counts(name: str) -> None:
    run = Run("relu")
    other = replace(run, **{name: OTHER[name]})
    assert other.key != run.key
    assert other.canonical()[name] == OTHER[name]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"lr": 1}, {"lr": 1.0}),
        ({"seed": 3}, {"seed": 3.0}),
        ({"lr": 0.001}, {"lr": 1e-3}),
        ({"epochs": 10.0}, {}),
        ({"lr": 1e17}, {"lr": 10**17}),
    ],
)
def test_numbers_count_by_value(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Run("relu", **one).key == Run("relu", **other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [({"keep_weights": True}, {"keep_weights": 1}), ({"keep_weights": 0}, {}), ({"threads": True}, {"threads": 1})],
)
def test_true_and_false_are_no_numbers(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Run("relu", **one).key != Run("relu", **other).key


def test_true_and_one_differ_inside_names_too() -> None:
    runs = Study(activation=["my:act(x=True)", "my:act(x=1)"], seed=0).runs()
    assert len({run.key for run in runs}) == 2


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), (True, 1, False), (False, 0, False), (True, True, True), ("a", "b", False)],
)
def test_equal_by_value_and_booleans_apart(one: object, other: object, equal: bool) -> None:
    assert same_value(one, other) == equal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"activation": "Swish"}, {"activation": "silu()"}),
        ({"activation": "elu(alpha=1.0)"}, {"activation": "ELU"}),
        ({"activation": "Leaky-ReLU(negative_slope=0.010)"}, {"activation": "lrelu"}),
        ({"activation": "hardtanh(min_val=-2, max_val=2)"}, {"activation": "hardtanh(max_val=2.0, min_val=-2.0)"}),
        ({"activation": "my:act(b=1.0, a=2)"}, {"activation": "my:act(a=2, b=1)"}),
        ({"activation": "relu", "optimizer": "Adam(beta1=0.9)"}, {"activation": "relu"}),
        ({"activation": "relu", "model": "ConvNet(dropout=0.15)"}, {"activation": "relu"}),
        ({"activation": "relu", "dataset": "sklearn-digits"}, {"activation": "relu"}),
        ({"activation": "relu", "lr": 1}, {"activation": "relu", "lr": 1.0}),
    ],
)
def test_spelling_does_not_count(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert [run.key for run in Study(**one).runs()] == [run.key for run in Study(**other).runs()]


@given(runs)
def test_a_run_comes_back_from_its_record(run: Run) -> None:
    back = Run.from_dict(json.loads(json.dumps(run.to_dict())))
    assert back == run
    assert back.key == run.key
    assert Run.from_dict(run.canonical()) == run


@given(runs, runs)
def test_another_run_has_another_key(one: Run, other: Run) -> None:
    assert (one.key == other.key) == (one == other)


@given(st.sampled_from([run for run, _ in GOLDEN]))
def test_a_record_holds_every_field(run: Run) -> None:
    assert set(run.to_dict()) == {field.name for field in fields(Run)}


def test_a_record_of_another_version_is_read() -> None:
    assert Run.from_dict({"activation": "relu", "seed": 4, "later": 1}) == Run("relu", seed=4)
