"""`reluctant inspect`: counts of a known network, warnings, and one sentence for every mistake."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reluctant.activations import make
from reluctant.cli.main import CANNOT, DONE
from reluctant.core.errors import StudyError
from reluctant.data import load
from reluctant.inspect.inspection import Inspection, diagnose, inspect_network
from reluctant.records.parts import LayerProbe, SiteProbe
from reluctant.records.probe_table import SIZES
from reluctant.records.schema import RunRecord
from reluctant.records.store import Store
from reluctant.study import Run, Study
from reluctant.training import prepare
from reluctant.training.checkpoints import Checkpoint
from reluctant.training.runner import save_weights
from tests.support.commands import answer
from tests.support.records import study_folder
from tests.support.small import SMALL, trained

HERE = "tests.inspect.test_inspect"


def three_dead(activation: str = "relu") -> tuple[nn.Module, Tensor, Tensor]:
    """A network with three dead units of eight, and its own inputs."""
    model = nn.Sequential(nn.Linear(1, 8), make(activation), nn.Linear(8, 3))
    first: Any = model[0]
    with torch.no_grad():
        first.weight.fill_(0.1)
        first.bias.copy_(torch.tensor([-3.0] * 3 + [1.0] * 5))
    return model, torch.linspace(1, 2, 40)[:, None], torch.arange(40) % 3


def lists() -> tuple[nn.Module, list[list[float]], list[int]]:
    return three_dead()[0], [[1.0], [1.5], [2.0]], [0, 1, 2]


def takes_shape(image: tuple[int, int, int], classes: int, bias: float = 0.0) -> nn.Module:
    """A network that takes the shape of the data; with a bias far below zero all its units are dead."""
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(image[1] * image[2], 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, classes)
    )
    first: Any = model[1]
    with torch.no_grad():
        first.bias.add_(bias)
    return model


def takes_depth(image: tuple[int, int, int], depth: int) -> nn.Module:
    return takes_shape(image, depth)


def deep() -> nn.Module:
    torch.manual_seed(0)
    hidden = [layer for _ in range(8) for layer in (nn.Linear(32, 32), nn.Sigmoid())]
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.Sigmoid(), *hidden, nn.Linear(32, 10))


def frozen() -> nn.Module:
    model = takes_shape((1, 28, 28), 10)
    return model.requires_grad_(False)


class Functional(nn.Module):
    """A network whose activation is a functional call."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(784, 10)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.line(x.flatten(1)))


functional_network = Functional()
linear_network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
frozen_network = frozen()


def number() -> int:
    return 3


def raising() -> nn.Module:
    raise ValueError("out of luck")


def narrow() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3, 10))


def too_few_labels() -> tuple[nn.Module, Tensor, Tensor]:
    model, images, labels = three_dead()
    return model, images, labels[1:]


def text_inputs() -> tuple[nn.Module, list[str], list[str]]:
    return three_dead()[0], ["a"], ["b"]


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, Run, RunRecord]:
    """A study's folder with the weights and a checkpoint of one run, and the run's record."""
    study = Study(name="stored", model=SMALL, activation="relu", epochs=1, seed=0, keep_weights=True)
    folder = study_folder(tmp_path / "stored", study, skip=1)
    run = next(study.runs())
    training = trained(run, prepare(load("digits"), run.train_fraction))
    save_weights(training, folder / "weights" / f"{run.key}.pt")
    Checkpoint(folder / "checkpoints" / f"{run.key}.pt", {}).save(training)
    return folder, run, training.record()


def test_three_dead_units_of_eight_are_counted_and_reported(capsys: pytest.CaptureFixture[str]) -> None:
    inspection = inspect_network(f"{HERE}:three_dead")
    assert inspection.inputs == 32
    assert (inspection.sites["1"].units, inspection.sites["1"].dead) == (8, 3)
    assert diagnose(inspection) == ("1: 38 % of its units are dead (slope 0 for all 32 inputs)",)
    status, out, err = answer(capsys, "inspect", f"{HERE}:three_dead")
    assert (status, err) == (DONE, "")
    assert re.search(r"^1 +8 +38 %", out, re.MULTILINE)
    assert "! 1: 38 % of its units are dead" in out


