"""What the probes count, on networks whose inside is known."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import make
from reluctant.core.randomness import generator
from reluctant.models import swap_activations
from reluctant.models.swap import activation_modules
from reluctant.records.parts import NORMS, LayerProbe, ProbeSnapshot
from reluctant.records.probe_table import COUNTS, CURVE, EDGES, SIZES, compact
from reluctant.training.probes import Probes, four_digits, histogram, probe_batch_size, slopes
from reluctant.training.tensors import TensorSplit
from tests.support.small import digits, run, trained

GOOD = torch.linspace(1, 2, 40)


class Eight(nn.Module):
    """Eight units: unit i sees `biases[i]` plus a number between 1 and 2 times `scale`."""

    def __init__(self, activation: str, biases: list[float], scale: float = 0.1) -> None:
        super().__init__()
        self.line = nn.Linear(1, 8)
        self.act = make(activation)
        self.out = nn.Linear(8, 3)
        with torch.no_grad():
            self.line.weight.fill_(scale)
            self.line.bias.copy_(torch.tensor(biases))

    def forward(self, x: Tensor) -> Any:
        return self.out(self.act(self.line(x)))


def probes(model: nn.Module) -> Probes:
    return Probes(model, TensorSplit(GOOD[:, None], torch.arange(40) % 3))


def test_three_dead_of_eight_and_one_revived() -> None:
    model = Eight("relu", [-3, -3, -3, 1, 1, 1, 1, 1])
    probe = probes(model)
    first = probe.snapshot()["sites"]["act"]
    assert [first[k] for k in ("units", "dead", "channels", "dead_channels", "died", "revived")] == [8, 3, 8, 3, 0, 0]
    with torch.no_grad():
        model.line.bias[0] = 1.0  # one comes back
        model.line.bias[6:] = -3.0  # two die
    second = probe.snapshot()["sites"]["act"]
    assert [second[k] for k in ("dead", "died", "revived")] == [4, 2, 1]


def test_two_saturated_of_eight() -> None:
    """tanh's slope at ±4 is .0013: flat, but not zero."""
    site = probes(Eight("tanh", [4, -4.5, 0, 0, 0, 0, 0, 0])).snapshot()["sites"]["act"]
    assert site["saturated"] == 2 * 32
    assert site["values"] == 8 * 32
    assert (site["dead"], site["nearly"]) == (0, 1)  # at −4.3 and nearer the slope is below 10⁻³ for all
    assert site["zero"] == 0


@pytest.mark.parametrize(("activation", "dead"), [("relu", 8), ("leaky_relu", 0), ("gelu", 8), ("hardtanh", 8)])
def test_death_is_defined_for_every_activation(activation: str, dead: int) -> None:
    site = probes(Eight(activation, [-40.0] * 8)).snapshot()["sites"]["act"]
    assert site["dead"] == dead


def test_units_of_a_map_and_channels_are_counted_apart() -> None:
    class Maps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = make("relu")
            self.out = nn.Linear(2 * 4, 3)

        def forward(self, x: Tensor) -> Any:
            return self.out(self.act(x).flatten(1))

    x = torch.ones(40, 2, 2, 2)
    x[:, 0] = -1  # a whole channel
    x[:, 1, 0, 0] = -1  # and one position of the other
    x[3, 1, 0, 1] = -1  # dead for one image is not dead
    site = Probes(Maps(), TensorSplit(x, torch.arange(40) % 3)).snapshot()["sites"]["act"]
    assert [site[k] for k in ("units", "dead", "channels", "dead_channels")] == [8, 5, 2, 1]


