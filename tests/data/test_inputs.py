"""Inputs of any rank, their final form, and the description of data."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data import Dataset, describe_dataset, load
from reluctant.data.checks import checked

RNG = np.random.default_rng(0)


def dataset_of(x: NDArray[Any], classes: int = 3, **fields: Any) -> Dataset:
    """Two thirds of the items to train on, with classes in turn."""
    y = np.arange(len(x)) % classes
    cut = 2 * len(x) // 3
    return checked("mine", (x[:cut], y[:cut]), (x[cut:], y[cut:]), title="Mine", **fields)


def one_line(x: NDArray[Any]) -> str:
    return " ".join(describe_dataset(dataset_of(x)).split())


def random_bytes(*shape: int) -> NDArray[np.uint8]:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("x", "shape", "kind", "items"),
    [
        (random_bytes(12, 5, 5), (1, 5, 5), "uint8", "images"),
        (random_bytes(12, 3, 5, 5), (3, 5, 5), "uint8", "images"),
        (RNG.normal(size=(12, 3, 5, 5)), (3, 5, 5), "float32", "images"),
        (RNG.normal(size=(12, 2, 9)), (2, 9), "float32", "signals"),
        (RNG.normal(size=(12, 7)), (7,), "float32", "rows"),
        (RNG.normal(size=(12, 7)).astype(np.float16), (7,), "float32", "rows"),
        (RNG.normal(size=(12, 7)) > 0, (7,), "uint8", "rows"),
        (RNG.normal(size=12), (1,), "float32", "rows"),
        (RNG.normal(size=(12, 2, 3, 4, 5)), (2, 3, 4, 5), "float32", "examples"),
    ],
)
def test_inputs_of_every_rank_are_accepted(x: NDArray[Any], shape: tuple[int, ...], kind: str, items: str) -> None:
    data = dataset_of(x)
    assert data.train.inputs.shape == (8, *shape)
    assert data.train.inputs.dtype == kind
    assert data.train.inputs.flags.c_contiguous
    assert data.items == items
    np.testing.assert_array_equal(data.test.inputs.reshape(4, -1), x[8:].astype(kind).reshape(4, -1))


def test_user_defined_items_appear_in_every_message() -> None:
    x = RNG.normal(size=(12, 7))
    assert dataset_of(x, items="patients").items == "patients"
    with pytest.raises(DataError, match=r"all training patients are of the class '0'; .* add patients of"):
        dataset_of(x, classes=1, items="patients")


def test_columns_that_never_change_are_named() -> None:
    x = RNG.normal(size=(12, 8))
    x[:8, 2] = 1
    assert dataset_of(x, columns=list("abcdefgh")).warnings == (
        "1 of 8 columns never changes in the training data (c); nothing can be learned from it",
    )
    x[:8, 1:] = 0
    assert "7 of 8 columns never change in the training data (1, 2, 3, 4, 5 and 2 more)" in dataset_of(x).warnings[0]


def test_images_are_described_in_a_few_lines() -> None:
    assert describe_dataset(load("digits")).splitlines() == [
        "digits: 1,437 images to train and validate on, 360 test images of 1×28×28",
        "    (uint8, 0 to 255)",
        "  10 classes, the rarest 9.7 %, the most frequent 10.2 % of the training data",
    ]


def test_numbers_are_described_by_range_mean_and_standard_deviation() -> None:
    description = describe_dataset(load("diabetes"))
    assert "353 rows to train and validate on, 89 test rows of 10 columns\n    (float32, " in description
    assert "  the target goes from 31 to 341, mean 149.2, std 74 (training data)" in description


def test_several_targets_are_described_one_by_one() -> None:
    x, y = RNG.normal(size=(12, 7)), np.arange(24.0).reshape(12, 2)
    description = describe_dataset(checked("mine", (x[:8], y[:8]), (x[8:], y[8:]), title="Mine"))
    assert "target 1 of 2 goes from 0 to 14, mean 7, std 4.583" in description
    assert "target 2 of 2 goes from 1 to 15" in description


def test_unbalanced_and_empty_classes_are_described() -> None:
    x, y = RNG.normal(size=(300, 4)), np.zeros(300, np.int64)
    y[:100], y[100] = 1, 3
    description = describe_dataset(
        checked("mine", (x, y), (x[:3] + 9, y[:3]), title="Mine", classes=("a", "b", "c", "d"))
    )
    assert "4 classes, the rarest 0.3 %, the most frequent 66.3 %" in description
    assert "unbalanced: of d there are 1 row" in description
    assert "1 of these classes have no training rows: c" in description


def test_notes_and_warnings_fit_the_width_of_a_terminal() -> None:
    x = RNG.normal(size=(12, 4))
    data = dataset_of(x, remarks=["something was done " * 6], warnings=["something is wrong " * 9])
    lines = describe_dataset(data).splitlines()
    assert max(map(len, lines)) <= 79
    assert [line.split(":")[0] for line in lines if line.startswith("  ") and line[2] != " "] == [
        "  3 classes, the rarest 25.0 %, the most frequent 37.5 % of the training data",
        "  note",
        "  warning",
    ]
