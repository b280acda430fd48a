from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reluctant.core.errors import DataError, StudyError
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
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """Write a module of the user's; gives its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(body: str) -> str:
        name = f"own_data_{next(_NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(START + body)
        return name

    return write


def test_four_arrays_make_a_data_set(own: Writer) -> None:
    module = own("def make(n=6): return x[:n], y[:n], x[:3] + 100, y[:3]")
    made = load(f"{module}:make(n=5)")
    assert made.name == f"{module}:make(n=5)"
    assert made.title == f"{module}:make"
    assert (made.note, made.classes, made.warnings) == ("", ("0", "1", "2"), ())
    assert made.train.images.shape == (5, 1, 4, 4)
    assert made.train.images.dtype == np.uint8
    assert made.test.labels.tolist() == [0, 1, 2]
    assert len(made.sha256) == 64


def test_a_data_set_keeps_what_its_maker_says_of_it(own: Writer) -> None:
    module = own(
        "def make(): return Dataset('any', 'Moons', 'made up', ('a', 'b', 'c'),\n"
        "    Split(x, y), Split(x[:3] + 100, y[:3]), 'not the sum', ('beware',))"
    )
    made = load(f"{module}:make")
    assert (made.name, made.title, made.note) == (f"{module}:make", "Moons", "made up")
    assert (made.classes, made.warnings) == (("a", "b", "c"), ("beware",))
    assert made.train.images.shape == (6, 1, 4, 4)
    assert made.sha256 == load(f"{own('def make(): return x, y, x[:3] + 100, y[:3]')}:make").sha256


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", ">f8"])
def test_floats_stay_as_they_are(own: Writer, kind: str) -> None:
    module = own(f"def make(): return (x / 8 - 1).astype('{kind}'), y, (x[:3] / 8).astype('{kind}'), y[:3]")
    images = load(f"{module}:make").train.images
    assert images.dtype == np.float32
    assert images.dtype.isnative
    np.testing.assert_array_equal(images.ravel(), np.arange(96) / 8 - 1)


def test_arrays_end_up_contiguous(own: Writer) -> None:
    module = own("def make(): return x.transpose(0, 2, 1), y[::-1], x[::2], y[::2]")
    made = load(f"{module}:make")
    for split in (made.train, made.test):
        assert split.images.flags.c_contiguous
        assert split.labels.flags.c_contiguous
    assert made.train.images[0, 0, 1].tolist() == [1, 5, 9, 13]


FAULTS = {
    "make = 3": "is int; wanted is a function",
    "def make(): return x, y": "gave tuple of 2; wanted is a function that gives",
    "def make(): return None": "gave NoneType; wanted",
    "def make(): return Dataset('a', 'A', '', (), x, y)": "gave Dataset; wanted",
    "def make(): return 1 / 0": "failed: ZeroDivisionError",
    "def make(n): return n": "failed: TypeError: .*'n'",
    "def make(): return x * np.nan, y, x / 1, y": r"train signals hold 96 values .*the first in item 0,",
    "def make(): return x / 1, y, x * 1e300 * 1e5, y": r"test signals hold \d+ values that are not finite",
    "def make(): return x.astype(int), y, x, y": r"train images are int64; give \.astype\('uint8'\)",
    "def make(): return x.astype(str), y, x, y": r"train images are <U\d+; give",
    "def make(): return x, y > 0, x, y > 0": "train labels are bool; give whole numbers",
    "def make(): return x / 1, y, x, y": "type float32 in train and uint8 in test",
    "def make(): return x, y, x[:0], y[:0]": "test images are empty",
    "def make(): return x, y, x, y[:0]": "test labels are empty",
    "def make(): return x, y[:4], x, y": "train has 6 images and 4 labels",
    "def make(): return x, y / 1, x, y": r"labels are float64 in train and int64 in test; make them equal",
    "def make(): return x, y - 1, x, y": "train labels go from -1 to 1",
    "def make(): return x, y * 500, x, y": "from 0 to 1000; classes are counted from 0 to at most 999",
    "def make(): return x, y[:, None], x, y": r"labels have shape \(6, 1\)",
    "def make(): return x, y * 0, x, y": "every training image has the label 0",
    "def make(): return x[0], y[:4], x, y": r"shape \(4,\) in train and \(1, 4, 4\) in test",
    "def make(): return x[0, 0, 0], y, x, y": "train examples are a single value",
    "def make(): return x.reshape(6, 16), y, x, y": r"rows have the shape \(16,\) in train and \(1, 4, 4\)",
    "def make(): return [[1], [2, 3]], y, x, y": "train inputs are no array",
    "def make(): return np.zeros((6, 32, 30, 3), np.uint8), y, x, y": r"give images\.transpose\(0, 3, 1, 2\)",
    "def make(): return Dataset('a', 'A', '', 'pq', Split(x, y), Split(x, y))": "a label is 2, and the 2",
}


@pytest.mark.parametrize("body", FAULTS)
def test_what_a_users_code_may_get_wrong_is_said(own: Writer, body: str) -> None:
    name = f"{own(body)}:make"
    with pytest.raises(DataError, match=FAULTS[body]) as caught:
        load(name)
    assert name in str(caught.value)


def test_a_study_error_of_the_users_own_comes_through(own: Writer) -> None:
    module = own("from reluctant.core.errors import StudyError\ndef make(): raise StudyError('give n')")
    with pytest.raises(StudyError, match=r"^give n$"):
        load(f"{module}:make")


def test_unknown_names_and_parameters_are_answered() -> None:
    with pytest.raises(StudyError, match="did you mean 'mnist'"):
        load("mnits")
    with pytest.raises(StudyError, match="takes no parameters"):
        load("digits(n=3)")
    with pytest.raises(StudyError, match="no module"):
        load("no_such_module_here:make")


def test_a_split_counts_its_images() -> None:
    images: Any = np.zeros((3, 1, 2, 2), np.uint8)
    split = Split(images, np.array([0, 1, 0]))
    assert len(split) == 3
    assert Dataset("a", "A", "", ("0", "1"), split, split).sha256 == ""
