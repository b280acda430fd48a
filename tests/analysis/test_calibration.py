"""Calibration, agreement of seeds and robustness: against arithmetic by hand and scikit-learn."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import brier_score_loss
from torch import Tensor, nn

from reluctant.analysis import ReportData
from reluctant.analysis.calibration import brier_score, churn, expected_calibration_error, robust_accuracy
from reluctant.records.parts import Calibration
from reluctant.study import Study
from reluctant.training.evaluation import BINS, calibration
from reluctant.training.tensors import TensorSplit
from tests.support.records import study_records


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
    stored = Calibration.read(calibration(Identity(), part))
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
    assert sum(stored.images) == 500
    assert sum(stored.right) == (predicted == labels).sum()


def test_brier_and_ece_are_scikit_learn_s_and_by_hand_for_two_classes() -> None:
    part = random_scores(classes=2)
    p = part.inputs.double().softmax(1)[:, 1].numpy()
    twice = 2 * brier_score_loss(part.targets.numpy(), p)  # scikit-learn counts one of the two classes
    assert brier_score(Calibration.read(calibration(Identity(), part))) == pytest.approx(twice, abs=1e-6)


def test_certain_and_right_is_perfect_and_certain_and_wrong_the_worst() -> None:
    sure = torch.eye(3)[torch.tensor([0, 1, 2, 0])] * 1000
    right, wrong = torch.tensor([0, 1, 2, 0]), torch.tensor([1, 2, 0, 1])
    for labels, ece, brier in ((right, 0, 0), (wrong, 1, 2)):
        stored = Calibration.read(calibration(Identity(), TensorSplit(sure, labels)))
        assert expected_calibration_error(stored) == pytest.approx(ece)
        assert brier_score(stored) == pytest.approx(brier)


def test_churn_by_hand() -> None:
    one, two, three = np.array([0, 1, 2, 3]), np.array([0, 1, 2, 0]), np.array([1, 1, 2, 0])
    assert churn([one, two, three]) == pytest.approx((1 / 4 + 2 / 4 + 1 / 4) / 3)
    assert churn([one, one]) == 0
    assert np.isnan(churn([one]))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    study = Study(activation=("relu", "elu"), epochs=2, robustness=True)
    lost = {("relu", seed): 1 for seed in range(5)}
    return ReportData.of(study_records(tmp_path_factory.mktemp("calibration"), study, lost))


def test_calibration_is_the_mean_over_seeds(data: ReportData) -> None:
    """The artificial networks are always 0.9 sure and right in 0.8 of the images."""
    calibrations = data.one_setting.calibrations
    assert list(calibrations) == ["elu"]  # of relu no run finished
    elu = calibrations["elu"]
    assert elu.error.n == 5
    assert [elu.error.mean, elu.brier.mean] == pytest.approx([0.1, 0.3])
    assert 0.85 < elu.churn < 0.95  # ten classes at random


def test_robustness_is_the_mean_over_seeds(data: ReportData) -> None:
    assert list(data.one_setting.robustness) == ["elu"]
    elu = data.one_setting.robustness["elu"]
    assert list(elu)[:3] == [("blur", "0.5"), ("blur", "1"), ("blur", "1.5")]
    assert [strength for kind, strength in elu if kind == "rotation"] == ["10", "20", "40"]
    assert elu["blur", "1.5"].mean == 0.25
    assert elu["blur", "1.5"].n == 5
    assert len(elu) == 12


def test_accuracy_is_the_share_of_right_images() -> None:
    stored = {"images": 200, "noise": {"0.5": 150, "1": 100}, "blur": {"1": 0}}
    assert robust_accuracy(stored) == {"noise": {"0.5": 0.75, "1": 0.5}, "blur": {"1": 0.0}}


@given(arrays(np.int64, st.tuples(st.integers(2, 6), st.integers(1, 8)), elements=st.integers(0, 3)))
def test_the_churn_is_the_mean_over_all_pairs_of_seeds(predictions: npt.NDArray[np.int64]) -> None:
    pairs = [float((one != other).mean()) for one, other in combinations(predictions, 2)]
    assert churn(list(predictions)) == pytest.approx(np.mean(pairs))
