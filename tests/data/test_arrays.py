"""Data handed over in Python: arrays, tensors, frames, PyTorch data sets."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

from reluctant.core.errors import DataError
from reluctant.data import Dataset, Split, from_data, load

X = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
Y = np.arange(30) % 3
N_TRAIN = 20
CHECKSUM = from_data((X[:N_TRAIN], Y[:N_TRAIN], X[N_TRAIN:], Y[N_TRAIN:])).sha256


class Items(torch.utils.data.Dataset[Any]):
    """A map-style data set of these items with any length."""

    def __init__(self, items: list[Any], length: Any = None) -> None:
        self.items, self.length = items, len(items) if length is None else length
        self.reads = 0

    def __len__(self) -> int:
        if isinstance(self.length, Exception):
            raise self.length
        return int(self.length)

    def __getitem__(self, i: int) -> Any:
        self.reads += 1
        return self.items[i]


def items(x: Any = X, y: Any = Y) -> Items:
    return Items(list(zip(x, y, strict=True)))


def tensors(part: slice) -> TensorDataset:
    return TensorDataset(torch.from_numpy(X[part]), torch.from_numpy(Y[part]))


FIRST, LAST = slice(None, N_TRAIN), slice(N_TRAIN, None)
FORMS: dict[str, Any] = {
    "two pairs": ((X[FIRST], Y[FIRST]), (X[LAST], Y[LAST])),
    "lists": (X[FIRST].tolist(), Y[FIRST].tolist(), X[LAST].tolist(), Y[LAST].tolist()),
    "tensors": tuple(torch.from_numpy(a) for a in (X[FIRST], Y[FIRST], X[LAST], Y[LAST])),
    "a tensor with a gradient": (torch.tensor(X[FIRST], requires_grad=True), Y[FIRST], X[LAST], Y[LAST]),
    "double": (X[FIRST].astype(float), Y[FIRST], X[LAST].astype(float), Y[LAST].astype(np.uint8)),
    "columns of labels": (X[FIRST], Y[FIRST, None], X[LAST], Y[LAST, None]),
    "frames": ((pd.DataFrame(X[FIRST]), pd.Series(Y[FIRST])), (pd.DataFrame(X[LAST]), pd.Series(Y[LAST]))),
    "frames of labels": (pd.DataFrame(X[FIRST]), pd.DataFrame(Y[FIRST]), pd.DataFrame(X[LAST]), Y[LAST]),
    "tensor data sets": (tensors(FIRST), tensors(LAST)),
    "a list of data sets": [items(X[FIRST], Y[FIRST]), tensors(LAST)],
    "a data set and a pair": (items(X[FIRST], Y[FIRST]), (X[LAST], Y[LAST])),
    "subsets": (Subset(items(), range(N_TRAIN)), Subset(items(), range(N_TRAIN, 30))),
    "loaders": (DataLoader(tensors(FIRST), shuffle=True), DataLoader(tensors(LAST), batch_size=4)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_data_in_any_form_have_the_same_checksum(form: str) -> None:
    data = from_data(FORMS[form], "mine", title="Mine")
    assert (data.name, data.title, data.items) == ("mine", "Mine", "rows")
    assert data.sha256 == CHECKSUM


@pytest.mark.parametrize("data", [(X, Y), (torch.from_numpy(X), Y.tolist()), [X, Y], tensors(slice(None)), items()])
def test_without_a_test_part_the_same_items_are_held_out(data: Any) -> None:
    dataset = from_data(data)
    assert dataset.sha256 == from_data((X, Y)).sha256
    assert np.bincount(dataset.test.targets).tolist() == [2, 2, 2]
    assert dataset.remarks[-1] == "6 of 30 rows are held out as the test part, the same ones every time"
    assert len(from_data(data, test_fraction=0.5).test) == 15


def test_a_loader_gives_a_remark() -> None:
    assert "its data set is read" in from_data(FORMS["loaders"]).remarks[0]


def test_floats_are_predicted_and_split_without_regard_to_classes() -> None:
    data = from_data((X, Y / 2))
    assert (data.task, data.train.targets.shape) == ("regression", (24, 1))
    assert from_data((X, Y / 2), kind="numbers").train.targets.shape == (24, 1)
    with pytest.raises(DataError, match="data: kind is one of auto, classes, numbers, not 'sorts'"):
        from_data((X, pd.Series(Y)), kind="sorts")


PARTS = [(X, Y), (X[FIRST], Y[FIRST], X[LAST], Y[LAST])]
CONTAINERS = [np.asarray, pd.Series, torch.tensor]


def with_labels(pair: tuple[Any, ...], container: Any, change: Any) -> tuple[Any, ...]:
    return tuple(container(change(each)) if i % 2 else each for i, each in enumerate(pair))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("pair", PARTS)
def test_whole_floats_are_classes_with_a_remark(pair: tuple[Any, ...], container: Any) -> None:
    floats = with_labels(pair, container, lambda y: y / 1)
    data = from_data(floats)
    assert data.sha256 == from_data(pair).sha256
    assert data.classes == ("0", "1", "2")
    assert data.remarks[0] == (
        "the 3 whole numbers of the labels are taken for classes; kind='numbers' predicts them as numbers"
    )
    assert from_data(floats, kind="numbers").task == "regression"
    assert from_data(floats, kind="classes").remarks == data.remarks[1:]


@pytest.mark.parametrize("container", CONTAINERS)
def test_more_than_twenty_whole_floats_are_numbers(container: Any) -> None:
    assert from_data((X, container(np.arange(30) % 20 / 1)), test_fraction=0.5).task == "classification"
    assert from_data((X, container(np.arange(30) % 21 / 1)), test_fraction=0.5).task == "regression"


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("pair", PARTS)
@pytest.mark.parametrize("shift", [lambda y: y + 1, lambda y: 10 * y - 10, lambda y: (y + 1) / 1])
def test_classes_that_do_not_count_from_0_keep_their_numbers(pair: tuple[Any, ...], container: Any, shift: Any) -> None:
    data = from_data(with_labels(pair, container, shift))
    assert data.classes == tuple(str(int(shift(y))) for y in range(3))
    assert (data.sha256, data.warnings) == (from_data(pair).sha256, ())


def test_renamed_classes_give_a_remark_and_named_ones_do_not() -> None:
    remark = "the labels 1, 2, 3 do not count from 0 without a gap; each is a class of that name"
    assert remark in from_data((X, Y + 1)).remarks
    assert from_data(items(X, Y + 1)).classes == ("1", "2", "3")
    named = from_data((X, Y + 1), classes="abcd")
    assert named.classes == ("a", "b", "c", "d")
    assert named.warnings == ("the class a has no row in either part; it is neither trained nor tested",)


@pytest.mark.parametrize("container", [np.asarray, pd.Series, list])
def test_named_classes_keep_their_order_in_any_container(container: Any) -> None:
    texts = container(["b", "a"] * 15)
    data = from_data((X[FIRST], texts[:N_TRAIN], X[LAST], texts[N_TRAIN:]), classes=("b", "a"))
    assert data.classes == ("b", "a")
    assert data.train.targets.tolist() == [0, 1] * 10
    assert from_data((X, container(list(Y))), classes="cab").classes == ("c", "a", "b")
    with pytest.raises(DataError, match="the label 'a' is none of the classes given"):
        from_data((X, texts), classes=("b", "c"))


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pd.DataFrame(X[:, :4], columns=list("aabc"))
    for data in ((twice, Y), (twice, Y, twice[["b", "a", "c"]], Y)):
        with pytest.raises(DataError, match="data: more than one column is called 'a'; give every column"):
            from_data(data)


@pytest.mark.parametrize("fraction", ["0.2", None, True, [0.2]])
def test_a_test_fraction_that_is_no_number_is_refused(fraction: Any) -> None:
    with pytest.raises(DataError, match=r"test_fraction is a number between 0 and 1, such as 0\.2, not "):
        from_data((X, Y), test_fraction=fraction)


def test_frames_are_read_like_tables() -> None:
    frame = pd.DataFrame({"n": np.arange(10), "t": ["a", "b"] * 5})
    data = from_data((frame, pd.Series(["no", "yes"] * 5, name="good")))
    assert data.classes == ("no", "yes")
    assert data.train.inputs.shape == (8, 3)
    assert from_data((frame, pd.Series(np.arange(10) / 3))).task == "regression"
    with pytest.raises(DataError, match=r"values are missing in 1 of 2 columns: t \(10\)"):
        from_data((frame.assign(t=np.nan), [0, 1] * 5))
    with pytest.raises(DataError, match="train and test differ in the columns t"):
        from_data((frame, [0, 1] * 5, frame[["n"]], [0, 1] * 5))


def test_texts_in_frames_have_their_levels_from_both_parts() -> None:
    train, test = pd.DataFrame({"t": ["a", "b"] * 2}), pd.DataFrame({"t": ["c", "a"]})
    data = from_data((train, [0, 1] * 2, test, [0, 1]))
    assert data.test.inputs.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_checked_data_sets_stay_as_they_are_and_hand_made_ones_are_checked() -> None:
    digits = load("digits")
    assert from_data(digits) is digits
    hand = Dataset("hand", "Hand", "", ("a", "b", "c"), Split(X, Y), Split(X + 1, Y))
    assert from_data(hand).sha256 == from_data((X, Y, X + 1, Y)).sha256
    assert from_data(hand).classes == ("a", "b", "c")
    assert from_data(replace(hand, items="patients")).items == "patients"
    with pytest.raises(DataError, match="has no two Splits"):
        from_data(Dataset("hand", "Hand", "", (), X, Y))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1"])
def test_pictures_become_channels_first(mode: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
    pictures = [Image.fromarray(each).convert(mode) for each in pixels]
    data = from_data(Items([(picture, i % 2) for i, picture in enumerate(pictures)]), test_fraction=0.5)
    assert data.items == "images"
    grey = mode in ("L", "1")
    assert data.train.inputs.shape == (3, 1 if grey else 3, 5, 4)
    expected = {np.asarray(p.convert("L" if grey else "RGB")).reshape(5, 4, -1).transpose(2, 0, 1).tobytes()
              for p in pictures}  # fmt: skip
    assert {each.tobytes() for each in [*data.train.inputs, *data.test.inputs]} == expected


@pytest.mark.parametrize("label", [int, float, str, torch.tensor, np.int64])
def test_labels_of_items_may_be_of_any_type(label: Any) -> None:
    data = from_data(
        Items([(torch.tensor(x), label(y / 2 if label is float else int(y))) for x, y in zip(X, Y, strict=True)])
    )
    assert data.task == ("regression" if label is float else "classification")


def test_every_item_is_read_once_after_the_first_were_compared() -> None:
    source = items()
    from_data(source)
    assert source.reads == 30 + 2 * 16


def test_half_precision_is_read() -> None:
    assert from_data((torch.from_numpy(X).to(torch.bfloat16), Y)).train.inputs.dtype == np.float32


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter([])


FAULTS: dict[str, tuple[Any, str]] = {
    "a length too long": (Items(items().items, 31), "has the length 31 and ends after 30 items; correct"),
    "no items at all": (Items([], 4), "has the length 4 and ends after 0 items"),
    "no length": (Items([], TypeError("none")), "has no length .*give it a __len__"),
    "no items": (Items([]), "Items is empty; at least one item"),
    "a stream": (Stream(), "Stream can only be iterated; collect its items"),
    "a loaded stream": (DataLoader(Stream()), "Stream can only be iterated"),
    "an item that fails": (Items([(X[0], 0), 3]), "item 1 of Items is int; expected"),
    "three in an item": (Items([(X[0], 0, 1)]), r"item 0 of Items is tuple of 3; expected \(input, label\)"),
    "shapes": (Items([(X[0], 0), (X[1, :3], 1)]), r"input of item 1 of Items has the shape \(3,\), .* 0 \(5,\)"),
    "labels": (Items([(X[0], 0), (X[1], X[1])]), r"label of item 1 of Items has the shape \(5,\)"),
    "types": (Items([(X[0], 0), (X[1] > 0, 1)]), "item 1 of Items is bool, item 0 float32"),
    "NaN": ((np.where(X[4, 2] == X, np.nan, X), Y), r"hold 1 values that are not finite .* remove such items"),
    "one class": ((X, Y * 0), "all training rows are of the class '0'; at least two classes are needed"),
    "lengths": ((X, Y[:20]), "data has 30 rows and 20 labels"),
    "three": ((X, Y, X), "tuple of 3 cannot be data; expected"),
    "a name": ("mnist", "'mnist' is a name and no data"),
    "a number": (3, r"builtins\.int cannot be data"),
    "labels twice": ((items(), Y), "a torch Dataset holds its labels, so leave y out"),
    "ragged": (([[1.0], [2.0, 3.0]], [0, 1]), "inputs are no array"),
    "complex numbers": ((X.astype(complex), Y), r"rows are complex128; give their magnitude"),
    "masked values": ((np.ma.masked_greater(X, 1), Y), r"data inputs: \d+ values are masked"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_unusable_data_are_refused_with_a_reason(fault: str) -> None:
    data, message = FAULTS[fault]
    with pytest.raises(DataError, match=message) as caught:
        from_data(data)
    assert str(caught.value).startswith("data")


def test_an_item_that_fails_is_named_with_its_cause() -> None:
    class Broken(Items):
        def __getitem__(self, i: int) -> Any:
            return (X[0], 0) if i < 2 else 1 / 0

    with pytest.raises(DataError, match="item 2 of Broken fails: ZeroDivisionError: division by zero"):
        from_data(Broken([None] * 5))


@pytest.mark.parametrize("data", [items(), tensors(slice(None))])
def test_more_than_the_limit_is_refused_before_it_is_read(data: Any) -> None:
    message = (
        r"takes 600 bytes once read \(30 items of 20 bytes\), and the limit is 599 bytes; leave "
        r"out stream=False, so that it is read batch by batch, or give torch\.utils\.data\.Subset\(dataset, "
        r"range\(29\)\), or a higher limit=600"
    )
    with pytest.raises(DataError, match=message):
        from_data(data, limit=599, stream=False)
    assert getattr(data, "reads", 1) == 1
    assert len(from_data(data, limit=600, stream=False).train) == 24


def test_arrays_need_no_torch() -> None:
    script = (
        "import sys, numpy as np; from reluctant.data import from_data; x = np.arange(20.)\n"
        "from_data((x, [0, 1] * 10)); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_frame_and_the_name_of_its_target() -> None:
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "b": np.arange(40.0) % 5, "kind": ["x", "y"] * 20})
    data = from_data((frame, "kind"))
    assert data.classes == ("x", "y")
    assert data.train.inputs.shape[1] == 2
    with pytest.raises(DataError, match="there is no column 'kin'; did you mean 'kind'"):
        from_data((frame, "kin"))
    with pytest.raises(DataError, match="the name of a column goes with a pandas frame"):
        from_data((np.ones((4, 2)), "kind"))


@pytest.mark.parametrize("copy", ["kind", "other", "number"])
def test_a_column_that_is_the_target_gives_a_warning(copy: str) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 60)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.integers(0, 3, 60).astype(float)})
    target: Any = y
    if copy == "number":
        target = rng.normal(size=60)
        frame["copy"] = 32 + 1.8 * target
    else:
        frame["copy"] = y.astype(float) if copy == "kind" else np.array([5.0, -1.0, 2.0])[y]
    assert any("column copy is the target under another name" in each for each in from_data((frame, target)).warnings)
    assert not any("under another name" in each for each in from_data((frame[["a", "b"]], target)).warnings)


def test_the_checksum_of_a_handed_over_object_stays_valid() -> None:
    """Records of the first version hold this checksum; another one would refuse to continue their folders."""
    dataset = from_data((np.arange(60.0).reshape(30, 2), Y))
    assert dataset.source_hash == "1b950e407774919f8106851661e45928a3c9b335f6b99784aa3ea73b38bbf613"
