"""Splits by position and by groups: test and validation are the last part, and a group stays in one part."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reluctant.core.errors import DataError, StudyError
from reluctant.data import Dataset, from_data, load, split_indices
from reluctant.training.preparation import prepare
from tests.support.data_files import unhurried

RNG = np.random.default_rng(0)
N = 40
X = np.concatenate([np.arange(N, dtype=np.float32)[:, None], RNG.normal(size=(N, 2)).astype(np.float32)], axis=1)
Y = RNG.integers(0, 2, N)
PATIENTS = np.array([f"p{i}" for i in np.repeat(np.arange(10), 4)])[RNG.permutation(N)]


def numbers(split: Any) -> list[int]:
    """The items of a part by their first column."""
    return [int(x) for x in split.inputs[:, 0]]


@unhurried
@given(st.lists(st.integers(0, 8), min_size=2, max_size=60), st.floats(0.05, 0.95), st.integers(0, 99), st.booleans())
def test_groups_stay_together_and_the_size_is_the_nearest(
    groups: list[int], fraction: float, seed: int, by_position: bool
) -> None:
    codes, n = np.array(groups), len(groups)
    try:
        train, valid = split_indices(n, fraction, seed, groups=codes, by_position=by_position)
    except DataError as fault:
        assert len(set(groups)) < 2 or not 0 < round(n * fraction) < n
        assert "one group" in str(fault) or "train_fraction" in str(fault)  # noqa: PT017
        return
    assert sorted([*train, *valid]) == list(range(n))
    assert not set(codes[train]) & set(codes[valid])
    assert (np.diff(train) > 0).all()
    assert (np.diff(valid) > 0).all()
    again = split_indices(n, fraction, seed, groups=codes, by_position=by_position)
    assert again[0].tolist() == train.tolist()
    if by_position:
        order = list(dict.fromkeys(groups))
        in_train = set(codes[train].tolist())
        assert set(order[: len(in_train)]) == in_train
        sizes = [sum(groups.count(each) for each in order[:k]) for k in range(1, len(order))]
        assert abs(len(train) - round(n * fraction)) == min(abs(size - round(n * fraction)) for size in sizes)


def test_by_position_the_last_items_are_for_validation_under_every_seed() -> None:
    for seed in (0, 1):
        train, valid = split_indices(10, 0.8, seed, by_position=True)
        assert (train.tolist(), valid.tolist()) == (list(range(8)), [8, 9])
    assert split_indices(10, 0.8)[1].tolist() == split_indices(10, 0.8, groups=None, by_position=False)[1].tolist()


SOURCES: dict[str, Any] = {
    "arrays": (X, Y),
    "tensors": torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)),
    "a frame": (pd.DataFrame(X, columns=list("abc")).assign(y=Y), "y"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_last_items_are_the_test_part_and_validation_comes_before_them(source: str) -> None:
    data = from_data(SOURCES[source], test_split="last", test_fraction=0.25)
    assert (numbers(data.train), numbers(data.test)) == (list(range(30)), list(range(30, 40)))
    assert data.by_position
    assert "the last 10 of 40 rows are held out as the test part" in data.remarks
    prepared = prepare(data, 0.8, 3)
    assert prepared.valid.targets.tolist() == Y[24:30].tolist()
    assert data.sha256 != from_data((X[:30], Y[:30], X[30:], Y[30:])).sha256
    assert from_data((X[:30], Y[:30], X[30:], Y[30:]), test_split="last").sha256 == data.sha256


def parts_of(data: Dataset, groups: NDArray[Any]) -> tuple[set[str], set[str], set[str]]:
    """The groups of the training, validation and test items."""
    train, valid = split_indices(len(data.train), 0.75, 1, groups=data.groups, by_position=data.by_position)
    items = np.array(numbers(data.train))
    return set(groups[items[train]]), set(groups[items[valid]]), set(groups[numbers(data.test)])


@pytest.mark.parametrize("test_split", ["random", "last"])
@pytest.mark.parametrize("groups", [PATIENTS, PATIENTS.tolist(), pd.Series(PATIENTS), PATIENTS[:, None]])
def test_a_group_is_in_one_part_only(groups: Any, test_split: str) -> None:
    data = from_data((X, Y), groups=groups, test_split=test_split)
    train, valid, test = parts_of(data, PATIENTS)
    assert not train & valid
    assert not train & test
    assert not valid & test
    assert (len(data.test), len(test)) == (8, 2)
    which = "last" if test_split == "last" else "same"
    remark = f"8 of 40 rows, 2 of 10 groups, are held out as the test part, the {which} ones every time"
    assert data.remarks[-1] == remark
    if test_split == "last":
        assert test == set(list(dict.fromkeys(PATIENTS))[-2:])
    prepared = prepare(data, 0.75, 1)
    items = np.array(numbers(data.train))
    valid_rows = split_indices(32, 0.75, 1, groups=data.groups, by_position=data.by_position)[1]
    assert prepared.valid.targets.tolist() == Y[items[valid_rows]].tolist()


def test_groups_of_data_with_a_test_part() -> None:
    pair = X[:30], Y[:30], X[30:], Y[30:]
    train_only = from_data(pair, groups=PATIENTS[:30])
    assert train_only.groups is not None
    assert (len(train_only.groups), train_only.warnings) == (30, ())
    all_items = from_data(pair, groups=PATIENTS)
    both = set(PATIENTS[:30]) & set(PATIENTS[30:])
    shared = sum(each in both for each in PATIENTS[30:])
    assert all_items.warnings == (
        f"{len(both)} of {len(set(PATIENTS[30:]))} groups of the test part are in the training data too, with {shared} "
        f"of 10 test items; scores on them say nothing about new groups",
    )
    assert from_data(pair, groups=np.arange(40)).warnings == ()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another word": ({"test_split": "first"}, "test_split is one of random, last, not 'first'"),
    "too few": ({"groups": PATIENTS[:30]}, r"groups have the shape \(30,\); expected \(40,\)"),
    "two groups": ({"groups": Y}, "there are 2 groups; at least 3 are needed"),
    "missing": ({"groups": [None, *PATIENTS[1:]]}, "1 items have no group, the first is item 0"),
    "a name": ({"groups": "patient"}, r"groups is 'patient'; give the group of every item, such as frame\['patient'\]"),
    "missing in pandas": ({"groups": pd.Series([1, None, *range(38)], dtype="Int64")}, "the first is item 1"),
    "missing number": ({"groups": np.where(np.arange(N) == 4, np.nan, 1.0)}, "the first is item 4"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_groups_that_cannot_be_are_refused(case: str) -> None:
    options, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        from_data((X, Y), **options)
    with pytest.raises(DataError, match="all training items are of one group"):
        from_data((X[:30], Y[:30], X[30:], Y[30:]), groups=np.zeros(30))
    with pytest.raises(DataError, match="a Dataset has its parts; write tokens=, by_position= and groups= there"):
        from_data(from_data((X, Y)), **options)


def test_files_have_the_same_splits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(X, columns=list("abc")).assign(kind=np.where(Y, "iris", "rose"), patient=PATIENTS)
    frame.to_csv("all.csv", index=False)
    frame[:30].to_csv("train.csv", index=False)
    frame[30:].to_csv("test.csv", index=False)
    np.savez("all.npz", x=X, y=Y, patient=PATIENTS)
    for start in ("csv(path='all.csv', target='kind'", "npz(path='all.npz'"):
        data = load(f"{start}, groups='patient', test_split='last')")
        other = from_data((X, Y), groups=PATIENTS, test_split="last")
        assert (numbers(data.test), data.train.inputs.shape[1]) == (numbers(other.test), 3)
        assert data.groups is not None
        assert other.groups is not None
        assert data.groups.tolist() == other.groups.tolist()
        assert not any("not used" in each for each in data.remarks)
        with pytest.raises(DataError, match=r"there is no (column|array) 'patent'.*mean.*patient"):
            load(f"{start}, groups='patent')")
        with pytest.raises(StudyError, match="test_split must be one of random, last"):
            load(f"{start}, test_split='first')")
    plain = load("csv(path='all.csv', target='kind', categories='patient', test_split='last')")
    assert (numbers(plain.test), plain.by_position) == (list(range(32, 40)), True)
    data = load("csv(path='train.csv', test='test.csv', target='kind', groups='patient')")
    assert data.groups is not None
    assert (len(data.groups), data.train.inputs.shape[1]) == (30, 3)
    assert any("groups of the test part are in the training data too" in each for each in data.warnings)
    with pytest.raises(DataError, match="'kind' is the target; groups="):
        load("csv(path='all.csv', target='kind', groups='kind')")
