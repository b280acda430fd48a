"""Faults of a study: all in one message, each with its key and what to write instead."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reluctant.core.errors import StudyError
from reluctant.study import Study
from tests.support.strategies import FIELDS, values


def fault(**keys: Any) -> str:
    """The message that these keys, beside `activation = 'relu'`, are answered with."""
    with pytest.raises(StudyError) as answer:
        Study(**{"activation": "relu", **keys})
    return str(answer.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("lr", "fast", "lr must be a number, not 'fast'"),
        ("lr", True, "lr must be a number, not True"),
        ("lr", None, "lr must be a number, not None"),
        ("lr", [[0.1]], "lr must be a number, not [0.1]"),
        ("lr", {"x": 1}, "lr must be a number, not {'x': 1}"),
        ("lr", -0.1, "lr must be greater than 0, not -0.1"),
        ("lr", 0, "lr must be greater than 0, not 0"),
        ("lr", float("nan"), "lr must be a finite number, not nan"),
        ("lr", float("inf"), "lr must be a finite number, not inf"),
        ("lr", 10**400, "lr must be a number, not 1000"),
        pytest.param("lr", 10**5000, "lr must be a number, not a number of thousands of digits", id="huge"),
        ("lr", [], "lr: an empty list; give at least one value"),
        ("lr", [1, 1.0], "lr: 1.0 is listed twice"),
        ("seed", -1, "seed must be greater than or equal to 0, not -1"),
        ("seed", 2**63, "seed must be less than 9223372036854775808, not 9223372036854775808"),
        ("seed", 1.5, "seed must be a whole number, not 1.5"),
        ("seed", True, "seed must be a whole number, not True"),
        ("seed", "0..9", "seed must be a whole number, not '0..9'"),
        ("seed", [], "seed: an empty list"),
        ("seed", [0, 1, 0], "seed: 0 is listed twice"),
        ("batch_size", 0, "batch_size must be greater than or equal to 1, not 0"),
        ("epochs", 0, "epochs must be greater than or equal to 1, not 0"),
        ("epochs", 10**7, "epochs must be less than or equal to 1000000, not 10000000"),
        ("threads", 0, "threads must be greater than or equal to 1, not 0"),
        ("train_fraction", 0, "train_fraction must be greater than 0, not 0"),
        ("train_fraction", 1.0, "train_fraction must be less than 1, not 1.0"),
        ("keep_weights", 1, "keep_weights must be true or false, not 1"),
        ("keep_weights", "yes", "keep_weights must be true or false, not 'yes'"),
        ("name", 3, "name must be a string, not 3"),
        ("name", "", "name must have at least 1 character, not ''"),
        ("name", "x" * 101, "name must have at most 100 characters, not 'xxx"),
        ("about", ["a"], "about must be a string, not ['a']"),
        ("activation", [], "activation: an empty list"),
        ("activation", "relo", "activation: no activation is called 'relo'; did you mean 'relu'"),
        ("activation", [3], "activation: a name is a string such as 'relu', not 3"),
        ("activation", [["relu"]], "activation: a name is a string such as 'relu', not ['relu']"),
        ("activation", ["relu", "relu"], "activation: 'relu' is listed twice; aliases count as the same"),
        ("activation", ["silu", "Swish"], "activation: 'silu' is listed twice"),
        ("activation", ["elu", "elu(alpha=1.0)"], "activation: 'elu' is listed twice"),
        ("activation", ["a:b(x=1)", "a:b( x = 1.0 )"], "activation: 'a:b(x=1)' is listed twice"),
        ("activation", "softmax", "activation: 'softmax' is not an activation for a study: it couples"),
        ("activation", "relu(alpha=1)", "activation: relu takes no parameters, so not 'alpha'"),
        ("model", "vgg", "model: no model is called 'vgg'; known: convnet"),
        ("dataset", "mnits", "dataset: no data set is called 'mnits'; did you mean 'mnist'"),
        ("optimizer", "adm", "optimizer: no optimizer is called 'adm'; did you mean 'adam'"),
        ("optimizer", "adam(momentum=1)", "optimizer: adam has no parameter 'momentum'; it has beta1"),
        ("optimizer", "sgd(momentum=true)", "optimizer: sgd: momentum must be a number, not True"),
        ("init", "normal(std=0)", "init: normal: std must be above 0, not 0"),
        ("lrr", 0.1, "there is no key 'lrr'; did you mean 'lr'?"),
        ("learning-rate", 0.1, "there is no key 'learning-rate'; "),
        ("momentum", 0.9, "there is no key 'momentum'; the keys are name, about, arm, activation, seed, "),
        ("self", 1, "there is no key 'self'; the keys are name"),
        ("compare", 3, "compare must be a table of keys, not 3"),
        ("compare", [{}], "compare must be a table of keys, not [{}]"),
        ("compare", {"metrik": "f1"}, "there is no key 'compare.metrik'; did you mean 'compare.metric'?"),
        ("compare", {"choose": "lr"}, "there is no key 'compare.choose'; 'choose' stands at the top of the file"),
        ("compare", {"zzz": 1}, "there is no key 'compare.zzz'; the keys are metric, baseline, margin"),
        ("compare", {"metric": "acuracy"}, "compare.metric: there is no metric 'acuracy'; did you mean 'accuracy'"),
        ("compare", {"metric": 3}, "compare.metric must be a string, not 3"),
        ("compare", {"margin": -1}, "compare.margin must be greater than or equal to 0, not -1"),
        ("compare", {"margin": True}, "compare.margin must be a number, not True"),
        ("compare", {"baseline": "elu"}, "compare.baseline: 'elu' is not among the activations (relu)"),
        ("compare", {"baseline": "relo"}, "compare.baseline: no activation is called 'relo'; did you mean 'relu'"),
    ],
)
def test_a_fault_names_its_key_and_what_to_write(key: str, value: Any, words: str) -> None:
    assert fault(**{key: value}).startswith(words)


def test_a_missing_activation_is_named() -> None:
    with pytest.raises(StudyError, match=r"^activation is missing$"):
        Study()


def test_all_faults_come_at_once() -> None:
    answer = fault(
        lr=["fast", -1],
        seed=[],
        model="vgg",
        dataset="mnits",
        optimizer="adm",
        lrr=1,
        epochs=True,
        compare={"metric": "f7", "margn": 1},
    ).splitlines()
    assert answer[0] == "9 mistakes"
    first_parts = sorted(re.split(r";|, not", line.strip())[0] for line in answer[1:])
    assert first_parts == [
        "dataset: no data set is called 'mnits'",
        "epochs must be a whole number",
        "lr must be a number",
        "lr must be greater than 0",
        "model: no model is called 'vgg'",
        "optimizer: no optimizer is called 'adm'",
        "seed: an empty list",
        "there is no key 'compare.margn'",
        "there is no key 'lrr'",
    ]


def test_a_baseline_that_takes_no_part_is_named_with_the_rest() -> None:
    answer = fault(lr="fast", compare={"baseline": "elu"})
    assert answer.startswith("2 mistakes")
    assert "compare.baseline: 'elu' is not among the activations (relu)" in answer


def test_no_message_is_endless() -> None:
    assert len(fault(lr="x" * 10**6)) < 200
    assert len(fault(name="x" * 10**6)) < 250


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from([*FIELDS, "activation", "name", "about", "compare", "other"]), values))
def test_any_keys_are_a_study_or_a_fault_in_words(keys: dict[str, Any]) -> None:
    try:
        assert Study(**keys).size > 0
    except StudyError as answer:
        assert "pydantic" not in str(answer)  # noqa: PT017
        assert answer.__cause__ is None  # noqa: PT017


@pytest.mark.parametrize("key", ["claim", "published"])
def test_one_table_where_a_list_is_expected_has_a_hint(key: str) -> None:
    with pytest.raises(StudyError, match=rf"^{key} must be a list of tables, each written \[\[{key}\]\], not "):
        Study(**{"activation": "relu", key: {"value": 3}})


def test_many_unknown_keys_are_counted_and_not_listed() -> None:
    """A million of them were all compared with the known ones, for a hundred seconds."""
    lines = fault(**{f"key_{i}": i for i in range(3000)}).splitlines()
    assert lines[0] == "3,000 mistakes"
    assert lines[-1] == "  and 2,980 more"
    assert len(lines) == 22
