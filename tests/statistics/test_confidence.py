"""Calibration, robustness and agreement: against arithmetic by hand, and equal for every activation."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant.analysis.calibration import brier_score, churn, expected_calibration_error, robust_accuracy
from reluctant.training.evaluation import BINS, calibration
from reluctant.training.robustness import STRENGTHS, corrupt, measure_robustness
from reluctant.training.tensors import TensorSplit
from tests.support.small import digits, run, trained


class Identity(nn.Module):
    """A network whose scores are its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def random_scores(n: int = 500, classes: int = 4) -> TensorSplit:
    rng = np.random.default_rng(3)
    return TensorSplit(
        torch.from_numpy(rng.normal(0, 2, (n, classes)).astype(np.float32)),
        torch.from_numpy(rng.integers(0, classes, n)),
    )


def test_ece_and_brier_are_those_of_the_definition() -> None:
    part = random_scores()
    stored = calibration(Identity(), part)
    scores, labels = part.inputs.double().numpy(), part.targets.numpy()
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    top, predicted = p.max(1), p.argmax(1)
    ece = 0.0
    for b in range(BINS):
        inside = (top > b / BINS) & (top <= (b + 1) / BINS)
        if inside.any():
            ece += inside.mean() * abs((predicted == labels)[inside].mean() - top[inside].mean())
    assert expected_calibration_error(stored) == pytest.approx(ece, abs=1e-6)
    assert brier_score(stored) == pytest.approx(((p - np.eye(4)[labels]) ** 2).sum(1).mean(), abs=1e-6)
    assert sum(stored["images"]) == 500
    assert sum(stored["right"]) == (predicted == labels).sum()


def test_brier_and_ece_are_scikit_learn_s_and_by_hand_for_two_classes() -> None:
    from sklearn.metrics import brier_score_loss

    part = random_scores(classes=2)
    p = part.inputs.double().softmax(1)[:, 1].numpy()
    twice = 2 * brier_score_loss(part.targets.numpy(), p)  # scikit-learn counts one of the two classes
    assert brier_score(calibration(Identity(), part)) == pytest.approx(twice, abs=1e-6)


def test_certain_and_right_is_perfect_and_certain_and_wrong_the_worst() -> None:
    sure = torch.eye(3)[torch.tensor([0, 1, 2, 0])] * 1000
    right, wrong = torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 1])
    for labels, ece, brier in ((right, 0, 0), (wrong, 1, 2)):
        stored = calibration(Identity(), TensorSplit(sure, labels))
        assert expected_calibration_error(stored) == pytest.approx(ece)
        assert brier_score(stored) == pytest.approx(brier)


def test_churn_by_hand() -> None:
    one, two, three = np.array([0, 1, 2, 3]), np.array([0, 1, 2, 0]), np.array([1, 1, 2, 0])
    assert churn([one, two, three]) == pytest.approx((1 / 4 + 2 / 4 + 1 / 4) / 3)
    assert churn([one, one]) == 0
    assert np.isnan(churn([one]))


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


def test_a_rotation_goes_both_ways_and_keeps_the_middle() -> None:
    images = square()
    images[:, 0, 4, 7] = 2  # to the right of the middle
    rotated = corrupt(images, "rotation", 90)
    assert torch.allclose(rotated[:, 0, 4, 4], torch.ones(64), atol=1e-4)
    ups = (rotated[:, 0, 1, 4] > 1.9).sum()
    downs = (rotated[:, 0, 7, 4] > 1.9).sum()
    assert ups + downs == 64
    assert min(ups, downs) > 10


def test_a_blur_keeps_the_total_and_flattens() -> None:
    blurred = corrupt(square(), "blur", 1.0)
    assert torch.allclose(blurred.sum((1, 2, 3)), torch.ones(64), atol=0.02)
    bell = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    assert float(blurred[0, 0, 4, 4]) == pytest.approx((bell / bell.sum())[3] ** 2, rel=1e-5)


def test_noise_has_its_standard_deviation() -> None:
    images = torch.zeros(100, 1, 20, 20)
    assert float(corrupt(images, "noise", 0.5).std()) == pytest.approx(0.5, rel=0.02)


def test_a_record_has_calibration_and_optional_robustness() -> None:
    plain = trained(run(), digits(64)).record()["final"]
    assert "robustness" not in plain
    assert sum(plain["calibration"]["images"]) == 60
    full = trained(run(robustness=True), digits(64)).record()
    assert full["final"]["calibration"] == plain["calibration"]
    assert {k: list(v) for k, v in full["final"]["robustness"].items() if k != "images"} == {
        kind: [f"{s:g}" for s in strengths] for kind, strengths in STRENGTHS.items()
    }
    accuracies = robust_accuracy(full["final"]["robustness"])
    assert all(0 <= share <= 1 for by_strength in accuracies.values() for share in by_strength.values())


def test_robustness_leaves_the_network_alone() -> None:
    training = trained(run("rrelu"), digits(64))
    before = {k: v.clone() for k, v in training.model.state_dict().items()}
    one = measure_robustness(training.model, training.data.test, -0.4)
    assert one == measure_robustness(training.model, training.data.test, -0.4)
    assert all(torch.equal(v, before[k]) for k, v in training.model.state_dict().items())
