"""Any activation in any network: every place found and counted, learned apart, and nothing else touched."""

import copy
import functools
import pickle
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
import torch._dynamo
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from reluctant.activations import make
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ModelError, ReluctantError
from reluctant.models import Swap, build, give_or_swap, swap_activations, takes_activation
from reluctant.models.swap import sites
from reluctant.training.probes import Probes
from reluctant.training.tensors import TensorSplit
from tests.swapped_models import (
    Block,
    Cell,
    Drawing,
    Gated,
    Kept,
    Looped,
    Nested,
    Recurrent,
    Residual,
    Spelled,
    Squashed,
    Wayward,
    by_itself,
    by_layer,
    by_text,
    encoder,
    flat,
    handed_on,
    images,
)

HERE = "tests.swapped_models"


class Slope(nn.Module):
    """A learned slope below zero, counting its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.slope, self.calls = nn.Parameter(torch.full((1,), 0.25)), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return torch.where(x > 0, x, x * self.slope)


def names(report: Swap) -> list[str]:
    return [place.path for place in report.swapped]


def left(report: Swap) -> dict[str, str]:
    return {place.path: place.reason for place in report.left}


def seeded(kind: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return kind()


def swapped(kind: Callable[[], nn.Module], activation: Any = "prelu", **options: Any) -> tuple[Any, Swap]:
    options.setdefault("example", images() if kind is Residual else flat())
    return swap_activations(seeded(kind), activation, **options)


PLACES = [
    (Spelled, ["#relu", "#relu_2", "#relu_3", "#relu_4", "#relu_5"]),
    (
        Residual,
        ["#leaky_relu", "blocks.0.relu", "blocks.0.relu#2", "blocks.1.relu", "blocks.1.relu#2"],
    ),
    (Looped, ["#relu", "#relu_2", "#relu_3", "end.1", "end.3"]),
    (Gated, ["#relu"]),
    (Recurrent, ["#relu"]),
    (Squashed, ["tanh", "#tanh"]),
    (Nested, ["#silu", "inner#silu", "inner#silu_2", "#silu_2", "act", "#silu_3"]),
    (Wayward, ["#relu", "#relu_2", "#elu"]),
    (Kept, ["#relu"]),
    (lambda: encoder(F.gelu), ["1#gelu"]),
    (lambda: encoder(nn.ReLU()), ["1.activation"]),
]
each_network = pytest.mark.parametrize(
    ("kind", "places"), PLACES, ids=lambda value: getattr(value, "__name__", "")
)


@each_network
def test_every_place_is_found_and_has_an_activation_of_its_own(
    kind: Callable[[], nn.Module], places: list[str]
) -> None:
    model, report = swapped(kind, Slope)
    assert names(report) == places
    slopes = {name: m for name, m in model.named_modules() if isinstance(m, Slope)}
    assert len(slopes) == len(places)
    for training in (False, True):
        model.train(training)(images() if kind is Residual else flat()).square().sum().backward()
    assert all(slope.calls for slope in slopes.values())
    assert all(slope.slope.grad is not None and slope.slope.grad.abs().sum() > 0 for slope in slopes.values())
    calls = {place.path: place.calls for place in report.swapped}
    assert all(calls[name] == (2 if name.startswith("inner") else 1) for name in places)


@pytest.mark.parametrize(
    ("kind", "function"),
    [(Spelled, "relu"), (Residual, "relu"), (Looped, "relu"), (Gated, "relu"), (Recurrent, "relu"),
     (Squashed, "tanh"), (Nested, "silu"), (Kept, "relu"), (lambda: encoder(F.gelu), "gelu")],
)  # fmt: skip
@pytest.mark.parametrize("training", [False, True])
def test_the_same_function_gives_the_same_bits(
    kind: Callable[[], nn.Module], function: str, training: bool
) -> None:
    one, (other, _) = seeded(kind).train(training), swapped(kind, function)
    x = images() if kind is Residual else flat()
    ours, theirs = other.train(training)(x), one(x)
    assert torch.equal(ours, theirs)
    ours.sum().backward()
    theirs.sum().backward()
    gradients = {name: p.grad for name, p in other.named_parameters()}
    for name, p in one.named_parameters():
        assert p.grad is not None
        assert torch.equal(p.grad, gradients[name]), name


@each_network
def test_nothing_else_is_touched(kind: Callable[[], nn.Module], places: list[str]) -> None:
    model = seeded(kind)
    model.train()
    next(iter(model.children())).eval()
    parameters, modes = dict(model.named_parameters()), {m: m.training for m in model.modules()}
    state = {key: value.clone() for key, value in model.state_dict().items()}
    random.seed(1)
    before = torch.get_rng_state(), random.getstate()
    swap_activations(model, "prelu", example=images() if kind is Residual else flat())
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    after = dict(model.named_parameters())
    assert all(after[name] is p for name, p in parameters.items())
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in state.items())
    assert all(m.training == modes[m] for m in model.modules() if m in modes)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_looking_at_an_example_leaves_no_trace() -> None:
    model: Any = seeded(Drawing)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    random.seed(1)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state(legacy=False)
    swap_activations(model, "prelu", example=flat())
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert repr(before[2]) == repr(np.random.get_state(legacy=False))
    assert model.calls == 0
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in state.items())


class TestLeftAlone:
    def test_gates_and_what_bends_the_output(self) -> None:
        _, report = swapped(Gated)
        assert left(report) == {"squeeze#sigmoid": "gate", "door": "gate", "#sigmoid": "output"}

    def test_a_recurrent_cell_by_hand_is_all_gates(self) -> None:
        with pytest.raises(ModelError, match=r"all activations of Cell were left alone: #sigmoid \(gate\)"):
            swapped(Cell)

    def test_unless_they_are_asked_for(self) -> None:
        _, report = swapped(Cell, only="*#tanh")
        assert names(report) == ["#tanh"]
        assert left(report) == {
            "#sigmoid": "not in only",
            "#tanh_2": "not in only",
            "#sigmoid_2": "not in only",
        }

    def test_tanh_beside_others_may_be_a_gate_and_alone_is_none(self) -> None:
        both = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))
        _, report = swap_activations(both, "gelu", example=flat())
        assert (names(report), left(report)) == (["1"], {"3": "perhaps a gate"})
        assert names(swapped(Squashed)[1]) == ["tanh", "#tanh"]

    def test_softmax_in_the_middle_and_halving(self) -> None:
        class Odd(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.first, self.last, self.halved = nn.Linear(6, 6), nn.Linear(3, 3), nn.GLU()

            def forward(self, x: Tensor) -> Any:
                return self.last(self.halved(F.relu(self.first(x)).softmax(-1)))

        _, report = swap_activations(Odd(), "gelu", example=flat())
        assert left(report) == {"#softmax": "attention", "halved": "halves the width"}

    def test_an_excluded_module_keeps_what_it_calls(self) -> None:
        model, report = swapped(Nested, exclude=["act", "inner*"])
        assert names(report) == ["#silu", "#silu_2", "#silu_3"]
        assert left(report) == dict.fromkeys(("act", "inner#silu", "inner#silu_2"), "excluded")
        assert isinstance(model.act, nn.SiLU)

    def test_one_of_two_calls_of_a_module(self) -> None:
        model, report = swapped(Residual, "gelu", only="*.0.relu#2")
        assert names(report) == ["blocks.0.relu#2"]
        assert [type(m).__name__ for m in sites(model).values()] == ["ReLU", "GELU", "ReLU"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": "blocks.0.rleu"}, r"no place matches 'blocks.0.rleu'; did you mean 'blocks.0.relu'"),
        ({"exclude": "conv*"}, "no place matches 'conv\\*'; the places are #leaky_relu, blocks.0.relu"),
        ({"only": [3]}, "take patterns such as"),
        ({"activation": "reluu"}, "did you mean 'relu'"),
        ({"example": flat()}, "the network fails on the example: RuntimeError"),
        ({"activation": lambda: nn.Linear(7, 7)}, "the network fails on the example: RuntimeError"),
    ],
)
def test_mistakes_are_named_and_change_nothing(options: dict[str, Any], words: str) -> None:
    model = seeded(Residual)
    before = {name: type(module) for name, module in model.named_modules()}
    given = {"activation": "gelu", "example": images(), **options}
    with pytest.raises(ReluctantError, match=words):
        swap_activations(model, **given)
    assert {name: type(module) for name, module in model.named_modules()} == before


def test_nothing_to_swap_is_refused_with_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"Spelled has no activation module; give example="):
        swap_activations(Spelled(), "gelu")
    with pytest.raises(ModelError, match="neither a module known as one nor a call"):
        swap_activations(nn.Linear(6, 3), "gelu", example=flat())
    with pytest.raises(ModelError, match="ReLU is itself an activation"):
        swap_activations(nn.ReLU(), "gelu")


def test_without_an_example_modules_are_swapped_as_registered() -> None:
    model: Any
    model, report = swap_activations(Looped(), "prelu")
    assert names(report) == ["end.1", "end.3"]
    assert model.end[1] is not model.end[3]
    assert report.operations is None
    assert "calls of functions were not looked for" in str(report)


def test_a_module_in_place_is_replaced_by_one_that_is_not() -> None:
    model, _ = swapped(Residual, "relu")
    assert not any(getattr(module, "inplace", False) for module in model.modules())


def test_ways_of_training_and_of_evaluation_are_both_known() -> None:
    model, _ = swapped(Wayward, Slope)
    for training in (True, False):
        model.train(training)(flat())
    with pytest.raises(
        RuntimeError, match=r"#relu_3 \(Wayward\) was never called when activations were swapped"
    ):
        model(flat() + 1000)
    torch.manual_seed(0)
    assert torch.equal(torch.relu(torch.tensor([-1.0])), torch.zeros(1))  # the mode has gone with the error


def test_a_module_called_more_often_than_was_seen_is_refused() -> None:
    class Often(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line, self.act, self.times = nn.Linear(6, 6), nn.ReLU(), 2

        def forward(self, x: Tensor) -> Any:
            for _ in range(self.times):
                x = self.act(self.line(x))
            return self.line(x)

    model: Any
    model, _ = swap_activations(Often(), "gelu", example=flat())
    model.times = 3
    with pytest.raises(RuntimeError, match=r"act was never called for the 3\. time by the network itself"):
        model(flat())
    with pytest.raises(RuntimeError, match="runs only inside its network"):
        model.act(flat())


class TestPartsAreWhole:
    def test_a_part_can_be_called_alone(self) -> None:
        model, _ = swapped(Nested, Slope)
        model.inner(flat())
        calls = [model.get_submodule(f"inner.reluctant_sites.{name}").calls for name in ("silu", "silu_2")]
        assert calls == [1, 1]

    def test_what_is_run_again_in_backward_runs_the_same(self) -> None:
        class Checked(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner, self.out, self.again = Looped(), nn.Linear(3, 3), True

            def forward(self, x: Tensor) -> Any:
                x = checkpoint(self.inner, x * 1, use_reentrant=False) if self.again else self.inner(x * 1)
                return self.out(x)

        torch.manual_seed(0)
        model: Any
        model, _ = swap_activations(Checked(), "prelu", example=flat())
        gradients = []
        for again in (True, False):
            model.again = again
            model.zero_grad()
            model(flat().requires_grad_()).square().sum().backward()
            gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        assert len(gradients[0]) == 12 + 5 + 2
        assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))

    def test_threads_do_not_count_each_other_s_calls(self) -> None:
        model, _ = swapped(Looped, "gelu")
        alone = model(flat())
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda _: model(flat()), range(40)))
        assert all(torch.equal(alone, each) for each in together)

    def test_a_slice_of_a_network_is_a_network(self) -> None:
        model, _ = swapped(Residual, "gelu")
        assert torch.equal(model.blocks[:1](images().expand(-1, 4, -1, -1)),
                           model.blocks[0](images().expand(-1, 4, -1, -1)))  # fmt: skip


def test_a_swapped_network_can_be_swapped_again() -> None:
    for kind, places in ((Residual, PLACES[1][1]), (Nested, PLACES[6][1])):
        example = images() if kind is Residual else flat()
        model, _ = swapped(kind, "gelu")
        model, report = swap_activations(model, Slope, example=example)
        assert sorted(names(report)) == sorted(places)
        assert not any(isinstance(module, nn.GELU) for module in model.modules())
        back, _ = swap_activations(model, "relu" if kind is Residual else "silu", example=example)
        assert torch.equal(back.eval()(example), seeded(kind).eval()(example))


def test_the_encoder_s_shortcut_does_not_bring_the_old_function_back() -> None:
    model, _ = swapped(lambda: encoder(nn.ReLU()), "tanh")
    with torch.no_grad():
        quick = model.eval()(flat())
    assert torch.allclose(quick, model(flat()), atol=1e-6)
    assert not torch.allclose(quick, seeded(lambda: encoder(nn.ReLU())).eval()(flat()), atol=1e-3)


def test_a_network_keeps_its_class_s_name_and_words() -> None:
    import inspect

    model, _ = swapped(Residual)
    assert isinstance(model, Residual)
    assert isinstance(model.blocks[0], Block)
    assert type(model).__name__ == "Residual"
    assert list(inspect.signature(model.forward).parameters) == ["x"]


def test_a_forward_that_somebody_has_wrapped_is_refused() -> None:
    model = Spelled()
    plain = model.forward
    model.forward = functools.partial(plain)  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="somebody has wrapped its forward"):
        swap_activations(model, "gelu", example=flat())


SAMPLE = ["prelu", "rrelu", "tangma", "pau", "sine", "swiglu", "maxout", "softplus", "identity",
          "leaky_relu(negative_slope=0.3)", "tests.own_activations:bent"]  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from([row.name for row in ACTIVATIONS]))
def test_any_function_of_the_catalogue_can_be_put_in(name: str) -> None:
    holds(name)


@pytest.mark.parametrize("name", SAMPLE)
def test_functions_of_every_kind_can_be_put_in(name: str) -> None:
    holds(name)


def holds(name: str) -> None:
    """Forward, backward, copies, pickle and the state's way out and in."""
    model, report = swapped(Looped, name)
    assert len(report.swapped) == 5
    model.train()(flat()).square().sum().backward()
    model.eval()
    out = model(flat())
    assert out.shape == (5, 3)
    twin, thawed = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    other, _ = swapped(Looped, name)
    with torch.no_grad():
        for p in other.parameters():
            p.add_(1)
    other.load_state_dict(model.state_dict())
    for each in (twin, thawed, other.eval()):
        assert torch.equal(each(flat()), out)
    with torch.no_grad():
        for p in twin.parameters():
            p.mul_(0)
    assert torch.equal(model(flat()), out)


