"""What a training of the user's own is given for an arm, and what becomes of the scores that it reports."""

from pathlib import Path
from typing import Any

import pytest

import reluctant
from reluctant import Study, StudyError
from tests.support import own_training
from tests.support.own_training import compared

pytestmark = pytest.mark.usefixtures("own_session")


def test_a_copy_of_what_was_given_reaches_every_run() -> None:
    def train(trial: reluctant.Trial) -> float:
        options: Any = trial.value
        rate = options.pop("lr")  # a run may change what it gets
        return float(rate + 0.01 * trial.seed)

    results = compared(train, {"a": {"lr": 0.1}, "b": {"lr": 0.2}})
    assert results.scores().loc["b"].tolist() == pytest.approx([0.2, 0.21, 0.22])


def test_an_arm_has_the_value_of_its_mapping_whatever_it_is() -> None:

    def train(trial: reluctant.Trial) -> float:
        Path(f"{trial.arm}.txt").write_text(repr(trial.value))
        return 0.1 * trial.seed + len(trial.arm)

    compared(train, {"plain": None, "clip": 1.0, "text": "adam"})
    assert [Path(f"{arm}.txt").read_text() for arm in ("plain", "clip", "text")] == ["None", "1.0", "'adam'"]
    with pytest.raises(StudyError, match="the code of arm text is not the code"):
        compared(train, {"plain": None, "clip": 1.0, "text": "sgd"})
    for arms in ({"first": "adam", "second": "sgd"}, {"a": 1, "b": 2}):
        with pytest.raises(StudyError, match="knows arms by name alone"):
            compared("tests.support.own_training:traces", arms, folder="b")
    for arms in ({"ReLU": "gelu", "GELU": "tanh"}, {"mine": "relu", "yours": "gelu"}):
        with pytest.raises(StudyError, match="has a name of its own"):
            compared(train, arms, folder="c")
    with pytest.raises(StudyError, match="did you mean 'gelu'"):
        compared(train, ["gelu", "relu", "geluu"], folder="d")


def test_one_seed_stays_one_seed() -> None:
    for _ in range(2):
        compared(own_training.traces, seeds=1)
    assert len(Path("calls.txt").read_text().splitlines()) == 2


def test_scores_of_one_epoch_belong_together_and_epochs_do_not_go_back() -> None:
    def train(trial: reluctant.Trial) -> None:
        for epoch in (1, 2):
            trial.report(epoch=epoch, accuracy=0.1 * epoch + 0.01 * trial.seed + 0.001 * len(trial.arm))
            trial.report(epoch=epoch, seconds=1.0)

    assert compared(train).scores("accuracy").loc["gelu", 1] == pytest.approx(0.214)

    def back(trial: reluctant.Trial) -> None:
        for epoch in (3, 1):
            trial.report(epoch=epoch, accuracy=0.5)

    with pytest.raises(StudyError, match="epoch 1 comes after epoch 3; report epochs in order"):
        compared(back, folder="back")


def test_a_metric_that_decides_nothing_may_be_lost() -> None:
    def train(trial: reluctant.Trial) -> dict[str, float]:
        return {"accuracy": 0.5 + 0.01 * trial.seed + 0.001 * len(trial.arm), "val_auc": float("nan")}

    results = compared(train)
    assert results.verdicts()["n"].tolist() == [3, 3]
    assert results.scores("val_auc").isna().all(axis=None)


def test_a_metric_that_is_not_reported_stops_after_one_run_and_can_be_mended() -> None:
    with pytest.raises(StudyError) as error:
        compared(own_training.line, metric="acuracy")
    assert "choose one of these: metric = 'accuracy'" in str(error.value)
    assert "no more runs were started" in str(error.value)
    assert compared(own_training.line, metric="accuracy").verdicts()["n"].tolist() == [3, 3]


def test_what_other_code_left_is_not_continued(tmp_path: Path) -> None:
    from reluctant.study import Run

    run = Run("relu", 0, train="tests.support.own_training:resumable")
    left = tmp_path / "out/checkpoints" / run.key
    left.mkdir(parents=True)
    (left / "reports.jsonl").write_text('{"epoch": 1, "seconds": 1.0, "scores": {"accuracy": 9.0}}\n')
    (left / "code.sha256").write_text("of other code")
    (left / "state.txt").write_text("1 1")
    (tmp_path / "out/study.toml").write_text(
        Study(activation=["relu", "gelu"], seed=[0, 1, 2], train=run.train, name="resumable").to_toml()
    )
    results = compared(run.train)
    assert results.curves("accuracy").shape == (6, 6)
    assert results.curves("accuracy").max(axis=None) < 1


def test_rounded_scores_have_a_resolution() -> None:
    def train(trial: reluctant.Trial) -> dict[str, float]:
        return {"accuracy": round([0.91, 0.92, 0.93][trial.seed] + 0.01 * (trial.arm == "gelu"), 2)}

    assert compared(train).data.scores.resolution("accuracy") == pytest.approx(0.01)
