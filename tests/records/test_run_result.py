"""The record of one run as arrays: scores, curves and predictions that follow from it, by hand."""

import base64

import numpy as np
import pytest
from sklearn.metrics import f1_score

from reluctant.catalogue.metrics import MOST, SPLITS
from reluctant.records.parts import EpochRecord
from reluctant.records.probe_table import COUNTS
from reluctant.records.run_result import RunResult
from reluctant.records.schema import RunRecord
from reluctant.records.stored_arrays import classes_from_base64, numbers_from_base64
from reluctant.study import Run
from tests.support.records import record, without_probes
from tests.support.regressed import ERRORS, regression_record, targets
from tests.support.scored import scored_record


def scored(*curve: float, losses: list[float] | None = None, planned: int = 0, stopped: int = 0) -> RunResult:
    """A result with this curve of accuracies, each of a thousand images."""
    run = Run("relu", epochs=planned or len(curve))
    return RunResult.of(scored_record(run, curve, losses, stopped=stopped or None))


def f1_by_hand(matrix: list[list[int]]) -> float:
    counts = np.array(matrix)
    true, predicted = (each.ravel().repeat(counts.ravel()) for each in np.indices(counts.shape))
    return float(f1_score(true, predicted, average="macro", zero_division=0))


def test_a_result_holds_what_its_record_holds() -> None:
    stored = record(Run("relu", 3, epochs=3))
    result = RunResult.of(stored)
    assert (result.arm, result.seed, result.epochs, result.diverged) == ("relu", 3, 3, None)
    assert result.value("lr") == 0.001
    for split in SPLITS:
        assert result.loss[split].tolist() == [getattr(epoch.loss, split) for epoch in stored.epochs]
        expected = [f1_by_hand(getattr(epoch.counts, split)) for epoch in stored.epochs]
        assert result.curve("f1", split) == pytest.approx(expected, abs=1e-12)
        assert result.score("f1", split) == pytest.approx(expected[-1], abs=1e-12)
    assert result.score("loss") == stored.epochs[-1].loss.test
    assert result.seconds["train"].tolist() == [3.0] * 3
    assert result.seconds_per_epoch() == 3.0
    assert result.record.epochs == []
    assert result.record.start is None
    assert result.record.final == stored.final


def test_a_diverged_run_has_no_final_score_and_keeps_its_curve() -> None:
    result = RunResult.of(record(Run("relu", epochs=5), diverged=3))
    assert np.isnan(result.score("f1"))
    assert np.isnan(result.epochs_to_converge("f1"))
    assert np.isnan(result.generalisation_gap("f1"))
    assert len(result.curve("f1")) == result.epochs == 2
    at_once = RunResult.of(record(Run("relu", epochs=5), diverged=1))
    assert np.isnan(at_once.score("loss"))
    assert np.isnan(at_once.seconds_per_epoch())
    assert at_once.curve("f1").shape == (0,)
    assert at_once.resolution("f1") == 0


def test_the_score_that_counts_may_be_the_last_the_best_or_the_mean() -> None:
    result = scored(0.5, 0.9, 0.9, 0.7)
    assert result.score("accuracy") == 0.7
    assert result.best_epoch("accuracy") == 1  # the first of equals, on validation
    assert result.score("accuracy", at="best") == 0.9
    assert result.score("accuracy", at="mean") == pytest.approx(0.75)
    losses = scored(0.5, 0.5, 0.5, losses=[0.3, 0.1, 0.2])
    assert losses.score("loss", at="best") == 0.1


def test_a_run_that_stopped_early_keeps_its_last_value() -> None:
    result = scored(0.5, 0.9, 0.8, planned=5, stopped=3)
    assert result.curve("accuracy").tolist() == [0.5, 0.9, 0.8]
    assert result.full_curve("accuracy").tolist() == [0.5, 0.9, 0.8, 0.8, 0.8]
    assert result.score("accuracy", at="mean") == pytest.approx((0.5 + 0.9 + 3 * 0.8) / 5)


def test_convergence_is_measured_on_the_run_s_own_way() -> None:
    assert scored(0.5, 0.7, 0.9, 1.0).epochs_to_converge("accuracy") == pytest.approx(3.5)  # 0.95 is half-way
    assert scored(0.9, 0.9, 0.9, 0.9).epochs_to_converge("accuracy") == 1.0
    falling = scored(0.5, 0.5, 0.5, losses=[1.0, 0.5, 0.0])
    assert falling.epochs_to_converge("loss") == pytest.approx(2.8)


def test_epochs_to_reach_a_target_lie_on_a_line_between_epochs() -> None:
    result = scored(0.5, 0.9, 0.7)
    assert result.epochs_to_reach("accuracy", 0.75) == pytest.approx(1 + 0.25 / 0.4)
    assert result.epochs_to_reach("accuracy", 0.5) == 1.0
    assert result.epochs_to_reach("accuracy", 0.95) == np.inf
    assert scored(0.5, 0.5, losses=[1.0, 0.2]).epochs_to_reach("loss", 0.6) == pytest.approx(1.5)


def test_a_score_moves_in_steps_of_one_image() -> None:
    result = RunResult.of(record(Run("relu", epochs=1), images=200))
    assert result.resolution("accuracy") == 1 / 200
    assert result.resolution("loss") == 0


def test_the_generalisation_gap_is_train_minus_test() -> None:
    stored = record(Run("relu", epochs=2))
    result = RunResult.of(stored)
    assert stored.final is not None
    assert stored.final.confusion is not None
    assert result.generalisation_gap("f1") == pytest.approx(f1_by_hand(stored.final.confusion) - result.score("f1"))
    assert result.generalisation_gap("loss") == pytest.approx(0.05 - result.score("loss"))