def test_a_healthy_network_gets_no_warning() -> None:
    assert diagnose(inspect_network(f"{HERE}:three_dead(activation='leaky_relu')")) == ()


def test_inputs_may_be_lists() -> None:
    assert inspect_network(f"{HERE}:lists").inputs == 3


def test_a_factory_gets_the_shape_of_the_data() -> None:
    inspection = inspect_network(f"{HERE}:takes_shape", "digits")
    assert inspection.sites["2"].units == 16
    assert inspection.weight_layers == ("1", "4")  # without the batch norm


def test_a_dead_layer_is_reported() -> None:
    warnings = diagnose(inspect_network(f"{HERE}:takes_shape(bias=-1000)", "digits"))
    assert warnings[0] == "2 is dead: its slope is 0 for all 32 inputs, so no layer before it learns through it"
    assert warnings[1] == "no gradient reaches 1"


def test_a_vanishing_gradient_is_reported() -> None:
    *_, warning = diagnose(inspect_network(f"{HERE}:deep", "digits"))
    assert re.fullmatch(r"vanishing gradient: its norm is [\d,^]+ times smaller at 1 than at 19", warning)


def test_frozen_weights_get_gradients_and_stay_frozen() -> None:
    inspection = inspect_network(f"{HERE}:frozen_network", "digits")
    assert all((layer.gradient or 0) > 0 for layer in inspection.layers.values())
    assert not any(p.requires_grad for p in frozen_network.parameters())


def test_functional_calls_are_sites() -> None:
    assert list(inspect_network(f"{HERE}:functional_network", "digits").sites) == ["#relu"]


def test_a_network_without_activations_gets_one_warning() -> None:
    (warning,) = diagnose(inspect_network(f"{HERE}:linear_network", "digits"))
    assert warning.startswith("no activation was found")


SITE = {"units": 10, "dead": 0, "nearly": 0, "channels": 10, "dead_channels": 0, "values": 100,
        "saturated": 0, "zero": 0, "in": [0, 1], "out": [0, 1], "gradient": 1.0}  # fmt: skip


@pytest.mark.parametrize(
    ("site", "gradients", "warning"),
    [
        ({"nearly": 2}, (1, 1), "act: 20 % of its units are nearly dead (slope below 0.001 for all inputs)"),
        ({"saturated": 95}, (1, 1), "act is saturated: the slope is below 0.05 for 95 % of its values"),
        ({"in": [None, 1]}, (1, 1), "act: its values are not finite"),
        ({}, (1, 100), "vanishing gradient: its norm is 100 times smaller at a than at b"),
        ({}, (1e9, 1), "exploding gradient: its norm is 10^9 times larger at a than at b"),
        ({}, (None, 1), "the gradients are not finite"),
        ({}, (0.0, 1), "no gradient reaches a"),
    ],
)
def test_the_text_of_every_warning(site: dict[str, Any], gradients: tuple[float | None, float], warning: str) -> None:
    layers = {name: LayerProbe(gradient=g, weight=1.0) for name, g in zip("ab", gradients, strict=True)}
    sites = {"act": SiteProbe.read({**SITE, **site})}
    assert diagnose(Inspection("", 32, sites, layers, ("a", "b"))) == (warning,)


def test_stored_weights_give_the_probe_values_of_the_record(stored: tuple[Path, Run, RunRecord]) -> None:
    folder, run, record = stored
    last = record.epochs[-1].probes
    assert last is not None
    for folder_name in ("weights", "checkpoints"):
        inspection = inspect_network(str(folder / folder_name / f"{run.key}.pt"))
        between = {"died": 0, "revived": 0}  # these are counted from one probe to the next
        site = inspection.sites["activation"].model_copy(update=between)
        sizes = {key: getattr(site, key) for key in SIZES}  # in a record, the first probe alone has them
        assert last.sites["activation"].model_copy(update={**between, **sizes}) == site
        assert inspection.layers["first"].gradient == last.layers["first"].gradient
        assert inspection.description.startswith(f"relu in {SMALL}, seed 0: {folder_name.rstrip('s')}")


