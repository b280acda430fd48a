"""Which items are for training and which for validation; stratified choices."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from reluctant.core.errors import DataError
from reluctant.data import split_indices
from reluctant.data.splits import stratified
from tests.support.data_files import unhurried


def test_the_split_of_the_article() -> None:
    train, valid = split_indices(60000, 0.92)
    assert (len(train), len(valid)) == (55200, 4800)
    assert train.dtype == valid.dtype == np.int64
    assert valid[:5].tolist() == [3, 37, 43, 77, 79]  # as every record so far was made


@unhurried
@given(n=st.integers(2, 3000), train_fraction=st.floats(0.001, 0.999))
def test_every_image_is_in_one_part(n: int, train_fraction: float) -> None:
    if not 0 < round(n * train_fraction) < n:
        return
    train, valid = split_indices(n, train_fraction)
    assert len(train) == round(n * train_fraction)
    assert np.all(np.diff(train) > 0)
    assert np.all(np.diff(valid) > 0)
    assert sorted([*train.tolist(), *valid.tolist()]) == list(range(n))


def test_the_split_is_mixed_and_always_the_same() -> None:
    _, valid = split_indices(1000, 0.5)
    assert 200 < np.count_nonzero(valid < 500) < 300
    np.random.default_rng().random()
    np.testing.assert_array_equal(split_indices(1000, 0.5)[1], valid)


@unhurried
@given(n=st.integers(2, 10**7), train_fraction=st.sampled_from([0.0, 1.0, -1.0, 2.0, math.nan, math.inf, 1e-9]))
def test_the_fractions_in_the_message_work(n: int, train_fraction: float) -> None:
    with pytest.raises(DataError, match="train_fraction = ") as caught:
        split_indices(n, train_fraction)
    low, high = map(float, re.findall(r"write a number from (\S+) to (\S+)$", str(caught.value))[0])
    assert 0 < round(n * low) <= round(n * high) < n


@pytest.mark.parametrize("n", [0, 1])
def test_one_image_cannot_be_split(n: int) -> None:
    with pytest.raises(DataError, match="at least 2 are needed"):
        split_indices(n, 0.5)


@unhurried
@given(
    labels=hnp.arrays(np.int64, st.integers(1, 200), elements=st.integers(0, 5)),
    share=st.floats(0, 1, exclude_min=True),
)
def test_stratified_chooses_from_every_class_in_proportion(labels: NDArray[np.int64], share: float) -> None:
    n = max(1, round(len(labels) * share))
    chosen = stratified(labels, n)
    assert len(set(chosen.tolist())) == n
    expected = np.bincount(labels, minlength=6) * n / len(labels)
    assert np.all(np.abs(np.bincount(labels[chosen], minlength=6) - expected) <= 1)


def test_the_stratified_choice_is_mixed() -> None:
    chosen = stratified(np.zeros(1000, np.int64), 500)
    assert 200 < np.count_nonzero(chosen < 500) < 300
