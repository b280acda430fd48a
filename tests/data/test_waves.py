"""Signals computed by a formula."""

import numpy as np

from reluctant.data import load
from reluctant.data.waves import signals


def test_waves_have_their_first_content() -> None:
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
