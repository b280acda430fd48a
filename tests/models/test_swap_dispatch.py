"""A network with swapped functional calls works in parts, copies, threads, checkpoints and torch.compile."""

import copy
import functools
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
import torch._dynamo
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ModelError
from reluctant.models import swap_activations
from tests.support.swapped_models import (
    Block,
    FiveSpellings,
    LearnedSlope,
    LoopAndSharedModule,
    Nested,
    ResidualNet,
    TwoBranches,
    encoder,
    flat_inputs,
    image_inputs,
    inputs_of,
    seeded,
    swapped,
)


def test_calls_of_both_modes_are_known_and_others_raise() -> None:
    model, _ = swapped(TwoBranches, LearnedSlope)
    for training in (True, False):
        model.train(training)(flat_inputs())
    with pytest.raises(RuntimeError, match=r"#relu_3 \(TwoBranches\) was never called when activations were swapped"):
        model(flat_inputs() + 1000)
    torch.manual_seed(0)
    assert torch.equal(torch.relu(torch.tensor([-1.0])), torch.zeros(1))  # the error has ended the mode


def test_a_module_that_is_called_more_often_than_traced_raises() -> None:
    class Repeats(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line, self.act, self.times = nn.Linear(6, 6), nn.ReLU(), 2

        def forward(self, x: Tensor) -> Any:
            for _ in range(self.times):
                x = self.act(self.line(x))
            return self.line(x)

    model: Any
    model, _ = swap_activations(Repeats(), "gelu", example=flat_inputs())
    model.times = 3
    with pytest.raises(RuntimeError, match=r"call 3 of act by the network itself never happened"):
        model(flat_inputs())
    with pytest.raises(RuntimeError, match="runs only inside its network"):
        model.act(flat_inputs())


class TestPartsOfANetwork:
    def test_a_part_can_be_called_alone(self) -> None:
        model, _ = swapped(Nested, LearnedSlope)
        model.inner(flat_inputs())
        calls = [model.get_submodule(f"inner.reluctant_sites.{name}").calls for name in ("silu", "silu_2")]
        assert calls == [1, 1]

    def test_checkpointing_gives_the_same_gradients(self) -> None:
        class Checkpointed(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner, self.out, self.checkpointed = LoopAndSharedModule(), nn.Linear(3, 3), True

            def forward(self, x: Tensor) -> Any:
                x = checkpoint(self.inner, x * 1, use_reentrant=False) if self.checkpointed else self.inner(x * 1)
                return self.out(x)

        torch.manual_seed(0)
        model: Any
        model, _ = swap_activations(Checkpointed(), "prelu", example=flat_inputs())
        gradients = []
        for checkpointed in (True, False):
            model.checkpointed = checkpointed
            model.zero_grad()
            model(flat_inputs().requires_grad_()).square().sum().backward()
            gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        assert len(gradients[0]) == 12 + 5 + 2
        assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))

    def test_threads_count_their_own_calls(self) -> None:
        model, _ = swapped(LoopAndSharedModule, "gelu")
        alone = model(flat_inputs())
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda _: model(flat_inputs()), range(40)))
        assert all(torch.equal(alone, each) for each in together)

    def test_a_slice_of_a_sequential_runs(self) -> None:
        model, _ = swapped(ResidualNet, "gelu")
        assert torch.equal(model.blocks[:1](image_inputs().expand(-1, 4, -1, -1)),
                           model.blocks[0](image_inputs().expand(-1, 4, -1, -1)))  # fmt: skip


def test_the_fast_path_of_the_encoder_layer_is_off() -> None:
    model, _ = swapped(lambda: encoder(nn.ReLU()), "tanh")
    with torch.no_grad():
        fast = model.eval()(flat_inputs())
    assert torch.allclose(fast, model(flat_inputs()), atol=1e-6)
    assert not torch.allclose(fast, seeded(lambda: encoder(nn.ReLU())).eval()(flat_inputs()), atol=1e-3)


def test_a_network_keeps_the_name_and_signature_of_its_class() -> None:
    import inspect

    model, _ = swapped(ResidualNet)
    assert isinstance(model, ResidualNet)
    assert isinstance(model.blocks[0], Block)
    assert type(model).__name__ == "ResidualNet"
    assert list(inspect.signature(model.forward).parameters) == ["x"]


def test_a_wrapped_forward_is_refused() -> None:
    model = FiveSpellings()
    plain = model.forward
    model.forward = functools.partial(plain)  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="its forward is wrapped"):
        swap_activations(model, "gelu", example=flat_inputs())


SAMPLE = ["prelu", "rrelu", "tangma", "pau", "sine", "swiglu", "maxout", "softplus", "identity",
          "leaky_relu(negative_slope=0.3)", "tests.support.own_activations:bent"]  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from([row.name for row in ACTIVATIONS]))
def test_any_activation_of_the_catalogue_works_in_a_swapped_network(name: str) -> None:
    check_copies_and_state(name)


@pytest.mark.parametrize("name", SAMPLE)
def test_every_sort_of_activation_works_in_a_swapped_network(name: str) -> None:
    check_copies_and_state(name)


def check_copies_and_state(name: str) -> None:
    """Forward, backward, copies, pickles and saved weights."""
    model, report = swapped(LoopAndSharedModule, name)
    assert len(report.swapped) == 5
    model.train()(flat_inputs()).square().sum().backward()
    model.eval()
    out = model(flat_inputs())
    assert out.shape == (5, 3)
    twin, thawed = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    other, _ = swapped(LoopAndSharedModule, name)
    with torch.no_grad():
        for p in other.parameters():
            p.add_(1)
    other.load_state_dict(model.state_dict())
    for each in (twin, thawed, other.eval()):
        assert torch.equal(each(flat_inputs()), out)
    with torch.no_grad():
        for p in twin.parameters():
            p.mul_(0)
    assert torch.equal(model(flat_inputs()), out)


@pytest.mark.parametrize("build_network", [FiveSpellings, ResidualNet, LoopAndSharedModule, Nested])
def test_a_compiled_network_gives_the_same_outputs(build_network: Callable[[], nn.Module]) -> None:
    model, report = swapped(build_network, "prelu")
    model.eval()
    x = inputs_of(build_network)
    torch._dynamo.reset()
    compiled: Any = torch.compile(model, backend="eager", fullgraph=report.fullgraph_only)
    torch.testing.assert_close(compiled(x), model(x))


def test_a_graph_break_raises() -> None:
    class GraphBreak(LoopAndSharedModule):
        def forward(self, x: Tensor) -> Any:
            x = F.relu(self.lines[0](x))
            torch._dynamo.graph_break()
            return self.end(x)

    model, _ = swap_activations(GraphBreak(), "gelu", example=flat_inputs())
    torch._dynamo.reset()
    compiled: Any = torch.compile(model, backend="eager")
    with pytest.raises(torch._dynamo.exc.Unsupported):
        compiled(flat_inputs())