@pytest.mark.parametrize("kind", [Spelled, Residual, Looped, Nested])
def test_compiled_networks_give_the_same(kind: Callable[[], nn.Module]) -> None:
    model, report = swapped(kind, "prelu")
    model.eval()
    x = images() if kind is Residual else flat()
    torch._dynamo.reset()
    compiled: Any = torch.compile(model, backend="eager", fullgraph=report.compiles == "in one piece")
    torch.testing.assert_close(compiled(x), model(x))


def test_a_network_compiled_in_pieces_is_refused() -> None:
    class Broken(Looped):
        def forward(self, x: Tensor) -> Any:
            x = F.relu(self.lines[0](x))
            torch._dynamo.graph_break()
            return self.end(x)

    model, _ = swap_activations(Broken(), "gelu", example=flat())
    torch._dynamo.reset()
    compiled: Any = torch.compile(model, backend="eager")
    with pytest.raises(torch._dynamo.exc.Unsupported):
        compiled(flat())


class TestReport:
    def test_numbers_before_and_after(self) -> None:
        _, report = swapped(Looped, "prelu")
        assert report.parameters == (3 * 42 + 2 * 42 + 21, 3 * 42 + 2 * 42 + 21 + 5)
        assert report.operations == (5 * 5 * 36 + 5 * 18,) * 2

    def test_a_block_costs_operations(self) -> None:
        _, report = swapped(Looped, "swiglu")
        assert report.operations is not None
        assert report.operations[1] > report.operations[0]
        assert report.parameters[1] > report.parameters[0]

    def test_it_reads_as_a_table(self) -> None:
        _, report = swapped(Gated, "prelu")
        lines = str(report).splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[0] == "prelu at 1 place, 1 of them a function"
        assert lines[1].split() == ["#relu", "relu", "1", "per", "pass"]
        assert "left alone: 3 places" in lines
        assert lines[3].split() == ["squeeze#sigmoid", "sigmoid", "gate"]
        assert "parameters: 105 → 106" in lines


