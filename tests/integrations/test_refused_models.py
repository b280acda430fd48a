"""A model that brings its own training is refused before anything trains, with the way to use that training."""

from functools import partial
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pytest
import torch
import transformers
from torch import nn

import reluctant


class Module(lightning.LightningModule):
    """A LightningModule with a network inside."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)  # type: ignore[no-any-return]


def build_module(width: int = 8) -> Module:
    return Module(width)


def compare(model: Any) -> reluctant.Results:
    x = torch.randn(60, 4)
    data = (x, (x[:, 0] > 0).long())
    return reluctant.compare(["relu", "tanh"], model=model, data=data, seeds=1, epochs=1, engine="serial")


@pytest.mark.parametrize(
    "model", [Module, Module(), build_module, partial(Module, width=4)], ids=["class", "module", "function", "partial"]
)
def test_a_lightning_module_is_refused(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(reluctant.ReluctantError) as error:
        compare(model)
    message = str(error.value)
    assert message.startswith("model is a LightningModule (Module), and our loop would not run its training_step")
    assert "reluctant.integrations.lightning.Report(trial)" in message
    assert "train=my_train" in message
    assert not list(tmp_path.rglob("*.json"))


def test_a_trainer_is_refused(tmp_path: Path) -> None:
    ours = transformers.Trainer(
        nn.Linear(2, 2), transformers.TrainingArguments(str(tmp_path), use_cpu=True, report_to="none")
    )
    with pytest.raises(reluctant.ReluctantError, match=r"a Trainer of transformers, .* our loop would not run it\. .*"
                       r"reluctant\.integrations\.huggingface\.Report\(trial\)"):  # fmt: skip
        compare(ours)
    with pytest.raises(reluctant.ReluctantError, match=r"a Trainer of lightning, .*integrations\.lightning\."):
        compare(lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False))


def test_the_network_inside_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(compare(Module().net)) == 2
