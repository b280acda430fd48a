"""The Trainer of transformers trains the runs of a study; the scores are what it evaluated."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

import reluctant
from reluctant.integrations.huggingface import Report
from reluctant.trials.trial import Trial
from tests.support.own_training import reports_of
from tests.support.recorded_trial import RecordedTrial

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


class Words(Dataset[dict[str, Tensor]]):
    """Sequences of eight words; the class says whether word 1 is among them."""

    def __init__(self, seed: int, size: int = 64) -> None:
        self.words = torch.randint(1, 12, (size, 8), generator=torch.Generator().manual_seed(seed))

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"input_ids": self.words[index], "labels": (self.words[index] == 1).any().long()}


def accuracy(predicted: Any) -> dict[str, float]:
    return {"accuracy": float((predicted.predictions.argmax(-1) == predicted.label_ids).mean())}


def trainer_of(trial: Any, activation: str, **arguments: Any) -> Trainer:
    config = BertConfig(
        vocab_size=12, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=8, hidden_act=activation,
    )  # fmt: skip
    values: dict[str, Any] = {
        "output_dir": "trainer", "num_train_epochs": 2, "per_device_train_batch_size": 16, "learning_rate": 0.01,
        "use_cpu": True, "report_to": "none", "save_strategy": "no", "seed": trial.seed, "eval_strategy": "epoch",
        "disable_tqdm": True, **arguments,
    }  # fmt: skip
    return Trainer(
        BertForSequenceClassification(config), TrainingArguments(**values), train_dataset=Words(1),
        eval_dataset=Words(2), compute_metrics=accuracy, callbacks=[Report(trial)],
    )  # fmt: skip


def train_bert(trial: Trial) -> None:
    trainer = trainer_of(trial, trial.activation.name)
    trainer.train()
    trainer.evaluate(Words(3, 200), metric_key_prefix="test")
    (Path("noted") / f"{trial.arm}-{trial.seed}.json").write_text(json.dumps(trainer.state.log_history))


@pytest.mark.parametrize("engine", ["serial", "local"])
def test_a_model_is_compared_by_what_its_trainer_evaluates(in_folder: Path, engine: str) -> None:
    options: dict[str, Any] = {"engine": engine} | ({"workers": 1} if engine == "local" else {})
    results = reluctant.compare(["gelu", "relu"], train=train_bert, seeds=2, folder="one", **options)
    reports = reports_of(results)
    assert len(reports) == 4
    for name, epochs in reports.items():
        assert [epoch for epoch, _ in epochs] == [1, 2]
        assert set(epochs[0][1]) == {"eval_loss", "eval_accuracy"}
        log = json.loads((in_folder / "noted" / f"{name}.json").read_text())
        assert [scores["eval_loss"] for _, scores in epochs] == [e["eval_loss"] for e in log if "eval_loss" in e]
        assert [epochs[1][1]["test_accuracy"]] == [e["test_accuracy"] for e in log if "test_accuracy" in e]
    assert len({epochs[1][1]["eval_loss"] for epochs in reports.values()}) == 4
    scores = results.scores("test_accuracy")
    assert scores.loc["relu", 1] == reports["relu-1"][1][1]["test_accuracy"]
    assert set(results.data.scores.metrics) == {"test_accuracy", "test_loss", "eval_accuracy", "eval_loss"}
    if engine == "serial":
        again = reluctant.compare(["gelu", "relu"], train=train_bert, seeds=2, folder="two", engine="serial")
        assert reports_of(again) == reports


def trained(trial: Trial, *, resume: str | None = None, **arguments: Any) -> Trainer:
    torch.manual_seed(0)
    trainer = trainer_of(trial, "gelu", **arguments)
    trainer.train(resume_from_checkpoint=resume)
    return trainer


def test_evaluations_between_epochs_are_counted(in_folder: Path) -> None:
    trial = RecordedTrial(in_folder)
    trainer = trained(trial, eval_strategy="steps", eval_steps=3)
    assert [epoch for epoch, _ in trial.reports] == [1, 2, 3]  # after 3, 6 and 8 steps
    trainer.evaluate()
    assert trial.reports[-1] == trial.reports[-2]
    trainer.predict(Words(3))
    assert trial.reports[-1][0] == 3
    assert set(trial.reports[-1][1]) == {"eval_loss", "eval_accuracy", "test_loss", "test_accuracy"}


def test_the_training_loss_is_reported_where_nothing_is_evaluated(in_folder: Path) -> None:
    trial = RecordedTrial(in_folder)
    trainer = trained(trial, eval_strategy="no", logging_strategy="epoch")
    logged = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert trial.reports == [(1, {"train_loss": logged[0]}), (2, {"train_loss": logged[1]})]
    metrics = trainer.evaluate()
    assert trial.reports[-1] == (
        2, {"train_loss": logged[1], "eval_loss": metrics["eval_loss"], "eval_accuracy": metrics["eval_accuracy"]}
    )  # fmt: skip


def test_an_evaluation_of_two_data_sets_is_one_report(in_folder: Path) -> None:
    trial = RecordedTrial(in_folder)
    torch.manual_seed(0)
    trainer = trainer_of(trial, "gelu", num_train_epochs=1)
    trainer.eval_dataset = {"near": Words(2), "far": Words(3)}
    trainer.train()
    assert [epoch for epoch, _ in trial.reports] == [1, 1]
    assert {"eval_near_accuracy", "eval_far_accuracy"} <= set(trial.reports[-1][1])


@pytest.mark.parametrize("strategy", ["epoch", "steps"])
def test_a_resumed_training_goes_on_with_its_numbers(in_folder: Path, strategy: str) -> None:
    saved: dict[str, Any] = {"save_strategy": strategy, "eval_strategy": strategy, "eval_steps": 4, "save_steps": 4}
    whole, parts = RecordedTrial(in_folder / "a"), RecordedTrial(in_folder / "b")
    trained(whole, num_train_epochs=4, output_dir="whole", **saved)
    options: dict[str, Any] = {"num_train_epochs": 4, "output_dir": parts.checkpoint_dir, **saved}
    for more in ({"max_steps": 8}, {}):
        checkpoint = get_last_checkpoint(parts.checkpoint_dir)  # type: ignore[no-untyped-call]
        assert (checkpoint is None) == ("max_steps" in more)
        trained(parts, resume=checkpoint, **more, **options)
    assert [epoch for epoch, _ in whole.reports] == [epoch for epoch, _ in parts.reports] == [1, 2, 3, 4]


def test_the_seed_of_the_trial_must_be_that_of_the_trainer(in_folder: Path) -> None:
    with pytest.raises(reluctant.StudyError, match=r"seed=42, and this run has the seed 1; .*seed=trial\.seed"):
        trained(RecordedTrial(in_folder, seed=1), seed=42)


def test_times_are_no_scores(in_folder: Path) -> None:
    trial = RecordedTrial(in_folder)
    trained(trial, num_train_epochs=1)
    assert set(trial.reports[0][1]) == {"eval_loss", "eval_accuracy"}
    assert np.isfinite(list(trial.reports[0][1].values())).all()