def test_the_record_alone_is_enough_to_find_the_network(stored: tuple[Path, Run, RunRecord]) -> None:
    folder, run, record = stored
    Store(folder / "runs").add(run.key, record.model_copy(update={"environment": "0"}))
    (folder / "study.toml").unlink()
    assert inspect_network(str(folder / "weights" / f"{run.key}.pt")).sites


def test_weights_that_do_not_fit_are_refused(stored: tuple[Path, Run, RunRecord], tmp_path: Path) -> None:
    folder, run, _ = stored
    path = folder / "weights" / f"{run.key}.pt"
    state = torch.load(path, weights_only=True)
    alone = tmp_path / "alone.pt"
    torch.save(state, alone)
    cases = {str(folder): "is a folder; name one of its files, such as ", str(alone): "belongs to no study"}
    torch.save({"other": torch.zeros(1)}, path)
    cases[str(path)] = "do not fit tests.support.own_models:Small with relu"
    for source, message in cases.items():
        with pytest.raises(StudyError, match=re.escape(message)):
            inspect_network(source)
    for content in (b"PK\x03\x04 damaged", b"", b"plain text", b"\x80\x02."):
        path.write_bytes(content)
        with pytest.raises(StudyError, match="cannot be read as weights"):
            inspect_network(str(path))
    torch.save([1, 2], path)
    with pytest.raises(StudyError, match="contains a list, not weights by name"):
        inspect_network(str(path))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.pt"], "there is no file nowhere.pt"),
        (["relu"], "there is no file relu; name a file of weights, or your own network as module:name"),
        (["no_such_module:f"], "there is no module 'no_such_module' here"),
        ([f"{HERE}:takes_shap"], "did you mean 'takes_shape'"),
        ([f"{HERE}:functional_network"], "returns a network without inputs; add --data digits"),
        ([f"{HERE}:number"], "returned int; a torch module or (model, inputs, labels) is expected"),
        ([f"{HERE}:HERE"], "is a str; write a network or a function that builds it"),
        (
            [f"{HERE}:takes_shape"],
            "'image' and 'classes' come from the data: add --data digits (or your own data set)\n",
        ),
        (
            [f"{HERE}:takes_depth"],
            "'image' comes from the data: add --data digits (or your own data set); 'depth': write a value, as in "
            f"{HERE}:takes_depth(depth=…)",
        ),
        ([f"{HERE}:raising"], "cannot be built: ValueError: out of luck"),
        ([f"{HERE}:too_few_labels"], "inputs of shape (40, 1) and labels of shape (39,)"),
        ([f"{HERE}:text_inputs"], "its inputs or labels are not arrays of numbers"),
        ([f"{HERE}:narrow", "--data", "digits"], "fails on inputs of shape (1322, 1, 28, 28): RuntimeError: mat1"),
        ([f"{HERE}:functional_network", "--data", "digist"], "did you mean 'digits'?"),
        ([f"{HERE}:functional_network", "--data", "mnist"], "reluctant fetch mnist"),
        (["."], "is a folder without weights; a study stores them if keep_weights = true"),
    ],
)
def test_a_mistake_gets_one_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.setenv("RELUCTANT_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    status, out, err = answer(capsys, "inspect", *arguments)
    assert (status, out) == (CANNOT, "")
    assert message in err
    assert "Traceback" not in err


def test_tables_fit_80_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = answer(capsys, "inspect", f"{HERE}:deep", "--data", "digits")
    assert status == DONE
    assert max(map(len, out.splitlines())) <= 80
    for head in ("nearly dead", "dead maps", "saturated", "variance", "gradient norm", "weight norm"):
        assert head in out
