"""Corrupted test images: each corruption by hand, the same for every activation, and what a record holds."""

import numpy as np
import pytest
import torch
from torch import Tensor

from reluctant.analysis.calibration import robust_accuracy
from reluctant.training.evaluation import STRENGTHS, corrupt, measure_robustness
from tests.support.small import digits, run, trained


def square() -> Tensor:
    """One white pixel in the middle of a black image of 9×9."""
    images = torch.zeros(64, 1, 9, 9)
    images[:, 0, 4, 4] = 1
    return images.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("kind", STRENGTHS)
def test_a_corruption_is_reproducible_and_grows_with_its_strength(kind: str) -> None:
    images = digits().test.inputs
    sizes = []
    for strength in STRENGTHS[kind]:
        torch.manual_seed(int(strength * 4))
        state = torch.get_rng_state()
        corrupted = corrupt(images, kind, strength, -0.4)
        assert torch.equal(corrupted, corrupt(images, kind, strength, -0.4))
        assert torch.equal(state, torch.get_rng_state())
        assert corrupted.shape == images.shape
        sizes.append(float((corrupted - images).norm()))
    assert sizes == sorted(sizes)
    assert sizes[0] > 0


def test_a_shift_moves_by_whole_pixels_in_eight_directions() -> None:
    shifted = corrupt(square(), "shift", 2)
    positions = {divmod(int(image.argmax()), 9) for image in shifted[:, 0]}
    assert positions == {(4 + 2 * y, 4 + 2 * x) for y in (-1, 0, 1) for x in (-1, 0, 1)} - {(4, 4)}
    assert torch.allclose(shifted.sum((1, 2, 3)), torch.ones(64), atol=1e-5)


def test_a_shift_brings_in_the_background() -> None:
    images = torch.full((8, 1, 9, 9), -0.4)
    assert torch.allclose(corrupt(images, "shift", 4, -0.4), images)


def test_a_rotation_goes_both_ways_around_the_middle() -> None:
    images = square()
    images[:, 0, 4, 7] = 2  # to the right of the middle
    rotated = corrupt(images, "rotation", 90)
    assert torch.allclose(rotated[:, 0, 4, 4], torch.ones(64), atol=1e-4)
    ups = (rotated[:, 0, 1, 4] > 1.9).sum()
    downs = (rotated[:, 0, 7, 4] > 1.9).sum()
    assert ups + downs == 64
    assert min(ups, downs) > 10


def test_a_blur_flattens_and_does_not_change_the_total() -> None:
    blurred = corrupt(square(), "blur", 1.0)
    assert torch.allclose(blurred.sum((1, 2, 3)), torch.ones(64), atol=0.02)
    bell = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    assert float(blurred[0, 0, 4, 4]) == pytest.approx((bell / bell.sum())[3] ** 2, rel=1e-5)


def test_noise_has_its_standard_deviation() -> None:
    images = torch.zeros(100, 1, 20, 20)
    assert float(corrupt(images, "noise", 0.5).std()) == pytest.approx(0.5, rel=0.02)


def test_a_record_has_calibration_and_optional_robustness() -> None:
    plain = trained(run(), digits(64)).record().final
    assert plain is not None
    assert plain.calibration is not None
    assert plain.robustness is None
    assert sum(plain.calibration.images) == 60
    full = trained(run(robustness=True), digits(64)).record().final
    assert full is not None
    assert full.robustness is not None
    assert full.calibration == plain.calibration
    assert {k: list(v) for k, v in full.robustness.items() if k != "images"} == {
        kind: [f"{s:g}" for s in strengths] for kind, strengths in STRENGTHS.items()
    }
    accuracies = robust_accuracy(full.robustness)
    assert all(0 <= share <= 1 for by_strength in accuracies.values() for share in by_strength.values())


def test_robustness_leaves_the_network_alone() -> None:
    training = trained(run("rrelu"), digits(64))
    before = {k: v.clone() for k, v in training.model.state_dict().items()}
    one = measure_robustness(training.model, training.data.test, -0.4)
    assert one == measure_robustness(training.model, training.data.test, -0.4)
    assert all(torch.equal(v, before[k]) for k, v in training.model.state_dict().items())