class HalfDead(nn.Module):
    """Tokens (n, t, 2) or pixels (n, h, w, 2): 16 features, of which the first 8 are dead in every token."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.up, self.act, self.down = nn.Linear(2, 16), activation, nn.Linear(16, 3)
        with torch.no_grad():
            self.up.weight.fill_(0.1)
            self.up.bias.copy_(torch.tensor([-9.0] * 8 + [9.0] * 8))

    def forward(self, x: Tensor) -> Any:
        return self.down(self.act(self.up(x))).flatten(1, -2).mean(1)


@pytest.mark.parametrize("shape", [(40, 5, 2), (40, 3, 4, 2)])
def test_the_units_of_tokens_are_their_features(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    network = HalfDead(make("relu"))
    site = Probes(network, TensorSplit(x, torch.arange(40) % 3)).snapshot()["sites"]["act"]
    assert [site[k] for k in ("units", "dead", "nearly", "channels", "dead_channels")] == [16, 8, 8, 16, 8]
    assert site["values"] == 32 * x[0, ..., 0].numel() * 16
    with torch.no_grad():
        network.up.weight[0] = 100.0  # alive in the tokens whose numbers have a large sum
    site = Probes(network, TensorSplit(x, torch.arange(40) % 3)).snapshot()["sites"]["act"]
    assert site["dead"] == site["dead_channels"] == 7


def test_the_units_of_a_function_call_on_tokens_are_their_features() -> None:
    class Functional(HalfDead):
        def forward(self, x: Tensor) -> Any:
            return self.down(F.relu(self.up(x))).mean(1)

    site = Probes(Functional(make("relu")), TensorSplit(torch.randn(40, 5, 2), torch.arange(40) % 3))
    record = site.snapshot()["sites"]["#relu"]
    assert [record[k] for k in ("units", "dead", "channels", "dead_channels")] == [16, 8, 16, 8]


@pytest.mark.parametrize(("gate", "dead"), [("drelu", 3), ("reglu", 2), ("swiglu", 0)])
def test_a_unit_of_a_gate_is_dead_where_neither_map_has_a_slope(gate: str, dead: int) -> None:
    """Of the units 0, 1 and 2 both maps, the value alone and the gate alone are negative for every input."""
    network: Any = nn.Sequential(nn.Linear(1, 6), nn.ReLU(), nn.Linear(6, 3))
    swap_activations(network, f"{gate}(match='none')", example=GOOD[:, None])
    with torch.no_grad():
        network[0].weight.fill_(0.1)
        network[0].bias.copy_(torch.tensor([-9.0, -9, 9, 9, 9, 9, -9, 9, -9, 9, 9, 9]))  # values, then gates
    site = probes(network).snapshot()["sites"]["1"]
    assert (site["units"], site["dead"], site["values"]) == (6, dead, 6 * 32)


def test_gradients_are_those_of_autograd() -> None:
    model = Eight("gelu", [0.0] * 8)
    probe = probes(model)
    snapshot = probe.snapshot()
    model.zero_grad()
    hidden = model.act(model.line(probe.inputs))
    hidden.retain_grad()
    F.cross_entropy(model.out(hidden), probe.targets).backward()  # type: ignore[no-untyped-call]
    for layer in ("line", "out"):
        module: Any = getattr(model, layer)
        both = torch.cat([module.weight.grad.reshape(-1), module.bias.grad])
        assert snapshot["layers"][layer]["gradient"] == pytest.approx(both.norm().item(), rel=1e-3)
        weights = torch.cat([module.weight.reshape(-1), module.bias])
        assert snapshot["layers"][layer]["weight"] == pytest.approx(weights.norm().item(), rel=1e-3)
        assert snapshot["layers"][layer]["update"] == 0
    assert snapshot["sites"]["act"]["gradient"] == pytest.approx(hidden.grad.norm().item(), rel=1e-3)
    with torch.no_grad():
        model.out.weight += 0.5
    assert probe.snapshot()["layers"]["out"]["update"] == pytest.approx((0.25 * 24) ** 0.5, rel=1e-3)


def test_moments_are_those_of_the_batch() -> None:
    model = Eight("tanh", [0.0, 1, 2, 3, 4, 5, 6, 7])
    probe = probes(model)
    site = probe.snapshot()["sites"]["act"]
    x = model.line(probe.inputs).double()
    assert site["in"] == pytest.approx([x.mean().item(), x.var().item()], rel=1e-3)
    assert site["out"] == pytest.approx([x.tanh().mean().item(), x.tanh().var().item()], rel=1e-3)


@pytest.mark.parametrize("activation", ["relu", "rrelu", "prelu", "gelu"])
def test_a_snapshot_changes_nothing(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = run(activation, epochs=2)
    with_probes = trained(config, digits(64)).record()
    monkeypatch.setattr(Probes, "snapshot", lambda *_, **__: {"sites": {}, "layers": {}})
    without = trained(config, digits(64)).record()
    assert with_probes.weights == without.weights
    assert [e.loss for e in with_probes.epochs] == [e.loss for e in without.epochs]


def test_a_snapshot_leaves_modes_states_and_gradients() -> None:
    training = trained(run("rrelu"), digits(64))
    model, before = training.model, {k: v.clone() for k, v in training.model.state_dict().items()}
    gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    model.train()
    next(iter(model.children())).eval()
    modes = [m.training for m in model.modules()]
    torch.manual_seed(5)
    state = torch.get_rng_state()
    training.probes.snapshot(detailed=True)
    assert torch.equal(state, torch.get_rng_state())
    assert modes == [m.training for m in model.modules()]
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(
        torch.equal(a, p.grad) for a, p in zip(gradients, model.parameters(), strict=False) if p.grad is not None
    )
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_every_site_of_the_article_s_network_is_recorded() -> None:
    record = trained(run("prelu", epochs=2), digits(64)).record()
    assert record.start is not None
    for snapshot in (record.start, *(epoch.probes for epoch in record.epochs)):
        assert snapshot is not None
        assert list(snapshot.sites) == [
            "blocks.0.activation",
            "blocks.1.activation",
            "blocks.2.activation",
            "activation",
        ]
        assert [site.channels for site in record.start.sites.values()] == [32, 64, 128, 128]
        assert all(len(site.learned) == 1 for site in snapshot.sites.values())
        assert set(snapshot.layers) >= {"blocks.0.conv", "hidden", "output"}
    assert record.start.sites["activation"].learned == [0.25]
    first, last = (epoch.probes.sites["activation"] for epoch in record.epochs if epoch.probes)
    assert last.curve is not None
    assert len(last.curve) == len(CURVE)
    assert first.histogram is None


def test_a_module_used_twice_is_two_sites() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line, self.act = nn.Linear(1, 3), make("relu")

        def forward(self, x: Tensor) -> Any:
            return self.act(self.act(self.line(x)))

    assert list(probes(Twice()).snapshot()["sites"]) == ["act", "act#2"]


def test_a_module_that_works_in_place_is_recorded_before_it_does() -> None:
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line, self.act = nn.Linear(1, 3), nn.ReLU(inplace=True)
            with torch.no_grad():
                self.line.weight.fill_(-1)
                self.line.bias.zero_()

        def forward(self, x: Tensor) -> Any:
            return self.act(self.line(x))

    site = probes(InPlace()).snapshot()["sites"]["act"]
    assert site["dead"] == 3
    assert site["in"][0] < 0
    assert site["out"] == [0, 0]


def test_modules_of_the_catalogue_s_classes_are_sites_and_others_are_not() -> None:
    model = nn.Sequential(
        nn.Linear(2, 2), nn.GELU(), nn.Dropout(), make("tests.support.own_activations:bent"), nn.Softmax(1)
    )
    assert list(activation_modules(model)) == ["1", "3"]


def test_the_probe_batch_is_the_same_for_all_and_of_the_training_part() -> None:
    one, other = (trained(run(a, seed=s), digits()).probes for a, s in (("relu", 0), ("gelu", 1)))
    assert torch.equal(one.inputs, other.inputs)
    rows = np.sort(generator(0, "probe").permutation(len(digits().train))[: len(one.targets)])
    assert torch.equal(one.targets, digits().train.targets[torch.from_numpy(rows)])


@pytest.mark.parametrize(("n", "expected"), [(10, 10), (1000, 32), (6400, 100), (55_200, 256)])
def test_the_probe_batch_is_small_against_an_epoch(n: int, expected: int) -> None:
    assert probe_batch_size(n) == expected


def test_a_histogram_loses_no_value() -> None:
    values = torch.tensor([-1e9, -6.1, 0.1, 0.2, 6.0, 7.0, float("inf")])
    counts = histogram(values)
    assert sum(counts) == 7
    assert (counts[0], counts[12], counts[-1]) == (2, 2, 3)
    assert len(counts) == len(EDGES) - 1


def test_a_slope_is_the_derivative() -> None:
    x = torch.linspace(-3, 3, 7)
    assert torch.equal(slopes(nn.ReLU(), x), (x > 0).float())
    assert torch.allclose(slopes(nn.Tanh(), x), 1 - x.tanh() ** 2)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_becomes_none(value: float) -> None:
    assert four_digits(torch.tensor(value)) is None


def test_the_compact_form_of_a_snapshot_loses_nothing() -> None:
    snapshot = probes(Eight("relu", [-3, -3, -3, 1, 1, 1, 1, 1])).snapshot(detailed=True)
    for first in (True, False):
        short = compact(snapshot, first=first)
        read = ProbeSnapshot.read(short)
        assert read.layers == {name: LayerProbe(**norms) for name, norms in snapshot["layers"].items()}
        assert all(getattr(read.sites["act"], key) == snapshot["sites"]["act"][key] for key in COUNTS)
        site = {**dict.fromkeys(COUNTS, 0), **short["sites"]["act"]}
        assert {k: v for k, v in snapshot["sites"]["act"].items() if first or k not in SIZES} == site
        assert all(len(norms) == len(NORMS) for norms in short["layers"].values())


class Step(nn.Module):
    """No derivative anywhere."""

    def forward(self, x: Tensor) -> Any:
        return (x > 0).to(x.dtype).detach()


def test_a_function_without_a_derivative_is_dead_everywhere() -> None:
    assert torch.equal(slopes(Step(), torch.linspace(-1, 1, 5)), torch.zeros(5))


def test_an_activation_may_be_called_by_keyword_and_a_gate_of_one_number_is_no_site() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line, self.act, self.gate = nn.Linear(1, 3), nn.ReLU(), nn.Sigmoid()
            self.share = nn.Parameter(torch.zeros(()))

        def forward(self, x: Tensor) -> Any:
            return self.act(input=self.line(x)) * self.gate(self.share)

    assert list(probes(Odd()).snapshot()["sites"]) == ["act"]
