"""`reluctant inspect`: counts of a known network, words of warning, and one sentence for every mistake."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reluctant.cli.main import CANNOT, DONE
from reluctant.inspect.inspection import Inspection, inspect, mind
from reluctant.records.store import Store
from reluctant.study import Run, Study
from reluctant.training import prepare
from reluctant.training.checkpoints import Checkpoint
from reluctant.training.runner import save_weights
from tests import records
from tests.small import SMALL, trained
from tests.test_cli import answer

HERE = "tests.test_inspect"


def three_dead(activation: str = "relu") -> tuple[nn.Module, Tensor, Tensor]:
    """Three units of eight dead; the network with its own images."""
    from reluctant.activations import make

    model = nn.Sequential(nn.Linear(1, 8), make(activation), nn.Linear(8, 3))
    first: Any = model[0]
    with torch.no_grad():
        first.weight.fill_(0.1)
        first.bias.copy_(torch.tensor([-3.0] * 3 + [1.0] * 5))
    return model, torch.linspace(1, 2, 40)[:, None], torch.arange(40) % 3


def lists() -> tuple[nn.Module, list[list[float]], list[int]]:
    return three_dead()[0], [[1.0], [1.5], [2.0]], [0, 1, 2]


def sized(image: tuple[int, int, int], classes: int, bias: float = 0.0) -> nn.Module:
    """A network that wants to know its data; with a bias far below zero all its units are dead."""
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(image[1] * image[2], 16),
        nn.ReLU(),
        nn.BatchNorm1d(16),
        nn.Linear(16, classes),
    )
    first: Any = model[1]
    with torch.no_grad():
        first.bias.add_(bias)
    return model


def deep() -> nn.Module:
    torch.manual_seed(0)
    hidden = [layer for _ in range(8) for layer in (nn.Linear(32, 32), nn.Sigmoid())]
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.Sigmoid(), *hidden, nn.Linear(32, 10))


def frozen() -> nn.Module:
    model = sized((1, 28, 28), 10)
    return model.requires_grad_(False)


class Functional(nn.Module):
    """A network whose activation is the call of a function."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(784, 10)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.line(x.flatten(1)))


ready = Functional()
straight = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
cold = frozen()


def number() -> int:
    return 3


def unlucky() -> nn.Module:
    raise ValueError("out of luck")


def narrow() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3, 10))


def uneven() -> tuple[nn.Module, Tensor, Tensor]:
    model, images, labels = three_dead()
    return model, images, labels[1:]


def words() -> tuple[nn.Module, list[str], list[str]]:
    return three_dead()[0], ["a"], ["b"]


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Run, dict[str, Any]]:
    """A study's folder with one finished run's weights and a checkpoint, and the run's record."""
    from reluctant.data import load

    study = Study(name="kept", model=SMALL, activation="relu", epochs=1, seed=0, keep_weights=True)
    folder = records.folder(tmp_path / "kept", study, skip=1)
    run = next(study.runs())
    training = trained(run, prepare(load("digits"), run.train_fraction))
    save_weights(training, folder / "weights" / f"{run.key}.pt")
    Checkpoint(folder / "checkpoints" / f"{run.key}.pt", {}).save(training)
    return folder, run, training.record()


def test_three_dead_of_eight_are_seen_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    seen = inspect(f"{HERE}:three_dead")
    assert seen.images == 32
    assert [seen.sites["1"][key] for key in ("units", "dead")] == [8, 3]
    assert mind(seen) == ("1: 38 % of its units are dead (slope 0 for all 32 images)",)
    status, out, err = answer(capsys, "inspect", f"{HERE}:three_dead")
    assert (status, err) == (DONE, "")
    assert re.search(r"^1 +8 +38 %", out, re.MULTILINE)
    assert "! 1: 38 % of its units are dead" in out


def test_a_healthy_network_gets_no_warning() -> None:
    assert mind(inspect(f"{HERE}:three_dead(activation='leaky_relu')")) == ()


def test_images_may_be_lists() -> None:
    assert inspect(f"{HERE}:lists").images == 3


def test_a_factory_may_ask_for_the_shape_of_the_data() -> None:
    seen = inspect(f"{HERE}:sized", "digits")
    assert seen.sites["2"]["units"] == 16
    assert seen.depth == ("1", "4")  # the batch norm weighs nothing


def test_a_dead_layer_is_said() -> None:
    said = mind(inspect(f"{HERE}:sized(bias=-1000)", "digits"))
    assert said[0] == "2 is dead: its slope is 0 for all 32 images, so nothing before it learns through it"
    assert said[1] == "no gradient reaches 1"


def test_a_vanishing_gradient_is_said() -> None:
    said = mind(inspect(f"{HERE}:deep", "digits"))
    assert re.fullmatch(r"vanishing gradient: its norm is [\d,^]+ times smaller at 1 than at 19", said[-1])


def test_frozen_weights_are_looked_at_and_stay_frozen() -> None:
    seen = inspect(f"{HERE}:cold", "digits")
    assert all(layer["gradient"] > 0 for layer in seen.layers.values())
    assert not any(p.requires_grad for p in cold.parameters())


def test_what_is_called_as_a_function_is_seen() -> None:
    assert list(inspect(f"{HERE}:ready", "digits").sites) == ["#relu"]


def test_a_network_without_activations_is_told_so() -> None:
    (said,) = mind(inspect(f"{HERE}:straight", "digits"))
    assert said.startswith("no activation was found")