def test_predictions_are_bytes_and_pairs_of_bytes_above_256_classes() -> None:
    labels = np.array([0, 3, 255, 7])
    text = base64.b64encode(labels.astype(np.uint8).tobytes()).decode()
    assert classes_from_base64(text, 256).tolist() == labels.tolist()
    many = np.array([0, 256, 999])
    text = base64.b64encode(many.astype("<u2").tobytes()).decode()
    assert classes_from_base64(text, 1000).tolist() == many.tolist()
    stored = record(Run("relu", epochs=1))
    expected = list(base64.b64decode(stored.test_predictions))
    assert RunResult.of(stored).predictions.tolist() == expected


def test_scores_without_groups_are_those_of_the_other_images() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    matrix = np.bincount(truth * 4 + predicted, minlength=16).reshape(4, 4).tolist()
    confusion = dict.fromkeys(SPLITS, matrix)
    epoch = {"epoch": 1, "seconds": {"train": 1, "evaluate": 1}, "loss": dict.fromkeys(SPLITS, 1.0)}
    stored = record(Run("relu", epochs=1)).model_copy(
        update={
            "epochs": [EpochRecord.read({**epoch, "confusion": confusion})],
            "test_predictions": base64.b64encode(predicted.astype(np.uint8).tobytes()).decode(),
        }
    )
    without = RunResult.of(stored, truth).without_groups("f1", 5)
    assert without is not None
    for group, score in enumerate(without):
        rest = np.arange(300) % 5 != group
        assert score == pytest.approx(f1_score(truth[rest], predicted[rest], average="macro"))
    assert RunResult.of(stored, truth).without_groups("loss", 5) is None
    assert RunResult.of(stored, truth).without_groups("f1", 200) is None  # under two images a group
    assert RunResult.of(stored).without_groups("f1", 5) is None
    for other in (truth[:-1], truth + 1):  # targets that do not belong to these predictions
        assert RunResult.of(stored, other).without_groups("f1", 5) is None


def test_above_20_classes_the_matrix_is_that_of_the_last_epoch_alone() -> None:
    classes = MOST + 1
    rows = [[1] * classes, [2] * classes, [2] * classes]  # hits, predictions, truths
    whole = np.ones((classes, classes), int).tolist()
    content = record(Run("relu", epochs=1)).to_json()
    content["epochs"][0]["confusion"] = dict.fromkeys(SPLITS, rows)
    content["final"] |= {"confusion": rows, "test_confusion": whole}
    result = RunResult.of(RunRecord.read(content))
    assert result.score("accuracy") == 0.5
    matrix = result.matrix()
    assert matrix is not None
    assert matrix.tolist() == whole
    assert result.matrix("train") is None
    ten = RunResult.of(record(Run("relu", epochs=1))).matrix("train")
    assert ten is not None
    assert ten.shape == (10, 10)


def test_numbers_are_scored_by_their_sums() -> None:
    result = RunResult.of(regression_record(Run("gelu", 1, dataset="diabetes", epochs=4)), targets())
    errors = result.predictions - targets()
    assert result.task == "regression"
    assert result.score("rmse") == pytest.approx(np.sqrt((errors**2).mean()))
    assert result.score("mae") == pytest.approx(np.abs(errors).mean())
    assert result.score("rmse") == pytest.approx(ERRORS["gelu"], rel=0.2)
    assert result.resolution("rmse") == 0
    assert result.matrix() is None
    without = result.without_groups("rmse", 10)
    assert without is not None
    rest = errors[np.arange(200) % 10 != 3]
    assert without[3] == pytest.approx(np.sqrt((rest**2).mean()))


def test_numbers_are_little_endian_float64() -> None:
    values = np.array([[1.5, -2.0], [0.25, 3.0]])
    text = base64.b64encode(values.astype("<f8").tobytes()).decode()
    assert numbers_from_base64(text, 2).tolist() == values.tolist()


def test_what_a_procedure_adds_to_an_epoch_is_there() -> None:
    content = record(Run("relu", epochs=2)).to_json()
    content["epochs"][1]["mine"] = 3
    additions = RunResult.of(RunRecord.read(content)).additions
    assert [dict(each) for each in additions] == [{}, {"mine": 3}]


def test_probes_are_arrays_over_snapshots_and_sites() -> None:
    stored = record(Run("relu", epochs=2))
    table = RunResult.of(stored).probes
    assert table is not None
    assert sorted(table.sites) == ["activation", "blocks.0.activation", "blocks.1.activation"]
    site = table.sites.index("activation")
    assert table.counts["dead"].shape == (3, 3)
    assert table.counts["dead"][:, site].tolist() == [0, 32, 32]
    assert table.share("dead")[:, site].tolist() == [0, 0.25, 0.25]
    assert set(table.counts) == set(COUNTS)
    assert table.histograms.sum(axis=-1) == pytest.approx(np.ones((2, 2, 3)))
    conv = table.layers.index("blocks.0.conv")
    assert table.norms["gradient"][:, conv].tolist() == pytest.approx([0.02, 0.01, 0.02 / 3])
    assert table.norms["weight"][:, conv].tolist() == [2.0] * 3
    assert table.norms["update"][:, conv].tolist() == [0.0, 0.5, 0.25]


def test_a_record_without_probes_has_no_table_of_them() -> None:
    content = record(Run("relu", epochs=2)).to_json()
    without_probes(content)
    result = RunResult.of(RunRecord.read(content))
    assert result.probes is None
    assert result.epochs == 2
