"""Labels: classes by number or by name, or numbers to predict."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reluctant.core.errors import DataError
from reluctant.data import Dataset
from reluctant.data.checks import checked
from reluctant.data.labels import are_classes, flatten_column
from tests.support.data_files import unhurried

X = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
XT = X[:3] + 5


def dataset_of(y: Any, yt: Any, **fields: Any) -> Dataset:
    return checked("mine", (X, y), (XT, yt), title="Mine", **fields)


def test_texts_are_classes_in_their_order() -> None:
    data = dataset_of(["dog", "cat", "dog", "cat", "eel", "cat"], ["cat", "eel", "dog"])
    assert data.classes == ("cat", "dog", "eel")
    assert data.train.targets.tolist() == [1, 0, 1, 0, 2, 0]
    assert data.test.targets.tolist() == [0, 2, 1]
    assert (data.task, data.train.targets.dtype.name, data.warnings) == ("classification", "int64", ())


@pytest.mark.parametrize("kind", [object, "S3", "U3"])
def test_texts_may_have_any_type(kind: Any) -> None:
    texts = np.array(["dog", "cat"] * 3, dtype=kind)
    assert dataset_of(texts, texts[:3]).classes == ("cat", "dog")


def test_named_classes_set_the_order_and_unknown_ones_are_refused() -> None:
    data = dataset_of(["dog", "cat"] * 3, ["cat"] * 3, classes=("dog", "cat"))
    assert data.train.targets.tolist() == [0, 1] * 3
    with pytest.raises(DataError, match=r"'catt' is none of the classes given; did you mean 'cat'\?"):
        dataset_of(["dog", "catt"] * 3, ["cat"] * 3, classes=("dog", "cat"))


def test_a_class_in_test_alone_gives_a_warning() -> None:
    assert dataset_of(["a", "b"] * 3, ["a", "c", "c"]).warnings == (
        "the class c is in the test part only (2 of 3 rows); nothing can be learned of it",
    )
    assert "the class 2 is in the test part only (1 of 3 rows)" in dataset_of([0, 1] * 3, [2, 0, 1]).warnings[0]


def test_a_class_without_items_gives_a_warning() -> None:
    assert dataset_of([0, 2] * 3, [0, 2, 2], classes="abc").warnings == (
        "the class b has no row in either part; it is neither trained nor tested",
    )
    warning = dataset_of([0, 1] * 3, [0, 1, 1], classes="abcdefgh").warnings[0]
    assert warning.startswith("the classes c, d, e, f, g, … have no row in either part")


def test_large_numbers_keep_their_digits() -> None:
    y = 1_700_000_000 + np.arange(6.0)
    assert dataset_of(y, y[:3]).train.targets[:, 0].tolist() == y.tolist()


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", ">f8"])
def test_floats_are_numbers_to_predict(kind: str) -> None:
    data = dataset_of(np.arange(6).astype(kind), np.arange(3).astype(kind))
    assert (data.task, data.classes) == ("regression", ())
    assert data.train.targets.dtype == np.float64
    assert data.train.targets.tolist() == [[0], [1], [2], [3], [4], [5]]
    assert data.test.targets.shape == (3, 1)


def test_several_targets_stay_columns_and_change_the_checksum() -> None:
    y = np.arange(12.0).reshape(6, 2)
    data = dataset_of(y, y[:3])
    assert data.train.targets.shape == (6, 2)
    other = y[:3].copy()
    other[2, 1] += 1
    assert dataset_of(y, other).sha256 != data.sha256 == dataset_of(y.astype(np.float32), y[:3]).sha256


def test_kind_decides_over_the_type() -> None:
    assert dataset_of(np.arange(6) % 3 / 1, np.arange(3) / 1, kind="classes").classes == ("0", "1", "2")
    numbers = dataset_of(np.arange(6), np.arange(3), kind="numbers")
    assert (numbers.task, numbers.train.targets.dtype.name) == ("regression", "float64")


@unhurried
@given(
    st.lists(st.text(st.characters(exclude_characters="\0"), max_size=3), min_size=6, max_size=6).filter(
        lambda texts: len(set(texts)) > 1
    )
)
def test_any_texts_come_back_from_their_codes(texts: list[str]) -> None:
    data = dataset_of(np.array(texts, object), np.array(texts[:3], object))
    assert [data.classes[i] for i in data.train.targets] == texts
    assert list(data.classes) == sorted(set(texts))


Y = np.arange(6)
FAULTS: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "one class": (Y * 0, Y[:3] * 0, {}, "all training rows are of the class"),
    "one name": (["a"] * 6, ["a"] * 3, {}, "are of the class 'a'; at least two"),
    "fractions for classes": (Y / 4, Y[:3] / 1, {"kind": "classes"}, "float64 and have fractions; give"),
    "texts for numbers": (["a"] * 6, ["a"] * 3, {"kind": "numbers"}, "strings such as 'a'; numbers are exp"),
    "NaN": (np.where(Y == 4, np.nan, Y), Y / 1, {}, r"hold 1 values that are not finite .* in item 4,"),
    "too large": (Y * 1e300, Y / 1, {}, "hold 5 values that are not finite"),
    "constant": (Y * 0.0 + 2, Y / 1, {}, "every training target is 2; there is nothing to learn"),
    "one of two constant": (np.stack([Y, 0 * Y], 1) / 1, np.ones((3, 2)), {}, "target in column 1 is 0"),
    "fewer in test": (np.stack([Y, Y], 1) / 1, Y[:3] / 1, {}, "2 numbers .* in train and 1 in test"),
    "one-hot floats": (np.eye(6), np.eye(6)[:3], {}, r"one-hot; give the class of each row, y\.argmax\(axis=1\)"),
    "one-hot integers": (np.eye(6, dtype=int), np.eye(6, dtype=int)[:3], {}, r"\(6, 6\) are one-hot"),
    "too deep": (np.ones((6, 2, 2)), Y / 1, {}, r"shape \(6, 2, 2\); expected \(n,\) or \(n, outputs\)"),
    "named numbers": (Y / 1, Y[:3] / 1, {"classes": ["a"]}, "classes are named, and the labels are float64"),
    "texts and numbers": (["a", "b"] * 3, Y[:3], {}, r"labels are <U1 in train and int64 in test"),
    "no label": (np.array(["a", None] * 3), ["a"] * 3, {}, "3 items without a label, the first is item 1,"),
    "no label either": (np.array(["a", np.nan] * 3, object), ["a"] * 3, {}, "without a label"),
    "single": (3, Y[:3], {}, "train labels are a single value"),
    "kind": (Y, Y[:3], {"kind": "sorts"}, "kind is one of auto, classes, numbers, not 'sorts'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_useless_labels_are_refused(fault: str) -> None:
    y, yt, fields, message = FAULTS[fault]
    with pytest.raises(DataError, match=message) as caught:
        dataset_of(y, yt, **fields)
    assert str(caught.value).startswith("mine")


def test_too_many_different_texts_are_refused() -> None:
    x = np.arange(2002, dtype=np.float32)
    with pytest.raises(DataError, match=r"1,001 different strings, and at most 1000 classes"):
        checked("mine", (x[:1001], list(map(str, range(1001)))), (x[1001:], ["1"] * 1001), title="Mine")


@pytest.mark.parametrize(
    ("labels", "kind", "limits", "expected"),
    [
        (["a", "b"], "auto", {}, True),
        ([0, 1], "auto", {}, True),
        ([0, 1, 2], "auto", {"most_integers": 2}, False),
        ([0, 1, 1], "auto", {"most_integers": 2}, True),
        ([0.0, 1.0], "auto", {}, False),
        ([0.0, 1.0], "auto", {"most_floats": 2}, True),
        ([0.0, 1.0, 2.0], "auto", {"most_floats": 2}, False),
        ([0.0, 0.5], "auto", {"most_floats": 2}, False),
        ([0.0, float("nan")], "auto", {"most_floats": 2}, False),
        ([0.0, 0.5], "classes", {}, True),
        ([0, 1], "numbers", {}, False),
    ],
)
def test_one_rule_tells_classes_from_numbers(
    labels: list[Any], kind: str, limits: dict[str, int], expected: bool
) -> None:
    assert are_classes(np.array(labels), kind, **limits) == expected


def test_one_column_of_labels_becomes_flat() -> None:
    column = np.arange(3)[:, None]
    assert flatten_column(column).shape == (3,)
    assert list(flatten_column(pd.DataFrame({"y": [1, 2]}))) == [1, 2]
    assert flatten_column(np.ones((3, 2))).shape == (3, 2)
    assert flatten_column([1, 2]) == [1, 2]