class TestFactories:
    @pytest.mark.parametrize(
        ("factory", "keyword"),
        [(by_layer, "act_layer"), (by_text, "hidden_act"), (by_itself, None), (handed_on, None),
         (nn.TransformerEncoderLayer, "activation"), (nn.RNN, None)],
    )  # fmt: skip
    def test_the_keyword_is_found(self, factory: Callable[..., Any], keyword: str | None) -> None:
        assert takes_activation(factory) == keyword

    def test_a_class_is_wanted_and_a_maker_of_fresh_ones_is_given(self) -> None:
        model, report = give_or_swap(by_layer, "prelu", {"image": (1, 8, 8), "classes": 10})
        assert report is None
        assert isinstance(model[2], nn.PReLU)

    def test_a_text_of_its_own_is_left_to_the_factory_and_swapped(self) -> None:
        model, report = give_or_swap(by_text, "prelu", example=torch.zeros(2, 1, 8, 8))
        assert report is not None
        assert names(report) == ["2"]
        assert isinstance(model[2], nn.PReLU)

    @pytest.mark.parametrize(
        "factory", ["by_layer", "by_text", "by_itself", "handed_on", "handed_on(width=7)"]
    )
    def test_networks_of_one_s_own_get_the_activation_whatever_they_take(self, factory: str) -> None:
        model = build(f"{HERE}:{factory}", "tangma", (1, 8, 8), 10, seed=3)
        assert [type(m).__name__ for m in sites(model).values()] == ["Formula"]
        again = build(f"{HERE}:{factory}", "relu", (1, 8, 8), 10, seed=3)
        weights = {key: value for key, value in model.state_dict().items() if value.dim() == 2}
        assert all(torch.equal(value, again.state_dict()[key]) for key, value in weights.items())

    def test_what_cannot_be_made_or_swapped_is_refused(self) -> None:
        with pytest.raises(ModelError, match="unexpected keyword argument 'wdith'"):
            build(f"{HERE}:handed_on(wdith=3)", "gelu", (1, 8, 8), 10)
        with pytest.raises(ModelError, match="no activation was found in Sequential"):
            build(f"{HERE}:bare", "gelu", (1, 8, 8), 10)


