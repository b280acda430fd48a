"""Swapping activations: every site is found, gets its own module, and nothing else changes."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import make
from reluctant.core.errors import ModelError, StudyError
from reluctant.models import SwapReport, build, swap_activations
from reluctant.models.swap import activation_modules
from reluctant.training.probes import Probes
from reluctant.training.tensors import TensorSplit
from tests.support.swapped_models import (
    FiveSpellings,
    Gated,
    InPlaceOnly,
    LearnedSlope,
    LoopAndSharedModule,
    Nested,
    RandomNumbers,
    Recurrent,
    RecurrentCell,
    ResidualNet,
    TanhNet,
    TwoBranches,
    encoder,
    flat_inputs,
    image_inputs,
    inputs_of,
    seeded,
    swapped,
    swapped_names,
)


def skip_reasons(report: SwapReport) -> dict[str, str]:
    return {site.name: site.reason for site in report.skipped}


SITES = [
    (FiveSpellings, ["#relu", "#relu_2", "#relu_3", "#relu_4", "#relu_5"]),
    (ResidualNet, ["#leaky_relu", "blocks.0.relu", "blocks.0.relu#2", "blocks.1.relu", "blocks.1.relu#2"]),
    (LoopAndSharedModule, ["#relu", "#relu_2", "#relu_3", "end.1", "end.3"]),
    (Gated, ["#relu"]),
    (Recurrent, ["#relu"]),
    (TanhNet, ["tanh", "#tanh"]),
    (Nested, ["#silu", "inner#silu", "inner#silu_2", "#silu_2", "act", "#silu_3"]),
    (TwoBranches, ["#relu", "#relu_2", "#elu"]),
    (InPlaceOnly, ["#relu"]),
    (lambda: encoder(F.gelu), ["1#gelu"]),
    (lambda: encoder(nn.ReLU()), ["1.activation"]),
]


each_network = pytest.mark.parametrize(
    ("build_network", "sites"), SITES, ids=lambda value: getattr(value, "__name__", "")
)


@each_network
def test_every_site_is_found_and_gets_its_own_module(build_network: Callable[[], nn.Module], sites: list[str]) -> None:
    model, report = swapped(build_network, LearnedSlope)
    assert swapped_names(report) == sites
    slopes = {name: m for name, m in model.named_modules() if isinstance(m, LearnedSlope)}
    assert len(slopes) == len(sites)
    for training in (False, True):
        model.train(training)(inputs_of(build_network)).square().sum().backward()
    assert all(slope.calls for slope in slopes.values())
    assert all(slope.slope.grad is not None and slope.slope.grad.abs().sum() > 0 for slope in slopes.values())
    calls = {site.name: site.calls for site in report.swapped}
    assert all(calls[name] == (2 if name.startswith("inner") else 1) for name in sites)


@pytest.mark.parametrize(
    ("build_network", "function"),
    [(FiveSpellings, "relu"), (ResidualNet, "relu"), (LoopAndSharedModule, "relu"), (Gated, "relu"),
     (Recurrent, "relu"), (TanhNet, "tanh"), (Nested, "silu"), (InPlaceOnly, "relu"),
     (lambda: encoder(F.gelu), "gelu")],
)  # fmt: skip
@pytest.mark.parametrize("training", [False, True])
def test_swapping_the_same_activation_changes_no_bit(
    build_network: Callable[[], nn.Module], function: str, training: bool
) -> None:
    original, (model, _) = seeded(build_network).train(training), swapped(build_network, function)
    x = inputs_of(build_network)
    output, expected = model.train(training)(x), original(x)
    assert torch.equal(output, expected)
    output.sum().backward()
    expected.sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    for name, p in original.named_parameters():
        assert p.grad is not None
        assert torch.equal(p.grad, gradients[name]), name


@each_network
def test_weights_modes_hooks_and_random_states_do_not_change(
    build_network: Callable[[], nn.Module], sites: list[str]
) -> None:
    model = seeded(build_network)
    model.train()
    next(iter(model.children())).eval()
    parameters, modes = dict(model.named_parameters()), {m: m.training for m in model.modules()}
    state = {key: value.clone() for key, value in model.state_dict().items()}
    random.seed(1)
    before = torch.get_rng_state(), random.getstate()
    swap_activations(model, "prelu", example=inputs_of(build_network))
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    after = dict(model.named_parameters())
    assert all(after[name] is p for name, p in parameters.items())
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in state.items())
    assert all(m.training == modes[m] for m in model.modules() if m in modes)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_tracing_changes_no_random_state_buffer_or_attribute() -> None:
    model: Any = seeded(RandomNumbers)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    random.seed(1)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state(legacy=False)
    swap_activations(model, "prelu", example=flat_inputs())
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert repr(before[2]) == repr(np.random.get_state(legacy=False))
    assert model.calls == 0
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in state.items())


class TestSkippedSites:
    def test_gates_and_output_activations_are_skipped(self) -> None:
        _, report = swapped(Gated)
        assert skip_reasons(report) == {"squeeze#sigmoid": "gate", "door": "gate", "#sigmoid": "output"}

    def test_a_network_with_gates_alone_is_refused(self) -> None:
        with pytest.raises(ModelError, match=r"no activation of RecurrentCell was swapped: #sigmoid \(gate\)"):
            swapped(RecurrentCell)

    def test_only_selects_gates_too(self) -> None:
        _, report = swapped(RecurrentCell, only="*#tanh")
        assert swapped_names(report) == ["#tanh"]
        assert skip_reasons(report) == {
            "#sigmoid": "not in only",
            "#tanh_2": "not in only",
            "#sigmoid_2": "not in only",
        }

    def test_tanh_may_be_a_gate_if_there_are_other_activations(self) -> None:
        both = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))
        _, report = swap_activations(both, "gelu", example=flat_inputs())
        assert (swapped_names(report), skip_reasons(report)) == (["1"], {"3": "may be a gate"})
        assert swapped_names(swapped(TanhNet)[1]) == ["tanh", "#tanh"]

    def test_softmax_and_glu_are_skipped(self) -> None:
        class SoftmaxAndGLU(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.first, self.last, self.halved = nn.Linear(6, 6), nn.Linear(3, 3), nn.GLU()

            def forward(self, x: Tensor) -> Any:
                return self.last(self.halved(F.relu(self.first(x)).softmax(-1)))

        _, report = swap_activations(SoftmaxAndGLU(), "gelu", example=flat_inputs())
        assert skip_reasons(report) == {"#softmax": "attention", "halved": "halves the width"}

    def test_excluded_sites_keep_their_activations(self) -> None:
        model, report = swapped(Nested, exclude=["act", "inner*"])
        assert swapped_names(report) == ["#silu", "#silu_2", "#silu_3"]
        assert skip_reasons(report) == dict.fromkeys(("act", "inner#silu", "inner#silu_2"), "excluded")
        assert isinstance(model.act, nn.SiLU)

    def test_one_of_two_calls_of_a_module_is_swapped(self) -> None:
        model, report = swapped(ResidualNet, "gelu", only="*.0.relu#2")
        assert swapped_names(report) == ["blocks.0.relu#2"]
        assert [type(m).__name__ for m in activation_modules(model).values()] == ["ReLU", "GELU", "ReLU"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": "blocks.0.rleu"}, r"no site matches 'blocks.0.rleu'; did you mean 'blocks.0.relu'"),
        ({"exclude": "conv*"}, "no site matches 'conv\\*'; the names of the sites are #leaky_relu, blocks.0.relu"),
        ({"only": [3]}, "take patterns such as"),
        ({"activation": "reluu"}, "did you mean 'relu'"),
        ({"example": flat_inputs()}, r" fails on inputs of shape \(.*\): RuntimeError"),
        ({"activation": lambda: nn.Linear(7, 7)}, r" fails on inputs of shape \(.*\): RuntimeError"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(options: dict[str, Any], message: str) -> None:
    model = seeded(ResidualNet)
    before = {name: type(module) for name, module in model.named_modules()}
    arguments = {"activation": "gelu", "example": image_inputs(), **options}
    kind = StudyError if options == {"activation": "reluu"} else ModelError
    with pytest.raises(kind, match=message):
        swap_activations(model, **arguments)
    assert {name: type(module) for name, module in model.named_modules()} == before


def test_a_network_without_sites_is_refused_with_a_hint() -> None:
    with pytest.raises(ModelError, match=r"FiveSpellings has no activation module; give example="):
        swap_activations(FiveSpellings(), "gelu")
    with pytest.raises(ModelError, match="neither a known activation module nor a call"):
        swap_activations(nn.Linear(6, 3), "gelu", example=flat_inputs())
    with pytest.raises(ModelError, match="ReLU is itself an activation"):
        swap_activations(nn.ReLU(), "gelu")


def test_without_an_example_registered_modules_are_swapped() -> None:
    model: Any
    model, report = swap_activations(LoopAndSharedModule(), "prelu")
    assert swapped_names(report) == ["end.1", "end.3"]
    assert model.end[1] is not model.end[3]
    assert report.multiply_adds is None
    assert "function calls were not searched for" in str(report)


def test_an_in_place_module_is_replaced_by_one_that_is_not() -> None:
    model, _ = swapped(ResidualNet, "relu")
    assert not any(getattr(module, "inplace", False) for module in model.modules())


def test_a_swapped_network_can_be_swapped_again() -> None:
    for build_network, sites in ((ResidualNet, SITES[1][1]), (Nested, SITES[6][1])):
        example = inputs_of(build_network)
        model, _ = swapped(build_network, "gelu")
        model, report = swap_activations(model, LearnedSlope, example=example)
        assert sorted(swapped_names(report)) == sorted(sites)
        assert not any(isinstance(module, nn.GELU) for module in model.modules())
        back, _ = swap_activations(model, "relu" if build_network is ResidualNet else "silu", example=example)
        assert torch.equal(back.eval()(example), seeded(build_network).eval()(example))


class TestReport:
    def test_parameters_and_multiply_adds_before_and_after(self) -> None:
        _, report = swapped(LoopAndSharedModule, "prelu")
        assert report.parameters == (3 * 42 + 2 * 42 + 21, 3 * 42 + 2 * 42 + 21 + 5)
        assert report.multiply_adds == (5 * 5 * 36 + 5 * 18,) * 2

    def test_a_gated_block_adds_multiply_adds_and_parameters(self) -> None:
        _, report = swapped(LoopAndSharedModule, "swiglu(match='inside')")
        assert report.multiply_adds is not None
        assert report.multiply_adds[1] > report.multiply_adds[0]
        assert report.parameters[1] > report.parameters[0]

    def test_the_text_is_a_table(self) -> None:
        _, report = swapped(Gated, "prelu")
        lines = str(report).splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[0] == "prelu at 1 site, 1 of them function calls"
        assert lines[1].split() == ["#relu", "relu", "called", "1", "×", "per", "pass"]
        assert "not replaced: 3 sites (to replace them too, name them in only=)" in lines
        assert lines[3].split() == ["squeeze#sigmoid", "sigmoid", "gate"]
        assert "parameters: 105 → 106 (+0.95 %)" in lines


class TestProbes:
    def probe_sites(self, model: nn.Module, x: Tensor) -> dict[str, Any]:
        probes = Probes(model, TensorSplit(x, torch.arange(len(x)) % 3))
        first = probes.snapshot()["sites"]
        assert probes.snapshot()["sites"].keys() == first.keys()
        return dict(first)

    @pytest.mark.parametrize("build_network", [FiveSpellings, ResidualNet, LoopAndSharedModule, TanhNet])
    def test_probes_name_functional_calls_as_a_swap_does(self, build_network: Callable[[], nn.Module]) -> None:
        x = image_inputs(40) if build_network is ResidualNet else flat_inputs(40)
        before = self.probe_sites(seeded(build_network), x)
        model, report = swapped(build_network, "tanh" if build_network is TanhNet else "relu")
        after = self.probe_sites(model, x)
        assert set(swapped_names(report)) <= set(after)
        for name in set(after) & set(before):
            assert after[name] == before[name], name
        assert set(swapped_names(report)) - set(before) <= {"end.3", "blocks.0.relu#2", "blocks.1.relu#2"}

    def test_probes_count_dead_units_of_a_functional_call(self) -> None:
        model: Any = seeded(InPlaceOnly)
        with torch.no_grad():
            model.first.bias[:2] = -1000
        assert self.probe_sites(model, flat_inputs(40))["#relu"]["dead"] == 2

    def test_probes_do_not_trace_functions_in_a_network_of_the_catalogue(self) -> None:
        probes = Probes(
            build("convnet", "relu", (1, 28, 28), 10), TensorSplit(torch.zeros(40, 1, 28, 28), torch.arange(40))
        )
        assert not probes.trace_functions
        assert make("relu")
