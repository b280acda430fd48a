"""Windows of one series that overlap between train and test are counted; nothing else is."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reluctant.data import from_data, load
from reluctant.data.window_overlap import window_overlap_warning
from tests.support.data_files import unhurried

RNG = np.random.default_rng(0)
SERIES = np.cumsum(RNG.normal(size=(1500, 3)), axis=0).astype(np.float32)


def windows(series: NDArray[Any], length: int, stride: int) -> NDArray[Any]:
    """Windows (n, length, …) of a series (steps, …)."""
    return np.stack([series[i : i + length] for i in range(0, len(series) - length + 1, stride)])


def halves(x: NDArray[Any], seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows for train and, a fifth, for test, ascending."""
    order = np.random.default_rng(seed).permutation(len(x))
    return np.sort(order[len(x) // 5 :]), np.sort(order[: len(x) // 5])


def warning(x: NDArray[Any], seed: int = 0) -> str:
    train, test = halves(x, seed)
    return window_overlap_warning(x[train], x[test], "items")


@unhurried
@given(st.integers(5, 60), st.integers(1, 70), st.integers(0, 9), st.sampled_from(["rows", "channels", "features"]))
def test_the_overlapping_windows_are_those_that_share_half_their_steps(
    length: int, stride: int, seed: int, form: str
) -> None:
    x = windows(SERIES[:, 0] if form == "rows" else SERIES, length, stride)
    if form == "channels":
        x = np.ascontiguousarray(x.transpose(0, 2, 1))
    train, test = halves(x, seed)
    stretch = max(4, length // 2)
    distances = np.abs(train[None] - test[:, None]) * stride
    overlapping = np.flatnonzero(((distances > 0) & (length - distances >= stretch)).any(axis=1))
    sentence = window_overlap_warning(x[train], x[test], "items")
    if not len(overlapping):
        assert sentence == ""
        return
    assert sentence.startswith(f"{len(overlapping)} of {len(test)} test items ")
    assert f"test item {overlapping[0]} (counted from 0)" in sentence
    assert "test_split='last'" in sentence


@unhurried
@given(
    st.integers(0, 1000), st.integers(5, 40), st.sampled_from(["categories", "one-hot", "padded", "constant", "bits"])
)
def test_values_that_items_share_by_chance_give_no_warning(seed: int, length: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, {"categories": 5, "bits": 2}.get(kind, 4), (400, length)).astype(np.float32)
    if kind == "one-hot":
        x = np.eye(length, dtype=np.float32)[rng.integers(0, length, 400)]
    elif kind == "padded":
        x = np.where(np.arange(length) < rng.integers(1, 4, (400, 1)), rng.normal(size=(400, length)), 0)
    elif kind == "constant":
        x = np.broadcast_to(rng.integers(0, 300, (400, 1)), (400, length))
    assert warning(np.ascontiguousarray(x, np.float32)) == ""


@pytest.mark.parametrize("name", ["digits", "waves", "waves(noise=0)"])
def test_bundled_data_in_rows_give_no_warning(name: str) -> None:
    data = load(name)
    train, test = (split.inputs.reshape(len(split), -1) for split in (data.train, data.test))
    assert window_overlap_warning(train, test, "rows") == ""
    assert window_overlap_warning(train.astype(np.float32), test.astype(np.float32), "rows") == ""
    assert not any("overlap with training" in each for each in data.warnings)


def test_days_of_a_rounded_temperature_give_no_warning() -> None:
    hours = np.arange(24 * 400)
    values = 12 + 8 * np.sin(2 * np.pi * hours / 24) + np.repeat(RNG.normal(size=400), 24)
    days = np.round(values + 0.3 * RNG.normal(size=len(hours))).astype(np.float32).reshape(-1, 24)
    assert warning(days) == ""


def test_images_and_equal_items_are_not_its_business() -> None:
    assert warning(windows(SERIES, 30, 1)[:, None]) == ""
    rows = np.repeat(RNG.normal(size=(50, 20)).astype(np.float32), 2, axis=0)
    assert warning(rows) == ""


def test_token_windows_are_compared_over_thirty_two_tokens() -> None:
    data = load("shakespeare")
    assert data.tokens is not None
    assert data.tokens.stream is not None
    stream = data.tokens.stream[:60_000]
    for length, stride, overlaps in ((64, 64, False), (16, 8, False), (64, 32, True), (128, 20, True)):
        assert bool(warning(windows(stream, length, stride))) == overlaps
    assert not any("overlap" in each for each in data.warnings)


def test_the_warning_reaches_the_data_set_and_a_split_by_position_has_few() -> None:
    x = windows(SERIES[:, 0], 20, 5)
    y = x.mean(axis=1)
    (leak,) = from_data((x, y)).warnings
    assert leak.startswith("59 of 59 test rows are windows that overlap with training rows: half of the 20 steps")
    (border,) = from_data((x, y), test_split="last").warnings
    assert border.startswith("2 of 59 test rows")
    n = len(x) - 59
    assert from_data((x[: n - 4], y[: n - 4], x[n:], y[n:])).warnings == ()
    apart = windows(SERIES[:, 0], 20, 20)
    assert from_data((apart, apart.mean(axis=1))).warnings == ()


def test_many_items_need_no_more_memory_than_a_few_chunks() -> None:
    import tracemalloc

    x = windows(np.cumsum(RNG.normal(size=40_000)).astype(np.float32), 100, 1)
    train, test = (x[each] for each in halves(x))
    tracemalloc.start()
    try:
        assert window_overlap_warning(train, test, "rows").startswith("7,980 of 7,980 test rows")
        assert tracemalloc.get_traced_memory()[1] < 600 * 2**20
    finally:
        tracemalloc.stop()
