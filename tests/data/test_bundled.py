"""The bundled data: digits and diabetes from scikit-learn, and waves, which a formula computes."""

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
from reluctant.data.waves import signals
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
    script = (
        "import sys; from reluctant.data import load; load('digits'), load('diabetes');"
        "print({'torch', 'sklearn'} & set(sys.modules))"
    )
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


def test_waves_have_their_published_content() -> None:
    waves = load("waves")
    assert (waves.name, waves.items, waves.task) == ("waves", "signals", "classification")
    assert waves.train.inputs.shape == (2000, 1, 128)
    assert waves.test.inputs.shape == (1000, 1, 128)
    assert waves.train.inputs.dtype == np.float32
    assert np.bincount(waves.train.targets).tolist() == [250] * 8
    assert len(waves.classes) == 8
    assert (waves.warnings, waves.note) == ((), "made by a formula")
    assert waves.sha256 == "9bae20d623deea3fe873db15eac378517dd22037ba34ad6b9019b288915131e0"


def test_values_are_multiples_of_1_1024_so_that_every_machine_has_the_same() -> None:
    values = load("waves").train.inputs.astype(float) * 1024
    np.testing.assert_array_equal(values, np.round(values))


def test_the_parts_share_no_signal_and_less_noise_is_less() -> None:
    train, _ = signals(64, 0.0, "train")
    test, _ = signals(64, 0.0, "test")
    assert not np.isin(train[:, 0, 0], test[:, 0, 0]).all()
    quiet, noisy = load("waves(noise=0)"), load("waves(noise=1)")
    silent = quiet.classes.index("silence")
    assert not quiet.train.inputs[quiet.train.targets == silent].any()
    assert 0.95 < noisy.train.inputs[noisy.train.targets == silent].std() < 1.05


def test_each_kind_has_the_shape_of_its_name() -> None:
    x, kinds = signals(800, 0.0, "train")
    x, names = x[:, 0], load("waves").classes
    by_name = {name: x[kinds == i] for i, name in enumerate(names)}
    assert all(len(np.unique(np.abs(wave))) <= 2 for wave in by_name["square"])  # its strength, or nought
    crossings = {name: np.diff(wave > 0, axis=1) for name, wave in by_name.items()}
    early, late = ({name: c[:, part].sum() for name, c in crossings.items()}
                   for part in (slice(0, 60), slice(67, None)))  # fmt: skip
    assert late["rising"] > 1.5 * early["rising"]
    assert early["falling"] > 1.5 * late["falling"]
    assert 0.8 < early["sine"] / late["sine"] < 1.25
    jumps = {name: np.abs(np.diff(wave, axis=1)).max(axis=1).mean() for name, wave in by_name.items()}
    assert jumps["saw"] > 3 * jumps["sine"] > 3 * jumps["triangle"]
    assert np.abs(by_name["burst"][:, :4]).max() < 0.1 * np.abs(by_name["burst"]).max()
