"""Token ids: when inputs are read as such, the vocabulary, targets of every token, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import TensorDataset

from reluctant.core.errors import DataError
from reluctant.data import IGNORED, Dataset, Split, TokenInputs, describe_dataset, from_data, load
from tests.support.data_files import unhurried

IDS = np.random.default_rng(0).integers(0, 50, (20, 9))
X, Y = IDS[:, :-1].copy(), IDS[:, 1:].copy()
CLASSES = np.arange(20) % 2
LARGEST = int(IDS.max())


class Sequences(TorchDataset[Any]):
    """A map-style data set of sequences with these labels."""

    def __init__(self, labels: Any) -> None:
        self.labels = labels

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, i: int) -> Any:
        if i >= len(X):
            raise IndexError(i)
        return torch.from_numpy(X[i]), self.labels[i]


FORMS: dict[str, Any] = {
    "arrays": (X, Y),
    "narrow arrays": (X.astype(np.uint8), Y.astype(np.int16)),
    "tensors": (torch.from_numpy(X), torch.from_numpy(Y)),
    "int32": (torch.from_numpy(X).int(), torch.from_numpy(Y).int()),
    "a TensorDataset": TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)),
    "a Dataset": Sequences(torch.from_numpy(Y)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_number_for_every_whole_number_makes_both_token_ids(form: str) -> None:
    data = from_data(FORMS[form])
    assert (data.task, data.items, data.classes) == ("tokens", "sequences", ())
    assert data.tokens is not None
    assert (data.tokens.vocabulary, data.tokens.padding) == (LARGEST + 1, None)
    assert data.train.inputs.dtype == data.train.targets.dtype == np.int64
    rows = {tuple(row): tuple(targets) for row, targets in zip(X, Y, strict=True)}
    for split in (data.train, data.test):
        assert all(rows[tuple(x)] == tuple(y) for x, y in zip(split.inputs, split.targets, strict=True))
    assert (len(data.train), len(data.test)) == (16, 4)
    assert data.remarks[0] == (
        f"the inputs are read as token ids, of a vocabulary of {LARGEST + 1}; numbers in rows are given as floats"
    )


@pytest.mark.parametrize(
    "source", [(torch.from_numpy(X), CLASSES), Sequences(CLASSES), TensorDataset(*map(torch.from_numpy, (X, CLASSES)))]
)
def test_whole_tensors_with_a_class_each_are_token_ids(source: Any) -> None:
    data = from_data(source)
    assert (data.task, data.classes, data.items) == ("classification", ("0", "1"), "sequences")
    assert data.tokens is not None
    assert data.tokens.vocabulary == X.max() + 1
    assert data.train.inputs.dtype == np.int64
    assert from_data(source, tokens=False).items == "rows"


def test_arrays_of_whole_numbers_stay_rows_unless_they_are_called_tokens() -> None:
    rows = from_data((X, CLASSES))
    assert (rows.items, rows.tokens, rows.train.inputs.dtype.name) == ("rows", None, "float32")
    data = from_data((X, CLASSES), tokens=True)
    assert data.tokens is not None
    assert data.tokens.vocabulary == X.max() + 1
    lists = from_data((X.tolist(), CLASSES.tolist()), tokens=60, padding=59)
    assert lists.tokens is not None
    assert (lists.tokens.vocabulary, lists.tokens.padding) == (60, 59)
    assert (lists.train.inputs == data.train.inputs).all()


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [
        (X, np.eye(8, dtype=int)[np.arange(20) % 8], "auto"),  # one-hot classes
        (X.astype(np.float32), Y, "auto"),
        (X[:, :1], Y[:, :1], "auto"),  # a column
    ],
)
def test_what_may_be_rows_is_not_read_as_token_ids(x: Any, y: Any, kind: str) -> None:
    try:
        assert from_data((x, y), kind=kind).tokens is None
    except DataError as fault:
        assert "labels" in str(fault)  # noqa: PT017


def test_numbers_to_predict_are_no_tokens() -> None:
    assert from_data((X, Y), kind="numbers").task == "regression"
    data = from_data((X, Y / 7), tokens=True)
    assert (data.task, data.train.inputs.dtype.name) == ("regression", "int64")


def test_the_vocabulary_is_that_of_both_parts_and_of_the_targets() -> None:
    data = from_data((X, Y, X[:5] + 100, Y[:5] + 200))
    assert data.tokens is not None
    assert data.tokens.vocabulary == 200 + int(Y[:5].max()) + 1


def test_ignored_targets_are_allowed_and_padding_among_targets_is_named() -> None:
    targets = Y.copy()
    targets[:, -2:] = IGNORED
    targets[0] = IGNORED
    data = from_data((X, targets), padding=0)
    assert (data.train.targets == IGNORED).any()
    zeros = int((targets == 0).sum())
    assert f"{zeros} targets are the padding 0, so it is predicted too; give -100 there instead" in data.warnings
    text = " ".join(describe_dataset(data).split())
    count = int((data.train.targets == IGNORED).sum())
    assert f"{count} of 128 targets of the training data are -100: not predicted" in text
    assert f"every target is one of {LARGEST + 1} token ids" in text


def with_value(array: Any, value: int) -> Any:
    changed = array.copy()
    changed[3, 5] = value
    return changed


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a negative id": ((with_value(X, -3), Y), {}, r"position 5 of item \d+, both counted from 0, is -3"),
    "an id past the vocabulary": ((X, CLASSES), {"tokens": 20}, "the 20 ids of the vocabulary go from 0 to 19"),
    "a target past it": ((X, with_value(Y, 70)), {"tokens": 60}, r"targets: the token at position 5 .* is 70"),
    "a negative target": ((X, with_value(Y, -1)), {}, "-100 marks tokens that are not predicted"),
    "all ignored": ((X, np.full_like(Y, IGNORED)), {}, "train: every target is -100"),
    "one target": ((X, np.full_like(Y, 3)), {}, "every training target is the token 3"),
    "other length": ((torch.from_numpy(X), Y[:, 1:]), {}, r"labels of shape \(16, 7\) for inputs of shape \(16, 8\)"),
    "floats": ((X / 1, CLASSES), {"tokens": True}, r"whole numbers, and these are float64; give .astype\('int64'\)"),
    "one dimension": ((X[:, 0], CLASSES), {"tokens": True}, r"shape \(20,\); expected \(n, tokens\)"),
    "pictures": ((X[:, None], CLASSES), {"tokens": True}, r"shape \(20, 1, 8\); expected \(n, tokens\)"),
    "padding of rows": ((X, CLASSES), {"padding": 0}, "padding=0 is a token id, and these inputs are none"),
    "large padding": ((X, Y), {"padding": 99}, "padding is 99, and the 50 token ids go from 0 to 49"),
    "negative padding": ((X, Y), {"padding": -1}, "padding is -1"),
    "no number": ((X, Y), {"tokens": "yes"}, "tokens is True, False, or how many token ids there are, not 'yes'"),
    "large numbers": ((torch.from_numpy(X) * 10**6, CLASSES), {}, r"write tokens=\d+, the size of the vocabulary"),
    "classes": ((X, Y), {"classes": ("a", "b")}, "the 2 classes go from 0 to 1"),
    "one id": ((np.zeros((4, 3), int), [0, 1] * 2), {"tokens": True}, "at least 2 different token ids are needed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_tokens_is_refused_with_one_message(case: str) -> None:
    data, options, message = REFUSED[case]
    with pytest.raises(DataError, match=message) as fault:
        from_data(data, **options)
    assert "\n" not in str(fault.value)


def test_a_large_vocabulary_is_possible_when_it_is_named() -> None:
    data = from_data((torch.from_numpy(X) * 10**6, CLASSES), tokens=10**8)
    assert data.tokens is not None
    assert data.tokens.vocabulary == 10**8


@unhurried
@given(
    arrays(np.int64, (6, 3), elements=st.integers(-2, 12)),
    arrays(np.int64, (6, 3), elements=st.sampled_from([-100, -1, 0, 1, 2, 9, 12])),
)
def test_any_whole_numbers_are_token_ids_or_refused(x: Any, y: Any) -> None:
    valid = x.min() >= 0 and set(y[y != IGNORED].tolist()) <= set(range(10)) and x.max() < 10
    parts = y[:4], y[4:]
    valid &= all((part != IGNORED).any() for part in parts) and len(set(parts[0][parts[0] != IGNORED].tolist())) > 1
    try:
        data = from_data((x[:4], parts[0], x[4:], parts[1]), tokens=10)
    except DataError:
        assert not valid
        return
    assert valid
    assert (np.concatenate((data.train.inputs, data.test.inputs)) == x).all()
    assert (np.concatenate((data.train.targets, data.test.targets)) == y).all()


def test_a_function_may_return_token_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "token_data.py").write_text(
        "import numpy as np, torch\n"
        "from reluctant.data import Dataset, Split, TokenInputs\n"
        "x = np.arange(60).reshape(12, 5) % 17\n"
        "y = (x + 1) % 17\n"
        "def every(): return x[:8], y[:8], x[8:], y[8:]\n"
        "def one(): return torch.tensor(x[:8]), [0, 1] * 4, torch.tensor(x[8:]), [0, 1] * 2\n"
        "def rows(): return x[:8], [0, 1] * 4, x[8:], [0, 1] * 2\n"
        "def whole(): return Dataset('d', 'D', '', (), Split(x[:8], y[:8]), Split(x[8:], y[8:]),\n"
        "    tokens=TokenInputs(40, 39), by_position=True, groups=np.arange(8) // 2)\n"
    )
    every, one, rows, whole = (load(f"token_data:{name}") for name in ("every", "one", "rows", "whole"))
    assert (every.task, one.task, rows.items) == ("tokens", "classification", "rows")
    assert every.tokens is not None
    assert one.tokens is not None
    assert whole.tokens is not None
    assert (every.tokens.vocabulary, one.tokens.vocabulary, whole.tokens.vocabulary) == (17, 17, 40)
    assert (whole.tokens.padding, whole.by_position, whole.items) == (39, True, "sequences")
    assert whole.groups is not None
    assert whole.groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert len({every.sha256, whole.sha256}) == 2


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (TokenInputs(1), "at least 2 different token ids"),
        (TokenInputs(50, padding=50), "padding is 50"),
        (TokenInputs(50, sizes=np.ones((49, 2), np.int64)), r"sizes of tokens have the shape \(49, 2\)"),
        (TokenInputs(50, stream=np.ones((4, 2), np.int64)), "the stream of tokens"),
        (TokenInputs(20), "the 20 ids of the vocabulary go from 0 to 19"),
    ],
)
def test_a_data_set_built_by_hand_is_checked(tokens: TokenInputs, message: str) -> None:
    hand = Dataset("hand", "Hand", "", (), Split(X[:15], Y[:15]), Split(X[15:], Y[15:]), tokens=TokenInputs(50))
    assert from_data(hand).task == "tokens"
    with pytest.raises(DataError, match=message):
        from_data(replace(hand, tokens=tokens))


def test_the_checksum_of_an_object_knows_the_vocabulary() -> None:
    assert len({from_data((X, Y), tokens=size).source_hash for size in (50, 50, 60)}) == 2
    assert len({from_data((X, Y), padding=p).sha256 for p in (None, 0, 1)}) == 3


def test_npz_files_hold_token_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("both.npz", x=X, y=Y)
    np.savez("classes.npz", x_train=X[:15], y_train=CLASSES[:15], x_test=X[15:], y_test=CLASSES[15:])
    assert load("npz(path='both.npz')").sha256 == from_data((X, Y)).sha256
    assert load("npz(path='classes.npz')").items == "rows"
    for options, vocabulary in (("tokens=True", int(X.max()) + 1), ("vocabulary=70, padding=69", 70)):
        data = load(f"npz(path='classes.npz', {options})")
        assert data.tokens is not None
        assert (data.tokens.vocabulary, data.task) == (vocabulary, "classification")
    with pytest.raises(DataError, match="padding is 80"):
        load("npz(path='both.npz', padding=80)")