SITE = {"units": 10, "dead": 0, "nearly": 0, "channels": 10, "dead_channels": 0, "values": 100,
        "saturated": 0, "zero": 0, "in": [0, 1], "out": [0, 1], "gradient": 1.0}  # fmt: skip


@pytest.mark.parametrize(
    ("site", "gradients", "said"),
    [
        ({"nearly": 2}, (1, 1), "act: 20 % of its units are nearly dead (slope below 0.001 for all images)"),
        ({"saturated": 95}, (1, 1), "act is saturated: 95 % of its values lie where the slope is below 0.05"),
        ({"in": [None, 1]}, (1, 1), "act: its values are not finite"),
        ({}, (1, 100), "vanishing gradient: its norm is 100 times smaller at a than at b"),
        ({}, (1e9, 1), "exploding gradient: its norm is 10^9 times larger at a than at b"),
        ({}, (None, 1), "the gradients are not finite"),
        ({}, (0.0, 1), "no gradient reaches a"),
    ],
)
def test_words_for_what_is_out_of_the_ordinary(
    site: dict[str, Any], gradients: tuple[float | None, float], said: str
) -> None:
    layers = {name: {"gradient": g, "weight": 1.0} for name, g in zip("ab", gradients, strict=True)}
    assert mind(Inspection("", 32, {"act": {**SITE, **site}}, layers, ("a", "b"))) == (said,)


def test_kept_weights_show_what_the_record_saw(kept: tuple[Path, Run, dict[str, Any]]) -> None:
    folder, run, record = kept
    last = record["epochs"][-1]["probes"]
    for place in ("weights", "checkpoints"):
        seen = inspect(str(folder / place / f"{run.key}.pt"))
        site, expected = dict(seen.sites["activation"]), dict(last["sites"]["activation"])
        for key in ("died", "revived"):  # counted between looks
            site.pop(key), expected.pop(key, None)
        assert site == {**site, **expected}
        assert seen.layers["first"]["gradient"] == last["layers"]["first"][0]
        assert seen.about.startswith(f"relu in {SMALL}, seed 0: {place.rstrip('s')}")


def test_the_record_alone_tells_the_network_too(kept: tuple[Path, Run, dict[str, Any]]) -> None:
    folder, run, record = kept
    Store(folder / "runs").add(run.key, {**record, "environment": "0"})
    (folder / "study.toml").unlink()
    assert inspect(str(folder / "weights" / f"{run.key}.pt")).sites


def test_kept_weights_that_cannot_be_used(kept: tuple[Path, Run, dict[str, Any]], tmp_path: Path) -> None:
    from reluctant.core.errors import StudyError

    folder, run, _ = kept
    path = folder / "weights" / f"{run.key}.pt"
    state = torch.load(path, weights_only=True)
    alone = tmp_path / "alone.pt"
    torch.save(state, alone)
    cases = {str(folder): "is a folder; give one of its files, such as ", str(alone): "belongs to no study"}
    torch.save({"other": torch.zeros(1)}, path)
    cases[str(path)] = "do not fit tests.own_models:Small with relu"
    for source, message in cases.items():
        with pytest.raises(StudyError, match=re.escape(message)):
            inspect(source)
    for content in (b"PK\x03\x04 damaged", b"", b"plain text"):
        path.write_bytes(content)
        with pytest.raises(StudyError, match="cannot be read as weights"):
            inspect(str(path))
    torch.save([1, 2], path)
    with pytest.raises(StudyError, match="holds a list; weights by name are wanted"):
        inspect(str(path))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nowhere.pt"], "there is no file nowhere.pt"),
        (["relu"], "there is no file relu, and a network of your own is written module:factory"),
        (["no_such_module:f"], "there is no module 'no_such_module' here"),
        ([f"{HERE}:sizedd"], "did you mean 'sized'"),
        ([f"{HERE}:ready"], "gives a network without images; add --data digits"),
        (
            [f"{HERE}:number"],
            "gave something of type int; a torch module or (model, images, labels) is wanted",
        ),
        ([f"{HERE}:HERE"], "is a str; a network or what makes one is wanted"),
        ([f"{HERE}:unlucky"], "cannot be made: ValueError: out of luck"),
        ([f"{HERE}:uneven"], "images of shape (40, 1) and labels of shape (39,)"),
        ([f"{HERE}:words"], "its images or labels are no arrays of numbers"),
        (
            [f"{HERE}:narrow", "--data", "digits"],
            "the network fails on images of 1×28×28: RuntimeError: mat1",
        ),
        ([f"{HERE}:ready", "--data", "digist"], "did you mean 'digits'?"),
        ([f"{HERE}:ready", "--data", "mnist"], "reluctant fetch mnist"),
        (["."], "is a folder without weights; a study with keep_weights = true keeps them"),
    ],
)
def test_a_mistake_gets_one_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: list[str],
    message: str,
) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    status, out, err = answer(capsys, "inspect", *given)
    assert (status, out) == (CANNOT, "")
    assert message in err
    assert "Traceback" not in err


def test_it_fits_eighty_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = answer(capsys, "inspect", f"{HERE}:deep", "--data", "digits")
    assert status == DONE
    assert max(map(len, out.splitlines())) <= 80
    for head in ("dead maps", "saturated", "variance", "norm of gradient"):
        assert head in out
