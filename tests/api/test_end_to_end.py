"""A study from its file to its records: the same numbers whatever happens on the way."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import reluctant
from reluctant.api.results import Results
from reluctant.data import load
from reluctant.models import build
from reluctant.study import Study
from reluctant.training import prepare
from tests.support.interrupted_study import WITH_DEFAULT_SIGNALS, check_files_complete
from tests.support.small import records

FIELDS: dict[str, Any] = {
    "name": "e2e",
    "model": "convnet(dropout=0.15)",
    "optimizer": "adam(beta1=0.89)",
    "lr": 0.002,
    "epochs": 2,
    "train_fraction": 0.3,  # a third of the steps
}
STUDY = Study(activation=["relu", "rrelu"], seed=[0, 1], **FIELDS)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("reference")
    reluctant.run(STUDY, folder, engine="serial")
    return records(folder)


def test_workers_change_no_number(tmp_path: Path, reference: dict[str, Any]) -> None:
    results = reluctant.run(STUDY, tmp_path, workers=2)
    assert len(results) == 4
    check_files_complete(tmp_path, STUDY)
    assert records(tmp_path) == reference


def start(folder: Path, study: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WITH_DEFAULT_SIGNALS, "run", str(study), "-o", str(folder), "--workers", "2", "-v"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


@pytest.mark.resume
@pytest.mark.slow  # tests/engines/test_killed.py has the same for the first epoch
@pytest.mark.parametrize("lines", [1, 3, 6])
def test_a_study_stopped_by_ctrl_c_continues(lines: int, tmp_path: Path, reference: dict[str, Any]) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.to_toml())
    folder = tmp_path / "out"
    process = start(folder, study)
    assert process.stdout is not None
    for _ in range(lines):
        assert next(line for line in process.stdout if ": epoch" in line)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Type the same command again to continue." in err
    assert "Traceback" not in err
    finished = {path: path.read_bytes() for path in (folder / "runs").glob("*.json")}
    assert len(finished) < 4
    again = start(folder, study)
    assert again.communicate(timeout=120)[0]
    assert again.returncode == 0
    assert records(folder) == reference
    assert all(path.read_bytes() == before for path, before in finished.items())


def test_an_extended_study_trains_only_what_is_new(tmp_path: Path) -> None:
    reluctant.run(Study(activation=["relu"], seed=[0], **FIELDS), tmp_path, engine="serial")
    (old,) = (tmp_path / "runs").glob("*.json")
    before, trained = old.read_bytes(), []

    def watch(event: Any) -> None:
        if type(event).__name__ == "Started":
            trained.append((event.run.activation, event.run.seed))

    extended = Study(activation=["relu", "elu"], seed=[0, 1], **FIELDS)
    reluctant.run(extended, tmp_path, engine="serial", watch=watch)
    assert sorted(trained) == [("elu", 0), ("elu", 1), ("relu", 1)]
    assert old.read_bytes() == before


def test_kept_weights_give_the_stored_losses(tmp_path: Path) -> None:
    study = Study(activation=["gelu"], seed=[0], keep_weights=True, **FIELDS)
    (result,) = reluctant.run(study, tmp_path, workers=1)
    weights = torch.load(tmp_path / "weights" / f"{result.run.key}.pt", weights_only=True)
    data = prepare(load("digits"), FIELDS["train_fraction"])
    model = build(result.run.model, "gelu", data.input_shape, data.outputs)
    model.load_state_dict(weights)
    model.eval()
    with torch.no_grad():
        scores = model(data.test.inputs.contiguous())
    plain = F.cross_entropy(scores.double(), data.test.targets).item()
    assert result.loss["test"][-1] == pytest.approx(plain, abs=1e-6)
    assert np.array_equal(np.trace(result.counts["test"][-1]), (scores.argmax(1) == data.test.targets).sum())


def test_a_diverged_run_is_a_result(tmp_path: Path) -> None:
    study = Study(activation=["relu", "tests.support.own_activations:Exploding"], seed=[0], **FIELDS)
    results = reluctant.run(study, tmp_path, engine="serial")
    relu, exploding = results
    assert relu.diverged is None
    assert exploding.diverged == 1
    assert results.scores().isna().to_numpy().tolist() == [[False], [True]]
    assert not results.failures
    assert Results.read(tmp_path).missing == 0


@pytest.mark.mnist
def test_one_epoch_on_the_real_mnist(tmp_path: Path) -> None:
    if "RELUCTANT_DATA" not in os.environ:
        pytest.skip("needs the real MNIST under RELUCTANT_DATA")
    study = Study.read("article", {"activation": "relu", "seed": [0], "epochs": 1, "train_fraction": 0.3})
    (result,) = reluctant.run(study, tmp_path, engine="serial")
    assert result.score("accuracy") > 0.95
    assert result.counts["train"][0].sum() == 18_000
    assert result.counts["valid"][0].sum() == 42_000
    assert result.counts["test"][0].sum() == 10_000
    assert (tmp_path / "runs" / f"{result.run.key}.json").stat().st_size < 40_000
    assert result.record.warnings == []


@pytest.mark.slow
@pytest.mark.mnist
def test_real_colour_images_with_flips_and_crops(tmp_path: Path) -> None:
    if "RELUCTANT_DATA" not in os.environ:
        pytest.skip("needs cifar10-part.npz under RELUCTANT_DATA")
    part = Path(os.environ["RELUCTANT_DATA"]).resolve() / "cifar10-part.npz"
    study = Study(
        activation=["relu", "gelu"], seed=[0], epochs=1, dataset=f"npz(path={str(part)!r})", lr=0.01,
        model="resnet(width=4)", batch_size=128, schedule="cosine", augment="flip + crop(padding=4)",
    )  # fmt: skip
    results = reluctant.run(study, tmp_path, workers=2)
    assert (results.scores("accuracy") > 0.2).all(axis=None)
    assert [result.counts["test"][0].sum() for result in results] == [1000, 1000]
    assert "channels last" in str(results.records.data)
