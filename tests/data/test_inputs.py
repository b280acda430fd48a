"""Inputs of any rank and their final form; what is said of data before anything trains."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data import Dataset, described, load
from reluctant.data.checks import checked

RNG = np.random.default_rng(0)


def made(x: NDArray[Any], classes: int = 3, **known: Any) -> Dataset:
    """Two thirds of the items to train on, with classes in turn."""
    y = np.arange(len(x)) % classes
    cut = 2 * len(x) // 3
    return checked("mine", (x[:cut], y[:cut]), (x[cut:], y[cut:]), title="Mine", **known)


def described_in_one(x: NDArray[Any]) -> str:
    return " ".join(described(made(x)).split())


def bytes_of(*shape: int) -> NDArray[np.uint8]:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("x", "shape", "kind", "items"),
    [
        (bytes_of(12, 5, 5), (1, 5, 5), "uint8", "images"),
        (bytes_of(12, 3, 5, 5), (3, 5, 5), "uint8", "images"),
        (RNG.normal(size=(12, 3, 5, 5)), (3, 5, 5), "float32", "images"),
        (RNG.normal(size=(12, 2, 9)), (2, 9), "float32", "signals"),
        (RNG.normal(size=(12, 7)), (7,), "float32", "rows"),
        (RNG.normal(size=(12, 7)).astype(np.float16), (7,), "float32", "rows"),
        (RNG.normal(size=(12, 7)) > 0, (7,), "uint8", "rows"),
        (RNG.normal(size=12), (1,), "float32", "rows"),
        (RNG.normal(size=(12, 2, 3, 4, 5)), (2, 3, 4, 5), "float32", "examples"),
    ],
)
def test_inputs_of_every_rank_are_kept(
    x: NDArray[Any], shape: tuple[int, ...], kind: str, items: str
) -> None:
    data = made(x)
    assert data.train.images.shape == (8, *shape)
    assert data.train.images.dtype == kind
    assert data.train.images.flags.c_contiguous
    assert data.items == items
    np.testing.assert_array_equal(data.test.images.reshape(4, -1), x[8:].astype(kind).reshape(4, -1))


def test_a_word_of_ones_own_stands_in_every_sentence() -> None:
    x = RNG.normal(size=(12, 7))
    assert made(x, items="patients").items == "patients"
    with pytest.raises(DataError, match=r"every training patient has the label 0; .* add patients of"):
        made(x, classes=1, items="patients")


def test_columns_that_never_change_are_named() -> None:
    x = RNG.normal(size=(12, 8))
    x[:8, 2] = 1
    assert made(x, columns=list("abcdefgh")).warnings == (
        "1 of 8 columns never changes in the training part (c); nothing can be learned from it",
    )
    x[:8, 1:] = 0
    assert (
        "7 of 8 columns never change in the training part (1, 2, 3, 4, 5 and 2 more)" in made(x).warnings[0]
    )


def test_images_are_described_in_two_lines() -> None:
    assert described(load("digits")).splitlines() == [
        "digits: 1,437 training and 360 test images of 1×28×28 (uint8, 0 to 255)",
        "  10 classes, the rarest 9.7 %, the most frequent 10.2 % of the training part",
    ]


def test_numbers_are_described_by_range_mean_and_deviation() -> None:
    said = described(load("diabetes"))
    assert "353 training and 89 test rows of 10 columns (float32, " in said
    assert "  the target goes from 31 to 341, mean 149.2, deviation 74 (training part)" in said


def test_several_targets_are_described_one_by_one() -> None:
    x, y = RNG.normal(size=(12, 7)), np.arange(24.0).reshape(12, 2)
    said = described(checked("mine", (x[:8], y[:8]), (x[8:], y[8:]), title="Mine"))
    assert "target 1 of 2 goes from 0 to 14, mean 7, deviation 4.583" in said
    assert "target 2 of 2 goes from 1 to 15" in said


def test_unbalanced_and_empty_classes_are_told() -> None:
    x, y = RNG.normal(size=(300, 4)), np.zeros(300, np.int64)
    y[:100], y[100] = 1, 3
    said = described(checked("mine", (x, y), (x[:3] + 9, y[:3]), title="Mine", classes=("a", "b", "c", "d")))
    assert "4 classes, the rarest 0.3 %, the most frequent 66.3 %" in said
    assert "unbalanced: of d there are 1 row" in said
    assert "1 of these classes have no training rows: c" in said


def test_notes_and_warnings_follow_within_the_width_of_a_terminal() -> None:
    x = RNG.normal(size=(12, 4))
    data = made(x, remarks=["something was done " * 6], warnings=["something is wrong " * 9])
    lines = described(data).splitlines()
    assert max(map(len, lines)) <= 79
    assert [line.split(":")[0] for line in lines if line.startswith("  ") and line[2] != " "] == [
        "  3 classes, the rarest 25.0 %, the most frequent 37.5 % of the training part",
        "  note",
        "  warning",
    ]
