"""What each tracker is sent can be read back with its own reader; a tracker that fails harms no study."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import reluctant
from reluctant.api import tracking
from reluctant.cli.main import execute
from reluctant.core import extensions as core_extensions
from reluctant.engines import Event, Message
from reluctant.trials.trial import Trial
from tests.support.small import records
from tests.support.tracker_files import Runs, read_mlflow, read_tensorboard, read_wandb

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
TRACKERS = ("mlflow", "tensorboard", "wandb")


def train(trial: Trial) -> None:
    """Reports a curve; GELU diverges with seed 1, and fails with seed 3."""
    for epoch in (1, 2):
        if trial.arm == "gelu" and trial.seed == 3:
            raise RuntimeError("no such luck")
        bad = trial.arm == "gelu" and trial.seed == 1 and epoch == 2
        trial.report(epoch=epoch, accuracy=float("nan") if bad else score_of(trial.arm, trial.seed, epoch))


def score_of(arm: str, seed: int, epoch: int) -> float:
    return 0.5 + 0.1 * epoch + 0.01 * seed + (0.03 + 0.002 * (7 * seed % 5)) * (arm == "gelu")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WANDB_MODE", "offline")
    for name in ("WANDB_DIR", "WANDB_PROJECT", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # what the tracker sets, taken back after the test
    yield
    assert "WANDB_RUN_ID" not in os.environ


def run_study(folder: Path, *track: str, seeds: int = 6) -> tuple[reluctant.Results, list[Event]]:
    events: list[Event] = []
    results = reluctant.compare(
        ["relu", "gelu"], train=train, seeds=seeds, engine="serial", folder=folder, track=track, watch=events.append
    )
    return results, events


READERS: dict[str, Callable[[Path], tuple[Runs, dict[str, Any]]]] = {
    "mlflow": read_mlflow,
    "tensorboard": read_tensorboard,
}


def check_runs(runs: Runs, summary: dict[str, Any], results: reluctant.Results) -> None:
    """Whether a tracker has all runs and the verdicts of `run_study`."""
    assert set(runs) == {f"{arm}, seed {seed}" for arm in ("relu", "gelu") for seed in range(6)}
    statuses = {run: content["status"] for run, content in runs.items() if content["status"] != "finished"}
    assert statuses == {"gelu, seed 1": "diverged", "gelu, seed 3": "failed"}
    for arm, seed in (("relu", 0), ("relu", 3), ("gelu", 2)):
        content = runs[f"{arm}, seed {seed}"]
        assert {key: content["parameters"][key] for key in ("arm", "seed", "study")} == {
            "arm": arm, "seed": str(seed), "study": "train"
        }  # fmt: skip
        assert content["scores"]["accuracy"] == {
            epoch: pytest.approx(score_of(arm, seed, epoch), abs=1e-6) for epoch in (1, 2)
        }
    row = results.verdicts().loc["gelu"]
    for column in ("difference", "low", "high", "p"):
        assert summary[f"gelu/{column}"] == pytest.approx(row[column], abs=1e-6)
    assert summary["gelu/verdict"] == row["verdict"]


@pytest.mark.parametrize("name", READERS)
def test_runs_and_verdicts_can_be_read_back(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results, _ = run_study(Path("train"), name)
    check_runs(*READERS[name](Path("train")), results)


def test_wandb_writes_its_files_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results, events = run_study(Path("train"), "wandb")
    assert [e.text for e in events if isinstance(e, Message) and "wandb" in e.text] == []
    runs, summary = read_wandb(Path("train"))
    check_runs(runs, summary, results)
    assert summary["artifact"] == "report-train"


def test_our_own_loop_sends_each_split(tmp_path: Path) -> None:
    study = reluctant.Study(activation=["relu", "gelu"], lr=[0.01, 0.001], model="mlp", epochs=2, seed=[0])
    folder = tmp_path / study.name
    results = reluctant.run(study, folder, engine="serial", track=["mlflow"])
    runs, _ = read_mlflow(folder)
    assert len(runs) == 4
    for result in results:
        content = runs[f"{result.run.activation}, seed 0, lr = {result.run.lr:g}"]
        assert content["parameters"]["lr"] == str(result.run.lr)
        for split in ("train", "valid", "test"):
            for metric in ("accuracy", "f1", "loss"):
                curve = content["scores"][f"{split}/{metric}"]
                assert list(curve) == [1, 2]
                assert list(curve.values()) == list(result.curve(metric, split))


def test_numbers_that_are_predicted_have_their_own_scores(tmp_path: Path) -> None:
    study = reluctant.Study(activation=["relu"], dataset="diabetes", task="regression", epochs=1, model="mlp", seed=[0])
    reluctant.run(study, tmp_path / study.name, engine="serial", track="mlflow")
    (content,) = read_mlflow(tmp_path / study.name)[0].values()
    assert {f"test/{name}" for name in ("loss", "r2", "rmse")} <= set(content["scores"])


def test_where_a_user_wants_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "central").as_uri())
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "wandb_files"))
    (tmp_path / "wandb_files").mkdir()
    run_study(Path("train"), "mlflow", "tensorboard=logs", "wandb=mine", seeds=1)
    assert list(Path("central").glob("*/*/metrics"))
    assert len(list(Path("logs/train").iterdir())) == 3
    files = list(Path("wandb_files/wandb").glob("offline-run-*/run-*.wandb"))
    assert len(files) == 3
    assert all(b"mine" in file.read_bytes() for file in files)
    assert not {"mlruns", "tensorboard", "wandb"} & {path.name for path in Path("train").iterdir()}


def test_the_command_line_tracks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(
        'activation = ["relu", "gelu"]\nmodel = "mlp"\nepochs = 1\nseed = [0, 1, 2]\n', "utf-8"
    )
    assert execute(["run", "mine.toml", "--engine", "local", "--workers", "1", "--track", "mlflow", "-o", "mine"]) == 0
    runs, summary = read_mlflow(Path("mine"))
    assert len(runs) == 6
    assert {content["status"] for content in runs.values()} == {"finished"}
    assert {"gelu/difference", "gelu/low", "gelu/high", "gelu/p", "gelu/verdict"} <= set(summary)


def test_an_unknown_tracker_is_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(reluctant.StudyError, match="there is no tracker 'mlfow'; did you mean 'mlflow'"):
        run_study(Path("train"), "wandb", "mlfow")
    assert execute(["run", "quick", "--track", "neptune"]) == 2
    assert "there is no tracker 'neptune'; there are mlflow, tensorboard, wandb" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.json"))


class Failing:
    """A tracker that raises in the method `at`, and uses up random numbers before."""

    at = ""
    calls: list[str]

    def __init__(self, study: str, folder: Path, target: str) -> None:
        self._call("__init__")

    def _call(self, method: str) -> None:
        import random

        import numpy as np
        import torch

        random.random()
        np.random.random()
        torch.rand(1)
        type(self).calls.append(method)
        if method == self.at:
            raise SystemExit(3) if method == "end" else RuntimeError("the server is gone")

    def begin(self, key: str, name: str, parameters: Mapping[str, Any]) -> None:
        self._call("begin")

    def log(self, key: str, epoch: int, scores: Mapping[str, float]) -> None:
        self._call("log")

    def end(self, key: str, status: str) -> None:
        self._call("end")

    def summarise(self, summary: tracking.VerdictSummary) -> None:
        self._call("summarise")


def random_train(trial: Trial) -> None:
    """Reports numbers of the random state that all of the process shares."""
    import torch

    for _ in range(3):
        trial.report(accuracy=float(torch.rand(1)))


def reported(folder: Path) -> dict[str, list[dict[str, float]]]:
    """What each run of a folder reported, by its key."""
    records = {path.stem: json.loads(path.read_text("utf-8")) for path in (folder / "runs").glob("*.json")}
    return {key: [report["scores"] for report in record["reports"]] for key, record in records.items()}


@cache
def plain_extensions() -> tuple[core_extensions.Extension, ...]:
    return core_extensions.extensions()


@pytest.mark.parametrize("method", ["import", "__init__", "begin", "log", "end", "summarise", "nothing"])
def test_a_tracker_that_fails_changes_no_record(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = "no_such_package.here:Tracker" if method == "import" else f"{__name__}:Failing"
    added = (*plain_extensions(), core_extensions.Extension(trackers={"failing": reference}))
    monkeypatch.setattr(tracking, "extensions", lambda: added)
    monkeypatch.setattr(Failing, "at", method)
    monkeypatch.setattr(Failing, "calls", [], raising=False)
    options: dict[str, Any] = {"train": random_train, "seeds": 3, "engine": "serial"}
    events: list[Event] = []
    tracked = reluctant.compare(
        ["relu", "gelu"], folder=tmp_path / "tracked", track=["failing"], watch=events.append, **options
    )
    reluctant.compare(["relu", "gelu"], folder=tmp_path / "plain", watch=events.append, **options)
    texts = [event.text for event in events if isinstance(event, Message) and "failing" in event.text]
    cause = {"import": "ModuleNotFoundError", "end": "SystemExit: 3"}.get(method, "RuntimeError: the server is gone")
    assert len(texts) == (method != "nothing")
    if texts:
        assert texts[0].startswith(f"failing failed, and the study goes on without it: {cause}")
    assert not tracked.failures
    one, other = (reported(tmp_path / name) for name in ("tracked", "plain"))
    assert one == other
    assert len(one) == 6
    assert method in (*Failing.calls[-1:], "import", "nothing")  # nothing is called after a failure
    if method == "nothing":
        assert Failing.calls.count("log") == 18
        assert Failing.calls.count("end") == 6
        assert Failing.calls[-1] == "summarise"


def test_real_trackers_change_no_record_of_our_loop(tmp_path: Path) -> None:
    study = reluctant.Study(activation=["relu", "gelu"], model="mlp", epochs=2, seed=[0, 1])
    for name, track in (("plain", ()), ("tracked", TRACKERS)):
        reluctant.run(study, tmp_path / name, engine="serial", track=track)
    plain = records(tmp_path / "plain")
    assert len(plain) == 4
    assert plain == records(tmp_path / "tracked")
    assert len(list((tmp_path / "tracked" / "wandb").glob("offline-run-*"))) == 5


def test_verdicts_on_arms_that_are_no_activations_are_sent(tmp_path: Path) -> None:
    results = reluctant.compare(
        {"adamw": 1.0, "sgd": 2.0}, train=lambda trial: {"accuracy": 0.1 * trial.seed + trial.value},
        seeds=3, engine="serial", folder=tmp_path,
    )  # fmt: skip
    summary = tracking.VerdictSummary.of(results.data, tmp_path / "report.html")
    assert list(summary.verdicts) == ["sgd/verdict"]
    assert summary.numbers["sgd/difference"] == pytest.approx(1.0)


def test_an_interrupted_run_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def interrupted(trial: Trial) -> None:
        trial.report(accuracy=0.5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reluctant.compare(["relu"], train=interrupted, seeds=2, engine="serial", folder="train", track=["mlflow"])
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=(tmp_path / "train" / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("interrupted")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.status, run.data.tags["status"]) == ("KILLED", "interrupted")
