"""Digits and diabetes, which come with scikit-learn; and stratified choices."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from reluctant.data import load
from reluctant.data.bundled import enlarge
from reluctant.data.splits import stratified
from tests.support.data_files import unhurried


def test_digits_have_their_published_content() -> None:
    digits = load("sklearn-digits")
    assert digits.name == "digits"
    assert digits.title == "scikit-learn digits"
    assert "not MNIST" in digits.note
    assert digits.classes == tuple("0123456789")
    assert digits.train.inputs.shape == (1437, 1, 28, 28)
    assert digits.test.inputs.shape == (360, 1, 28, 28)
    assert digits.train.inputs.dtype == np.uint8
    assert digits.train.inputs.max() == 255
    assert digits.warnings == ()
    assert digits.sha256 == "ee35aabe8fb97b542d33460f4f0168d854f85b3876a1579432f8bb220e578f88"


def test_the_data_room_imports_neither_torch_nor_scikit_learn() -> None:
    script = "import sys, reluctant.data; print({'torch', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_train_and_test_hold_every_scan_once() -> None:
    from sklearn.datasets import load_digits

    digits = load("digits")
    scans = enlarge(load_digits().images.astype(np.int64))
    together = np.concatenate([digits.train.inputs, digits.test.inputs])[:, 0]
    assert sorted(map(bytes, together)) == sorted(map(bytes, scans))


def test_every_class_has_its_share_of_the_test_images() -> None:
    digits = load("digits")
    train, test = np.bincount(digits.train.targets), np.bincount(digits.test.targets)
    assert np.all(np.abs(test - (train + test) * 360 / 1797) <= 1)


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


@unhurried
@given(scans=hnp.arrays(np.int64, (2, 8, 8), elements=st.integers(0, 16)))
def test_enlarging_is_bilinear(scans: NDArray[np.int64]) -> None:
    position = (np.arange(28) + 0.5) * 8 / 28 - 0.5
    for scan, large in zip(scans, enlarge(scans), strict=True):
        wide = np.array([np.interp(position, np.arange(8), row) for row in scan])
        exact = np.array([np.interp(position, np.arange(8), column) for column in wide.T]).T * 255 / 16
        assert np.max(np.abs(large - exact)) <= 0.5 + 1e-9


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (8, 128), (16, 255)])
def test_a_constant_scan_stays_constant(value: int, grey: int) -> None:
    assert np.unique(enlarge(np.full((1, 8, 8), value))).tolist() == [grey]


def test_diabetes_is_scikit_learns() -> None:
    data = load("diabetes")
    from sklearn.datasets import load_diabetes

    whole = load_diabetes(scaled=False)
    assert (data.task, data.items, data.classes, data.warnings) == ("regression", "rows", (), ())
    assert (data.train.inputs.shape, data.test.targets.shape) == ((353, 10), (89, 1))
    together = np.concatenate([np.hstack([part.inputs, part.targets]) for part in (data.train, data.test)])
    expected = np.hstack([whole.data.astype(np.float32), whole.target[:, None]])
    assert sorted(map(tuple, together)) == sorted(map(tuple, expected))
    assert data.sha256 == "5e3337e46ada8b053f01c54d6af801fdcfb21be32127d70c83368ac6ff86eff0"