class TestProbes:
    def seen(self, model: nn.Module, x: Tensor) -> dict[str, Any]:
        probes = Probes(model, TensorSplit(x, torch.arange(len(x)) % 3))
        first = probes.snapshot()["sites"]
        assert probes.snapshot()["sites"].keys() == first.keys()
        return dict(first)

    @pytest.mark.parametrize("kind", [Spelled, Residual, Looped, Squashed])
    def test_calls_of_functions_are_seen_and_called_as_a_swap_calls_them(
        self, kind: Callable[[], nn.Module]
    ) -> None:
        x = images(40) if kind is Residual else flat(40)
        before = self.seen(seeded(kind), x)
        model, report = swapped(kind, "tanh" if kind is Squashed else "relu")
        after = self.seen(model, x)
        assert set(names(report)) <= set(after)
        for name in set(after) & set(before):
            assert after[name] == before[name], name
        assert set(names(report)) - set(before) <= {"end.3", "blocks.0.relu#2", "blocks.1.relu#2"}

    def test_dead_units_of_a_function_are_counted(self) -> None:
        model: Any = seeded(Kept)
        with torch.no_grad():
            model.first.bias[:2] = -1000
        assert self.seen(model, flat(40))["#relu"]["dead"] == 2

    def test_a_network_of_ours_is_not_listened_to(self) -> None:
        probes = Probes(
            build("convnet", "relu", (1, 28, 28), 10),
            TensorSplit(torch.zeros(40, 1, 28, 28), torch.arange(40)),
        )
        assert not probes.trace_functions
        assert make("relu")
