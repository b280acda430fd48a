"""Tasks: numbers to predict, many classes, and what is refused before training."""

import copy
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference
import torch
from numpy.testing import assert_array_equal
from torch import nn

import reluctant
from reluctant.api.results import Results
from reluctant.catalogue.metrics import MOST, score_from_counts, stored_counts
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.data import Dataset, from_data
from reluctant.models.build import build
from reluctant.models.keywords import shape_keywords
from reluctant.records.parts import Json, Sums
from reluctant.records.schema import RunRecord
from reluctant.records.store import Store
from reluctant.statistics import jackknife_variance
from reluctant.study import Run, Study
from reluctant.tasks import Classification, Regression
from reluctant.training import Training, clear_data_cache, preflight, prepare
from reluctant.verification.folder import verify_folders
from tests.support.own_models import ReturnsDict

RNG = np.random.default_rng(3)
X = RNG.normal(size=(150, 5)).astype("float32")
NUMBERS = np.stack([100 + 30 * X[:, 0] - 10 * X[:, 1], X[:, 2] / 1000], axis=1)
MANY = np.arange(150) % 25
MLP = "mlp(widths='8')"


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


def numbers() -> Dataset:
    return from_data((X[:120], NUMBERS[:120], X[120:], NUMBERS[120:]))


def many() -> Dataset:
    return from_data((X[:120], MANY[:120], X[120:], MANY[120:]))


def trained(data: Dataset, **more: Any) -> Training:
    training = Training(Run("relu", model=MLP, epochs=2, **more), prepare(data, 0.8))
    list(training)
    return training


def sums_of(record: RunRecord, epoch: int) -> Sums:
    """The sums of the test split after an epoch."""
    sums = record.epochs[epoch].sums
    assert sums is not None
    return sums.test


class TestNumbers:
    def test_stored_sums_give_the_scores_of_scikit_learn(self) -> None:
        training = trained(numbers())
        predicted = training.model.eval()(training.data.test.inputs).detach().double().numpy()
        assert isinstance(training.task, Regression)
        in_units = predicted * training.task.std + training.task.mean
        sums = np.array(sums_of(training.record(), -1))
        for name, theirs in (("r2", reference.r2_score), ("rmse", reference.root_mean_squared_error),
                             ("mae", reference.mean_absolute_error)):  # fmt: skip
            assert score_from_counts(sums, name) == pytest.approx(theirs(NUMBERS[120:], in_units), rel=1e-5)

    def test_the_loss_is_the_squared_error_of_standardised_targets(self) -> None:
        training = trained(numbers())
        data, task = training.data, training.task
        out = training.model.eval()(data.valid.inputs).detach()
        expected = float(nn.functional.mse_loss(out, data.valid.targets))
        assert training.record().epochs[-1].loss.valid == pytest.approx(expected, rel=1e-6)
        assert data.train.targets.mean(dim=0).tolist() == pytest.approx([0, 0], abs=1e-6)
        assert data.train.targets.std(dim=0, correction=0).tolist() == pytest.approx([1, 1], rel=1e-5)
        assert task.outputs == 2

    def test_units_change_no_weight(self) -> None:
        data = numbers()
        scaled = from_data((X[:120], NUMBERS[:120] * 1024, X[120:], NUMBERS[120:] * 1024))
        one, other = trained(data).record(), trained(scaled).record()
        assert one.weights == other.weights
        assert np.array(sums_of(other, 0))[1] == pytest.approx(1024 * np.array(sums_of(one, 0))[1])

    def test_one_output_may_lack_its_axis(self) -> None:
        task = Regression()
        out, targets = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([[1.0], [0.0], [4.0]])
        assert float(task.loss(out, targets)) == pytest.approx(4 / 3)
        assert float(task.loss_sum(out, targets)) == pytest.approx(4)
        assert task.output_error(out, targets) == ""
        assert "returns shape (3, 2) for 3 inputs; expected (3, 1)" in task.output_error(torch.zeros(3, 2), targets)

    def test_an_interrupted_run_ends_with_the_same_numbers(self) -> None:
        run, data = Run("relu", model=MLP, epochs=3), prepare(numbers(), 0.8)
        complete = Training(run, data)
        list(complete)
        half = Training(run, data)
        next(iter(half))
        rest = Training(run, data)
        rest.load_state_dict(half.state_dict())
        list(rest)
        assert rest.record().weights == complete.record().weights
        assert rest.record().test_predictions == complete.record().test_predictions

    def test_convnet_gives_plain_numbers(self) -> None:
        images = torch.randn(2, 1, 22, 22)
        plain = build("convnet", "relu", (1, 22, 22), 3, task="regression").eval()(images)
        assert not torch.allclose(plain.exp().sum(dim=1), torch.ones(2))


