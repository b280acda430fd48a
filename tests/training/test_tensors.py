"""The data of a training as tensors: standardised by the training split, cached, the user's arrays unchanged."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reluctant.core.errors import StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.data import Dataset, Split, from_data, load
from reluctant.study import Study
from reluctant.training import clear_data_cache, prepare
from reluctant.training.runner import load_tensors
from tests.support.small import digits

X = np.random.default_rng(3).normal(size=(150, 5)).astype("float32")
NUMBERS = np.stack([100 + 30 * X[:, 0] - 10 * X[:, 1], X[:, 2] / 1000], axis=1)
LABELS = np.arange(150) % 25


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()
    clear_data_cache()


def test_pixels_are_standardised_by_the_training_split() -> None:
    data = digits()
    pixels = data.train.inputs.double()
    assert float(pixels.mean()) == pytest.approx(0, abs=1e-6)
    assert float(pixels.std(unbiased=False)) == pytest.approx(1, abs=1e-6)
    assert abs(float(data.test.inputs.mean())) > 1e-4
    assert (len(data.train), len(data.valid), len(data.test)) == (128, 32, 60)


def test_every_column_is_standardised_separately() -> None:
    wide = X * np.array([1, 1000, 1e-3, 1, 0], dtype="float32") + np.float32(7)
    data = prepare(from_data((wide, LABELS)), 0.8)
    mean, std = data.train.inputs.mean(dim=0), data.train.inputs.std(dim=0, correction=0)
    assert mean.tolist() == pytest.approx([0] * 5, abs=1e-2)
    assert std.tolist() == pytest.approx([1, 1, 1, 1, 0], rel=1e-2)  # what never changes stays flat


def test_arrays_of_the_user_are_not_changed() -> None:
    x, y = X.copy(), NUMBERS.copy()
    prepare(from_data((x[:120], y[:120], x[120:], y[120:])), 0.8)
    assert_array_equal(x, X)
    assert_array_equal(y, NUMBERS)


def test_images_without_contrast_are_refused() -> None:
    flat = Split(np.zeros((10, 1, 8, 8), np.uint8), np.arange(10) % 2)
    with pytest.raises(StudyError, match="all training pixels are equal"):
        prepare(Dataset("flat", "flat", "", ("0", "1"), flat, flat, ""), 0.5)


def test_pixels_may_go_from_0_to_1() -> None:
    data = load("digits")
    unit, standard = prepare(data, 0.8, pixels="unit"), prepare(data, 0.8)
    assert np.allclose(unit.test.inputs.numpy() * 255, data.test.inputs)
    assert (unit.train.inputs.min().item(), unit.train.inputs.max().item()) == (0, 1)
    assert abs(float(standard.train.inputs.double().mean())) < 1e-6
    floats = Split(data.train.inputs.astype(np.float32), data.train.targets)
    with pytest.raises(StudyError, match="only bytes can be scaled"):
        prepare(replace(data, train=floats), 0.8, pixels="unit")


def test_an_unknown_pixel_scale_is_refused() -> None:
    with pytest.raises(StudyError, match="pixels must be 'standardised' or 'unit', not 'raw'"):
        Study(activation="relu", pixels="raw")


def test_rows_have_no_pixels() -> None:
    with pytest.raises(StudyError, match="rows hold no pixels"):
        prepare(from_data((X, LABELS)), 0.8, pixels="unit")


def test_data_are_read_anew_after_the_cache_is_cleared() -> None:
    name = register_object("rows", from_data((X, np.arange(150) % 3)))
    assert load_tensors(name, 0.8, None).outputs == 3
    register_object("rows", from_data((X, np.arange(150) % 4)))
    assert load_tensors(name, 0.8, None).outputs == 3  # cached for the next run
    clear_data_cache()
    assert load_tensors(name, 0.8, None).outputs == 4
