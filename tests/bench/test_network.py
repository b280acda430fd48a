"""Whole networks in `reluctant bench`: what a step is, its comparison, its table and its files."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from reluctant.bench import measure as measure_module
from reluctant.bench.config import BenchConfig, parse_config
from reluctant.bench.figure import draw_costs
from reluctant.bench.files import write_bench
from reluctant.bench.measure import measure
from reluctant.bench.memory import measure_saved_bytes
from reluctant.bench.network import prepare_network
from reluctant.bench.results import Bench
from reluctant.cli.main import CANNOT, execute
from reluctant.core.errors import StudyError
from tests.support.bench_trials import constant_clock
from tests.support.figures import notes, texts, texts_outside

SMALL = parse_config("4x3x8x8", model="resnet", rounds=6)
MODELS = {"convnet": "3x1x28x28", "mlp": "3x5", "resnet": "3x3x8x8", "gpt(layers=1)": "2x8", "text_classifier": "2x8"}


@pytest.mark.parametrize("model", MODELS)
def test_a_step_gives_a_gradient_to_every_weight(model: str) -> None:
    trial = prepare_network("gelu", parse_config(MODELS[model], model=model))
    step: Any = trial.both()
    gradients = step()
    assert len(gradients) == len(list(trial.module.parameters()))
    assert all(torch.isfinite(each).all() for each in gradients if each is not None)  # biases before a norm have none
    assert sum(each is not None for each in gradients) > 3
    assert trial.module.training
    assert measure_saved_bytes(trial) > 0


def test_networks_start_from_the_same_weights_and_batch() -> None:
    relu, gelu = (prepare_network(name, SMALL) for name in ("relu", "gelu"))
    assert torch.equal(relu.x, gelu.x)
    weights = zip(relu.module.parameters(), gelu.module.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in weights)


@pytest.mark.parametrize("model", ["convnet", "mlp", "resnet(depth=14)", "gpt", "text_classifier", "a.b:Net"])
def test_a_shape_that_suits_the_model_is_the_default(model: str) -> None:
    config = parse_config(model=model)
    assert config.shape[0] >= 8
    assert len(config.shape) == (2 if model in ("mlp", "gpt", "text_classifier") else 4)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """GELU takes twice ReLU's time, compiled 1.5 times the time of the compiled ReLU, which is a tenth."""
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function: real(function, backend="eager"))
    times = {("relu", False): 1.0, ("relu", True): 0.1, ("gelu", False): 2.0, ("gelu", True): 0.15}
    monkeypatch.setattr(measure_module, "time_rounds", lambda trials, config, clock: iter([{"both": times}] * 6))
    return measure(["gelu"], parse_config("3x5", model="mlp(widths='4')", rounds=6, compile=True))


def test_a_compiled_network_is_compared_with_a_compiled_one(compiled: Bench, tmp_path: Path) -> None:
    ratios = {(cost.activation, cost.compiled): cost.ratio["both"].value for cost in compiled.costs}
    assert ratios == pytest.approx({("relu", False): 1, ("relu", True): 1, ("gelu", False): 2, ("gelu", True): 1.5})
    assert {tuple(cost.ratio) for cost in compiled.costs} == {("both",)}
    assert compiled.notes == ()
    for ending in ("csv", "json", "svg"):
        write_bench(compiled, tmp_path / f"b.{ending}")
    rows = list(csv.DictReader((tmp_path / "b.csv").read_text("utf-8").splitlines()))
    assert rows[-1]["model"] == "mlp(widths='4')"
    assert float(rows[-1]["both_ratio"]) == pytest.approx(1.5)
    assert json.loads((tmp_path / "b.json").read_text("utf-8"))["setting"]["model"] == "mlp(widths='4')"
    figure = draw_costs(compiled)
    assert texts_outside(figure) == []
    assert "Time of a training step of mlp(widths='4'), as a multiple of the one with ReLU" in texts(figure)
    assert "hollow: compiled, as a multiple of compiled" in notes(figure)


def test_its_rounds_are_of_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure_module, "time_round_in_process", None)
    done: list[int] = []
    phases: list[str] = []
    config = parse_config("3x5", model="mlp(widths='4')", rounds=2)
    result = measure(["gelu"], config, clock=constant_clock, on_round=done.append, on_phase=phases.append)
    assert done == [1, 2]
    assert phases[1:3] == ["preparing relu (1 of 2)", "preparing gelu (2 of 2)"]
    assert phases[-1] == "round 1 of 2"
    assert {tuple(cost.ratio) for cost in result.costs} == {("both",)}  # a step, and no pass alone


def test_the_table_of_a_network(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("reluctant.bench.timing.MIN_SECONDS", 1e-6)
    monkeypatch.setattr("reluctant.bench.progress.EVERY", float("inf"))
    monkeypatch.setenv("COLUMNS", "80")
    assert execute(["bench", "gelu", "--model", "mlp(widths='4')", "--shape", "3x5", "--rounds", "6"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split()[0] for line in out.splitlines()[3:5]] == ["relu", "gelu"]
    assert max(map(len, out.splitlines())) <= 80
    text = " ".join(out.split())
    assert "A step of mlp(widths='4') is forward, loss and backward, without an update." in text
    assert "GB/s" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "resnett"], "did you mean 'resnet'"),
        (["--model", "resnet", "--shape", "32x784"], "takes images (channels, height, width)"),
        (["--model", "gpt", "--shape", "8x3x8x8"], "takes token ids, so give --shape as sequences x tokens"),
        (["--model", "resnet", "--shape", "32"], "has two sizes at least, the number of inputs first"),
        (["--model", "convnet", "--shape", "2x1x5x5"], "too small for convnet"),
        (["--model", "no_such_module:Net"], "no module 'no_such_module'"),
        (["no_such", "--model", "mlp"], "no activation is called 'no_such'"),
    ],
)
def test_a_mistake_gets_one_message(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["bench", "--rounds", "1", *words]) == CANNOT
    out, err = capsys.readouterr()
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


def test_a_network_that_fails_says_with_which_activation() -> None:
    with pytest.raises(StudyError, match=r"with gelu: it fails on a batch of shape 2x3x8x8 in float32 .*give another"):
        prepare_network("gelu", BenchConfig((2, 3, 8, 8), model="tests.support.own_models:Narrow"))
