"""Arrays and datasets of PyTorch that users have: each gives its true values or one clear message."""

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from reluctant.core.errors import ReluctantError
from reluctant.data import from_data
from tests.support.wild_inputs import ROWS, Items, all_inputs, all_targets


def test_julian_dates_to_predict_keep_their_digits() -> None:
    """The moment of an eclipse as a Julian date, to be predicted within hours; float32 has steps of six hours."""
    inputs = np.random.default_rng(17).normal(size=(ROWS, 3))
    moments = 2459580.5 + np.linspace(0.0, 0.4, ROWS)
    data = from_data((inputs, moments))
    np.testing.assert_allclose(np.sort(all_targets(data).ravel().astype(float)), moments, rtol=0, atol=1e-3)


def test_labels_of_bytes_are_texts() -> None:
    """h5py and scipy.io give texts as bytes; the classes are cat and dog, not b'cat' and b'dog'."""
    labels = np.array([b"cat", b"dog"] * (ROWS // 2))
    noise = np.random.default_rng(17).normal(size=(ROWS, 1)) / 100
    inputs = np.where(labels == b"cat", 1.0, 2.0)[:, None] + noise
    data = from_data((inputs.astype("float32"), labels))
    assert data.classes == ("cat", "dog")
    assert (all_targets(data) == (all_inputs(data)[:, 0] > 1.5)).all()


def test_complex_spectra_are_refused() -> None:
    """torch.stft gives complex numbers; the imaginary part of a sound must not disappear silently."""
    waves = torch.randn(ROWS, 64, generator=torch.Generator().manual_seed(1))
    spectra = torch.stft(waves, n_fft=16, window=torch.hann_window(16), return_complex=True)
    with pytest.raises(ReluctantError, match="complex64; give their magnitude, or real and imaginary part"):
        from_data(Items([(spectra[number], number % 2) for number in range(ROWS)]))


def test_embeddings_in_bfloat16_with_a_gradient_are_read() -> None:
    """Embeddings that a language model computed without torch.no_grad(): bfloat16, with requires_grad."""
    values = torch.arange(ROWS * 4).reshape(ROWS, 4) % 128
    embeddings = values.to(torch.bfloat16).requires_grad_()
    data = from_data(TensorDataset(embeddings, torch.arange(ROWS) % 2))
    assert sorted(all_inputs(data).tolist()) == sorted(values.double().tolist())


def test_pictures_with_their_channels_last_are_refused() -> None:
    """CIFAR10.data of torchvision holds bytes as (height, width, 3): not 32 channels of 32 by 3 pixels."""
    pictures = np.random.default_rng(17).integers(0, 256, size=(ROWS, 32, 32, 3), dtype=np.uint8)
    with pytest.raises(ReluctantError, match="have their channels last"):
        from_data(Items([(pictures[number], number % 10) for number in range(ROWS)]))
