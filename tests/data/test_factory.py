"""Data sets from user-defined functions, `module:name`."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reluctant.core.errors import DataError, ReluctantError, StudyError
from reluctant.data import Dataset, Split, load

Writer = Callable[[str], str]
_NUMBERS = count()  # a module name is imported once in a process, so each test needs another
START = """
import numpy as np
from reluctant.data import Dataset, Split
x = np.arange(6 * 4 * 4).reshape(6, 4, 4).astype(np.uint8)
y = np.array([0, 1, 2, 0, 1, 2])
"""


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """Write a user-defined module; returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(body: str) -> str:
        name = f"user_data_{next(_NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(START + body)
        return name

    return write


def test_four_arrays_become_a_data_set(user_module: Writer) -> None:
    module = user_module("def make(n=6): return x[:n], y[:n], x[:3] + 100, y[:3]")
    data = load(f"{module}:make(n=5)")
    assert data.name == f"{module}:make(n=5)"
    assert data.title == f"{module}:make"
    assert (data.note, data.classes, data.warnings) == ("", ("0", "1", "2"), ())
    assert data.train.inputs.shape == (5, 1, 4, 4)
    assert data.train.inputs.dtype == np.uint8
    assert data.test.targets.tolist() == [0, 1, 2]
    assert len(data.sha256) == 64


def test_a_data_set_keeps_its_title_note_and_warnings(user_module: Writer) -> None:
    module = user_module(
        "def make(): return Dataset('any', 'Moons', 'made up', ('a', 'b', 'c'),\n"
        "    Split(x, y), Split(x[:3] + 100, y[:3]), 'not the sum', ('beware',))"
    )
    data = load(f"{module}:make")
    assert (data.name, data.title, data.note) == (f"{module}:make", "Moons", "made up")
    assert (data.classes, data.warnings) == (("a", "b", "c"), ("beware",))
    assert data.train.inputs.shape == (6, 1, 4, 4)
    assert data.sha256 == load(f"{user_module('def make(): return x, y, x[:3] + 100, y[:3]')}:make").sha256


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", ">f8"])
def test_floats_stay_as_they_are(user_module: Writer, kind: str) -> None:
    module = user_module(f"def make(): return (x / 8 - 1).astype('{kind}'), y, (x[:3] / 8).astype('{kind}'), y[:3]")
    images = load(f"{module}:make").train.inputs
    assert images.dtype == np.float32
    assert images.dtype.isnative
    np.testing.assert_array_equal(images.ravel(), np.arange(96) / 8 - 1)


def test_arrays_become_contiguous(user_module: Writer) -> None:
    module = user_module("def make(): return x.transpose(0, 2, 1), y[::-1], x[::2], y[::2]")
    data = load(f"{module}:make")
    for split in (data.train, data.test):
        assert split.inputs.flags.c_contiguous
        assert split.targets.flags.c_contiguous
    assert data.train.inputs[0, 0, 1].tolist() == [1, 5, 9, 13]


FAULTS = {
    "make = 3": "is int; expected a function",
    "def make(): return x, y": "returned tuple of 2; expected a function that returns",
    "def make(): return None": "returned NoneType; expected",
    "def make(): return Dataset('a', 'A', '', (), x, y)": "returned Dataset; expected",
    "def make(): return 1 / 0": "failed: ZeroDivisionError",
    "def make(n): return n": "failed: TypeError: .*'n'",
    "def make(): return x * np.nan, y, x / 1, y": r"train signals hold 96 values .*the first in item 0,",
    "def make(): return x / 1, y, x * 1e300 * 1e5, y": r"test signals hold \d+ values that are not finite",
    "def make(): return x.astype(int) - 300, y, x, y": r"train images are int64 from -300 to .*\.astype\('float32'\)",
    "def make(): return x.astype(str), y, x, y": r"train images are <U\d+; give",
    "def make(): return x, y * 1j, x, y > 0": "train labels are complex128; give whole numbers",
    "def make(): return x / 1, y, x, y": "type float32 in train and uint8 in test",
    "def make(): return x, y, x[:0], y[:0]": "test images are empty",
    "def make(): return x, y, x, y[:0]": "test labels are empty",
    "def make(): return x, y[:4], x, y": "train has 6 images and 4 labels",
    "def make(): return x, y / 1, x, y": r"labels are float64 in train and int64 in test; make them equal",
    "def make(): return x, y - 1, x, y": "train labels go from -1 to 1",
    "def make(): return x, y * 500, x, y": "from 0 to 1000; classes are counted from 0 to at most 999",
    "def make(): return x, y[:, None], x, y": r"labels have shape \(6, 1\)",
    "def make(): return x, y * 0, x, y": "all training images are of the class '0'",
    "def make(): return x[0], y[:4], x, y": r"shape \(4,\) in train and \(1, 4, 4\) in test",
    "def make(): return x[0, 0, 0], y, x, y": "train examples are a single value",
    "def make(): return x.reshape(6, 16), y, x, y": r"rows have shape \(16,\) in train and \(1, 4, 4\)",
    "def make(): return [[1], [2, 3]], y, x, y": "train inputs are no array",
    "def make(): return np.zeros((6, 32, 30, 3), np.uint8), y, x, y": r"give images\.transpose\(0, 3, 1, 2\)",
    "def make(): return Dataset('a', 'A', '', 'pq', Split(x, y), Split(x, y))": "a label is 2, but the 2",
}


@pytest.mark.parametrize("body", FAULTS)
def test_faults_of_user_defined_functions_are_named(user_module: Writer, body: str) -> None:
    name = f"{user_module(body)}:make"
    with pytest.raises(DataError, match=FAULTS[body]) as caught:
        load(name)
    assert name in str(caught.value)


@pytest.mark.parametrize("kind", ["StudyError", "DataError", "ModelError"])
def test_an_error_of_reluctant_in_the_function_comes_through(user_module: Writer, kind: str) -> None:
    module = user_module(f"from reluctant import {kind}\ndef make(): raise {kind}('give n')")
    with pytest.raises(ReluctantError, match=r"^give n$") as caught:
        load(f"{module}:make")
    assert type(caught.value).__name__ == kind


def test_unknown_names_and_parameters_are_refused() -> None:
    with pytest.raises(StudyError, match="did you mean 'mnist'"):
        load("mnits")
    with pytest.raises(StudyError, match="takes no parameters"):
        load("digits(n=3)")
    with pytest.raises(StudyError, match="no module"):
        load("no_such_module_here:make")


def test_the_length_of_a_split_is_its_number_of_items() -> None:
    images: Any = np.zeros((3, 1, 2, 2), np.uint8)
    split = Split(images, np.array([0, 1, 0]))
    assert len(split) == 3
    assert Dataset("a", "A", "", ("0", "1"), split, split).sha256 == ""
