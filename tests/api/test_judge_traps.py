"""What a table must not be taken for: names, units, keys, epochs and runs that mislead."""

import pandas as pd
import pytest

import reluctant
from reluctant.catalogue.reported import direction, reported_metric
from reluctant.core.errors import StudyError
from tests.support.run_tables import SEEDS, fault, runs, verdict


@pytest.mark.parametrize(
    ("name", "higher"),
    [
        ("val_top1_error", False), ("testAccuracy", True), ("metrics.eval_loss", False), ("macro_f1", True),
        ("perplexity", False), ("neg_mean_squared_error", None), ("loss_reduction", None), ("accuracy_drop", None),
        ("epochs_to_accuracy", None), ("acc_std", None), ("1-accuracy", None), ("points", None),
    ],
)  # fmt: skip
def test_the_direction_of_a_score_follows_from_its_name_or_is_asked(name: str, higher: bool | None) -> None:
    assert direction(name) is higher


@pytest.mark.parametrize(
    ("name", "values", "unit", "margin"),
    [
        ("accuracy", [0.9, 0.8], "share of 1", 0.002),
        ("test_acc", [75.0, 74.0, 1.0], "percent", 0.2),
        ("test_error", [0.1, 0.2], "share of 1", 0.002),
        ("position_error", [0.1, 0.2], "number", 0.0),
        ("position_error", [1.3, 1.2], "number", 0.0),
        ("wer", [0.3, 1.03], "share of 1", 0.002),
        ("loss", [0.3], "number", 0.0),
        ("bleu", [30.0], "number", 0.0),
        ("accuracy", [120.0], "number", 0.0),
        ("r2", [0.5], "share of variance explained", 0.01),
    ],
)
def test_only_known_shares_have_a_margin(name: str, values: list[float], unit: str, margin: float) -> None:
    metric = reported_metric(name, values)
    assert (metric.unit, metric.margin) == (unit, margin)
    other = reported_metric("accuracy", [0.5], higher=False)
    assert (other.unit, other.margin) == ("number", 0.0)  # turned round, it is no accuracy


def test_keys_are_compared_as_values() -> None:
    table = runs()
    table["seed"] = [*map(str, SEEDS), *(f"{seed:02d}" for seed in SEEDS)]
    assert verdict(table) == "better"
    twice = pd.concat([runs(), runs().iloc[:1].assign(seed="00")])
    assert "have the same activation = relu, seed = 0" in fault(twice.astype({"seed": str}))


def test_validation_and_test_scores_of_one_epoch_belong_together() -> None:
    rows = []
    for arm, seed in ((arm, seed) for arm in ("relu", "gelu") for seed in SEEDS):
        for epoch in range(1, 6):
            val = str([0, 0.1, 0.2, 0.9, 0.3][epoch - 1] + 0.001 * seed) if epoch < 5 else ""
            test = str(0.01 * epoch + 0.001 * seed + 0.001 * (arm == "gelu")) if epoch > 1 else ""
            rows.append({"activation": arm, "seed": seed, "epoch": epoch, "val_acc": val, "test_acc": test})
    best = reluctant.judge(pd.DataFrame(rows), score="test_acc", at="best").scores(at="best")
    assert best.loc["relu", 3] == pytest.approx(0.043)  # epoch 4 is best on validation


def test_runs_that_end_early_and_other_epochs_are_said_or_refused() -> None:
    curves = pd.concat([runs().assign(epoch=e) for e in (1, 2, 3)])
    short = curves[(curves["activation"] == "relu") | (curves["epoch"] < 3)]
    assert "runs end at different epochs (relu 3, gelu 2)" in " ".join(reluctant.judge(short).data.remarks)
    sparse = curves[(curves["activation"] == "relu") | (curves["epoch"] != 2)]
    with pytest.raises(StudyError, match="not measured at the same epochs"):
        reluctant.judge(sparse, at="mean").verdicts()
    assert "epoch is empty" in fault(curves.assign(epoch=["", *curves["epoch"].astype(str)[1:]]), epoch="epoch")


def test_unpaired_runs_with_epochs_are_told_apart() -> None:
    curves = pd.concat([runs().assign(epoch=e) for e in (3, 1, 2)])
    assert reluctant.judge(curves, paired=False).verdicts()["n"].tolist() == [8, 8]
    by_epoch = curves.sort_values("epoch").drop(columns="seed")
    assert "may be runs, or epochs of one run" in fault(by_epoch) or reluctant.judge(by_epoch).verdicts()["n"][0] == 8
    named = curves.assign(run_id=curves["activation"] + curves["seed"].astype(str)).drop(columns="seed")
    assert reluctant.judge(named).verdicts()["n"].tolist() == [8, 8]
    one_row = runs().assign(epoch=range(16)).drop(columns="seed")
    with pytest.raises(StudyError, match="may be runs, or epochs"):
        reluctant.judge(one_row)


def test_a_column_of_the_same_name_as_ours_is_no_control() -> None:
    table = runs(control=[0] * 8 + [1] * 8, split="valid")
    assert verdict(table) == "better"


def test_runs_of_which_none_has_finished_are_refused() -> None:
    assert "no run of the table has finished" in fault(runs(state="running"))
    assert verdict(runs(status="early_stopped")) == "better"


def test_a_configuration_that_differs_within_pairs_is_said() -> None:
    table = runs()
    table["lr"] = [0.1] * 8 + [0.01] * 7 + [0.1]
    assert "the arms differ in lr as well" in " ".join(reluctant.judge(table).data.remarks)
    table["lr"] = ["mnist"] * 8 + ["cifar"] * 8
    assert "the arms differ in lr as well" in " ".join(reluctant.judge(table).data.remarks)