class TestManyClasses:
    def test_three_rows_are_stored_and_the_matrix_at_the_end(self) -> None:
        record = trained(many()).record()
        assert record.final is not None
        assert np.array(record.epochs[0].counts.train).shape == (3, 25)
        matrix = np.array(record.final.test_confusion)
        assert matrix.shape == (25, 25)
        assert stored_counts(matrix).tolist() == record.epochs[-1].counts.test
        assert np.array(record.final.confusion).shape == (3, 25)

    def test_up_to_twenty_classes_have_matrices(self) -> None:
        record = trained(from_data((X, np.arange(150) % MOST))).record()
        assert np.array(record.epochs[0].counts.test).shape == (MOST, MOST)
        assert "test_confusion" not in record.to_json()["final"]


@pytest.fixture(params=["numbers", "many"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A finished study of either kind."""
    data, task = (numbers(), "regression") if request.param == "numbers" else (many(), "classification")
    name = register_object(f"data_{request.param}", data)
    study = Study(activation=["relu", "tanh"], dataset=name, model=MLP, epochs=2, seed=[0, 1], task=task)
    reluctant.run(study, tmp_path / "out", engine="serial")
    return tmp_path / "out"


def test_a_study_of_either_kind_is_read_scored_and_verified(folder: Path) -> None:
    results = Results.read(folder)
    task, name = results.study.task, results.study.compare.metric
    assert name == ("r2" if task == "regression" else "f1")
    for result in results:
        assert result.truth is not None
        assert result.truth.shape == result.predictions.shape
        assert result.task == task
    assert np.isfinite(results.scores().to_numpy()).all()
    without = {(result.arm, result.seed): np.array(result.without_groups(name, 5)) for result in results}
    differences = [without["tanh", seed] - without["relu", seed] for seed in (0, 1)]
    assert jackknife_variance(np.mean(differences, axis=0)) > 0
    assert verify_folders(folder).contradictions == ()


def test_a_group_left_out_is_a_score_without_it(folder: Path) -> None:
    results = Results.read(folder)
    result, name = results.records.runs[0], results.study.compare.metric
    truth, without_groups = result.truth, result.without_groups(name, 5)
    assert truth is not None
    assert without_groups is not None
    remaining = np.arange(len(truth)) % 5 != 2
    if results.study.task == "regression":
        expected = reference.r2_score(truth[remaining], result.predictions[remaining])
    else:
        expected = reference.f1_score(truth[remaining], result.predictions[remaining], average="macro",
                                      labels=range(25), zero_division=0)  # fmt: skip
    assert without_groups[2] == pytest.approx(expected, rel=1e-9)


FORGED: dict[str, list[tuple[Callable[[Json], None], str]]] = {
    "numbers": [
        (lambda r: r["epochs"][1]["sums"]["test"][2].__setitem__(0, 1e9), "give other squared errors"),
        (lambda r: r["epochs"][1]["sums"]["valid"][0].__setitem__(0, 7.0), "are not a table of sums"),
        (lambda r: r["epochs"][1]["sums"]["valid"][3].__setitem__(0, 1.0), "are of other targets"),
        (lambda r: r["epochs"][0]["sums"]["valid"][1].__setitem__(0, 1e9), "errors are larger than squares"),
    ],
    "many": [
        (lambda r: r["epochs"][1]["confusion"]["test"][0].__setitem__(0, 99), "is no square table of counts"),
        (lambda r: r["final"]["test_confusion"][3].__setitem__(3, 50), "its whole test matrix counts"),
    ],
}


def test_a_forged_record_is_found(folder: Path) -> None:
    kind = "numbers" if Results.read(folder).study.task == "regression" else "many"
    store = Store(folder / "runs")
    key = next(iter(store))
    content = store.content(key)
    for forge, words in FORGED[kind]:
        forged = copy.deepcopy(content)
        forge(forged)
        store.add(key, forged)
        assert any(words in str(finding) for finding in verify_folders(folder).findings), words


REFUSED: list[tuple[dict[str, Any], Any, str]] = [
    ({}, numbers, "holds numbers to predict, and the study's task is classification; write task = 'reg"),
    ({"task": "regression"}, many, "holds classes, and the study's task is regression; write task = 'class"),
    ({"task": "regression", "robustness": True}, numbers, "robustness is measured on corrupted images"),
    ({"task": "regression", "label_smoothing": 0.1}, numbers, "label_smoothing is for classes"),
    ({"model": "convnet"}, many, r"takes images \(channels, height, width\)"),
    ({"model": "tests.support.own_models:ReturnsDict"}, many, "returns dict; expected a tensor"),
    ({"augment": "flip"}, many, "flip"),
]


@pytest.mark.parametrize(("fields", "data", "message"), REFUSED)
def test_impossible_studies_are_refused_before_training(fields: dict[str, Any], data: Any, message: str) -> None:
    name = register_object("data_refused", data())
    study = Study(**{"activation": "relu", "model": MLP, "dataset": name, **fields})
    clear_data_cache()
    with pytest.raises(ReluctantError, match=message):
        preflight(study)


def test_metrics_of_another_task_are_refused() -> None:
    with pytest.raises(StudyError, match="f1 is no metric of regression; these are: r2, rmse, mae, loss"):
        Study(activation="relu", task="regression", compare={"metric": "f1"})
    with pytest.raises(StudyError, match="claim 'x': rmse is no metric of classification"):
        Study(activation=["relu", "elu"],
              claim=[{"says": "x", "is": "lowest", "of": "elu", "metric": "rmse"}])  # fmt: skip
    study = Study(activation="relu", task="regression")
    assert Study(**tomllib.loads(study.to_toml())) == study


def test_label_smoothing_is_that_of_pytorch() -> None:
    scores, labels = torch.randn(4, 3), torch.tensor([0, 2, 1, 1])
    loss = Classification(3).loss(scores, labels, 0.1)
    assert loss == nn.CrossEntropyLoss(label_smoothing=0.1)(scores, labels)
    assert trained(many(), label_smoothing=0.3).record().weights != trained(many()).record().weights


def test_factories_receive_sizes_under_their_own_keywords() -> None:
    assert shape_keywords((7,), 3)["in_features"] == 7
    assert "in_channels" not in shape_keywords((7,), 3)
    assert shape_keywords((2, 8, 8), 3)["in_chans"] == 2
    assert shape_keywords((2, 8, 8), 3)["num_classes"] == 3
    net = build("tests.support.own_models:ReturnsDict", "gelu", (5,), 3)
    assert isinstance(net, ReturnsDict)
    assert net.layer.in_features == 5
    assert net.last.out_features == 3


def test_targets_far_from_zero_are_scored_in_double_precision(tmp_path: Path) -> None:
    y = 1e6 + 10 * X[:, :1].astype(float)
    name = register_object("far", from_data((X[:120], y[:120], X[120:], y[120:])))
    study = Study(activation="relu", dataset=name, model=MLP, epochs=1, seed=0, task="regression")
    (result,) = reluctant.run(study, tmp_path / "out", engine="serial")
    assert result.truth is not None
    assert np.abs(result.truth - y[120:]).max() < 1e-4  # single precision alone would be off by 0.03
    assert_array_equal(np.abs(result.predictions - result.truth).sum(axis=0), result.counts["test"][-1][1])
    assert verify_folders(tmp_path / "out").contradictions == ()
