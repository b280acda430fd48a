"""Lightning's own Trainer trains the runs of a study; the scores are what the module logged."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import reluctant
from reluctant.integrations.lightning import Report
from reluctant.trials.trial import Trial
from tests.support.own_training import reports_of
from tests.support.recorded_trial import RecordedTrial

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning.*", "ignore::FutureWarning:lightning.*")
QUIET: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


class Classifier(LightningModule):
    """A network with an optimizer, a loss and metrics of its own; what it logs is also noted in `noted`."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), activation, nn.Linear(8, 2))
        self.hits: list[float] = []
        self.noted: dict[str, float] = {}
        self.steps = 0

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        self.steps += 1
        loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1], label_smoothing=0.1)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def _evaluate(self, split: str, batch: tuple[Tensor, Tensor]) -> None:
        accuracy = (self.net(batch[0]).argmax(1) == batch[1]).float().mean()
        self.noted[f"{split}_accuracy"] = float(accuracy)
        self.log(f"{split}_accuracy", accuracy)

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self._evaluate("val", batch)
        self.log("steps_before", float(self.steps))

    def test_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        self._evaluate("test", batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.5, momentum=0.9)


def loader(seed: int, size: int = 64, *, shuffle: bool = False) -> DataLoader[Any]:
    x = torch.randn(size, 4, generator=torch.Generator().manual_seed(seed))
    data = TensorDataset(x, (x[:, 0] * x[:, 1] > 0).long())
    return DataLoader(data, batch_size=16 if shuffle else size, shuffle=shuffle)


def train_classifier(trial: Trial) -> None:
    module = Classifier(trial.activation())
    trainer = Trainer(max_epochs=2, accelerator="cpu", callbacks=[Report(trial)], enable_checkpointing=False, **QUIET)
    trainer.fit(module, loader(1, shuffle=True), loader(2))
    trainer.test(module, loader(3, 500), verbose=False)
    (Path("noted") / f"{trial.arm}-{trial.seed}.json").write_text(json.dumps(module.noted))


@pytest.mark.parametrize("engine", ["serial", "local"])
def test_a_module_is_compared_by_what_it_logs(in_folder: Path, engine: str) -> None:
    options: dict[str, Any] = {"engine": engine} | ({"workers": 1} if engine == "local" else {})
    results = reluctant.compare(["relu", "tanh"], train=train_classifier, seeds=2, folder="one", **options)
    reports = reports_of(results)
    assert len(reports) == 4
    assert not results.failures
    for name, epochs in reports.items():
        assert [epoch for epoch, _ in epochs] == [1, 2]
        assert [scores["steps_before"] for _, scores in epochs] == [4, 8]  # its own steps, of its own epoch
        assert set(epochs[0][1]) == {"train_loss", "val_accuracy", "steps_before"}
        noted = json.loads((in_folder / "noted" / f"{name}.json").read_text())
        assert {key: epochs[1][1][key] for key in noted} == noted
        assert set(noted) == {"val_accuracy", "test_accuracy"}
    assert len({epochs[1][1]["test_accuracy"] for epochs in reports.values()}) > 2
    table = results.verdicts()
    assert list(table["test_accuracy"].round(6)) == [
        round(sum(reports[f"{arm}-{s}"][1][1]["test_accuracy"] or 0 for s in range(2)) / 2, 6)
        for arm in ("relu", "tanh")
    ]
    assert Path(results.report()).is_file()
    if engine == "serial":
        again = reluctant.compare(["relu", "tanh"], train=train_classifier, seeds=2, folder="two", engine="serial")
        assert reports_of(again) == reports


def fit(trial: Any, module: LightningModule | None = None, *, path: Any = None, **options: Any) -> Trainer:
    torch.manual_seed(0)
    options = {"enable_checkpointing": False, "max_epochs": 4, **QUIET, **options}
    options["callbacks"] = [Report(trial), *options.pop("callbacks", [])]
    trainer = Trainer(accelerator="cpu", **options)
    trainer.fit(module or Classifier(nn.ReLU()), loader(1, shuffle=True), loader(2), ckpt_path=path)
    return trainer


def test_only_epochs_that_validate_are_reported(tmp_path: Path) -> None:
    trial = RecordedTrial(tmp_path)
    fit(trial, check_val_every_n_epoch=2)
    assert [(epoch, scores["steps_before"]) for epoch, scores in trial.reports] == [(2, 8), (4, 16)]


def test_several_validations_of_an_epoch_are_one_report_with_the_last(tmp_path: Path) -> None:
    trial = RecordedTrial(tmp_path)
    fit(trial, val_check_interval=0.5, max_epochs=2)
    assert [(epoch, scores["steps_before"]) for epoch, scores in trial.reports] == [(1, 4), (2, 8)]


def test_without_validation_every_training_epoch_is_reported(tmp_path: Path) -> None:
    trial = RecordedTrial(tmp_path)
    fit(trial, limit_val_batches=0, max_epochs=2)
    assert [(epoch, set(scores)) for epoch, scores in trial.reports] == [(1, {"train_loss"}), (2, {"train_loss"})]


def test_validate_and_test_after_training_belong_to_the_last_epoch(tmp_path: Path) -> None:
    trial, module = RecordedTrial(tmp_path), Classifier(nn.ReLU())
    trainer = fit(trial, module, max_epochs=2)
    trainer.validate(module, loader(2), verbose=False)
    trainer.test(module, loader(3), verbose=False)
    assert [epoch for epoch, _ in trial.reports] == [1, 2, 2, 2]
    assert set(trial.reports[-1][1]) == {"train_loss", "val_accuracy", "steps_before", "test_accuracy"}


@pytest.mark.parametrize("save_on_train_epoch_end", [None, False])
def test_an_interrupted_training_resumes_and_reports_the_same(
    tmp_path: Path, save_on_train_epoch_end: bool | None
) -> None:
    def checkpoints(name: str) -> ModelCheckpoint:
        return ModelCheckpoint(tmp_path / name, save_last=True, save_on_train_epoch_end=save_on_train_epoch_end)

    class Interrupted(Classifier):
        def on_train_epoch_start(self) -> None:
            if self.current_epoch == 2:
                raise RuntimeError("the machine stops")

    whole, trial = RecordedTrial(tmp_path / "a"), RecordedTrial(tmp_path / "b")
    options: dict[str, Any] = {"enable_checkpointing": True, "max_epochs": 4, "path": "last"}
    fit(whole, callbacks=[checkpoints("whole")], **options)
    with pytest.raises(RuntimeError, match="the machine stops"):
        fit(trial, Interrupted(nn.ReLU()), callbacks=[checkpoints("parts")], **options)
    module = Classifier(nn.ReLU())
    trainer = fit(trial, module, callbacks=[checkpoints("parts")], **options)
    assert [epoch for epoch, _ in trial.reports] == [1, 2, 3, 4]
    assert set(trial.reports[-1][1]) == set(whole.reports[-1][1])
    trainer.test(module, loader(3), verbose=False)
    tested = trial.reports[-1]
    trial = RecordedTrial(tmp_path / "b")
    trainer = fit(trial, module, callbacks=[checkpoints("parts")], **options)  # nothing is left to train
    trainer.test(module, loader(3), verbose=False)
    assert trial.reports[-1] == tested
    assert tested[0] == 4
    assert {"val_accuracy", "test_accuracy"} <= set(tested[1])


def test_an_interrupt_stops_the_study_and_not_only_the_run(in_folder: Path) -> None:
    def interrupted(trial: Trial) -> None:
        class Stopping(Classifier):
            def training_step(self, batch: Any, index: int) -> Tensor:
                raise KeyboardInterrupt

        fit(trial, Stopping(nn.ReLU()))

    with pytest.raises(KeyboardInterrupt):
        reluctant.compare(["relu", "tanh"], train=interrupted, seeds=3, engine="serial", folder="one")


@pytest.mark.slow
def test_both_packages_of_lightning_serve() -> None:
    code = """
import sys
sys.modules["lightning"] = None
from reluctant.integrations.lightning import Report
import pytorch_lightning
assert issubclass(Report, pytorch_lightning.Callback)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("room", "packages", "extra"),
    [
        ("lightning", ("lightning", "lightning.pytorch", "pytorch_lightning"), "lightning"),
        ("huggingface", ("transformers",), "transformers"),
    ],
)
def test_a_missing_package_is_named(room: str, packages: tuple[str, ...], extra: str) -> None:
    code = f"import sys; sys.modules.update(dict.fromkeys({packages!r})); import reluctant.integrations.{room}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"pip install 'reluctant[{extra}]'" in done.stderr.splitlines()[-1]
