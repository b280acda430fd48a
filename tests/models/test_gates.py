"""Gates in place of feed-forward layers: sizes, initial weights, what they compute, and where they cannot be."""

import copy
import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import make
from reluctant.core.errors import ModelError
from reluctant.models import MLP, build, initialise, swap_activations, swap_report
from reluctant.models.own_weights import initial_weights, watch_initialisation
from reluctant.models.swap import activation_modules
from reluctant.models.swap.new_layers import resized_layer
from tests.support.token_networks import WIDTH, ImageMaps, OwnGate, SmallGPT, TiedLayers, ViT, feed_forward

PAIRS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "swiglu": lambda v, g: v * F.silu(g),
    "geglu": lambda v, g: v * F.gelu(g),
    "reglu": lambda v, g: v * F.relu(g),
    "glu": lambda v, g: v * torch.sigmoid(g),
    "bilinear": lambda v, g: v * g,
    "drelu": lambda v, g: F.relu(v) * F.relu(g),
    "maxout": torch.maximum,
}
TOKENS = torch.randn(2, 6, WIDTH, generator=torch.Generator().manual_seed(3))
IDS = torch.arange(20).reshape(2, 10)
each_gate = pytest.mark.parametrize("name", PAIRS)


def gated(network: nn.Module, name: str = "swiglu", example: Any = TOKENS, **options: Any) -> Any:
    torch.manual_seed(0)
    return swap_activations(network, name, example=example, **options)[0].eval()


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@each_gate
def test_a_gate_computes_both_maps_in_the_first_layer(name: str) -> None:
    network = gated(feed_forward(), name)
    h = network[3].in_features
    assert network[0].weight.shape == (2 * h, WIDTH)
    v, g = network[0](TOKENS).split(h, dim=-1)
    assert torch.allclose(network(TOKENS), network[3](PAIRS[name](v, g)))
    assert network(torch.randn(2, 7, WIDTH)).shape == (2, 7, WIDTH)


@each_gate
@pytest.mark.parametrize("build_network", [SmallGPT, partial(feed_forward, 64)])
def test_the_network_has_as_many_parameters_as_before(name: str, build_network: Callable[[], nn.Module]) -> None:
    network = build_network()
    example = IDS if isinstance(network, SmallGPT) else torch.randn(2, 6, 64)
    before = parameters(network)
    _, report = swap_activations(network, name, example=example)
    assert report.parameters == (before, parameters(network))
    assert parameters(network) == pytest.approx(before, rel=0.005)
    assert report.gates is not None
    assert report.warnings == ()


def test_the_report_states_widths_and_sizes() -> None:
    network = nn.Sequential(nn.Linear(128, 512), nn.GELU(), nn.Linear(512, 128))
    _, report = swap_activations(network, "swiglu", example=torch.randn(2, 10, 128))
    text = str(report)
    assert "gates replace 1 feed-forward layer: inner width 512 → 340" in text
    assert "parameters: 131,712 → 131,368 (−0.26 %)" in text
    assert "multiply-adds: 2,621,440 → 2,611,200 (−0.39 %)" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "inner width 512 → 340; 0.666 × the old one, a multiple of 4" in report.one_line()
    assert swap_report(network) is report


def test_multiply_adds_or_nothing_are_matched_as_written() -> None:
    _, report = swap_activations(feed_forward(96), "swiglu(match='flops')", example=torch.randn(2, 6, 96))
    assert report.multiply_adds is not None
    assert report.multiply_adds[0] == report.multiply_adds[1] == 2 * 12 * 96 * 384
    network = gated(feed_forward(), "swiglu(match='none')")
    assert network[0].out_features == 2 * network[3].in_features == 8 * WIDTH


def test_inside_is_a_square_block_and_is_warned_of() -> None:
    network, report = swap_activations(feed_forward(), "swiglu(match='inside')", example=TOKENS)
    assert (network[0].out_features, network[3].in_features) == (4 * WIDTH, 4 * WIDTH)  # type: ignore[index]
    assert report.gates is None
    before = 2 * WIDTH * 4 * WIDTH + 5 * WIDTH
    after = before + 2 * 4 * WIDTH * (4 * WIDTH + 1)
    assert report.warnings == (
        f"swiglu(match='inside') stands inside the network as a square block at 1 site: {after / before:.3g}× the "
        f"parameters of relu's network, {after:,} and {before}",
    )


@pytest.mark.parametrize(
    ("network", "example", "reason"),
    [
        (ImageMaps(), torch.randn(2, 2, 6, 6), "1 is in none: its input does not come straight from a linear layer"),
        (TiedLayers(), TOKENS, "act1 is in none: the output of up goes to the activation act2 as well"),
        (
            nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8)), torch.randn(4, 8),
            "2 is in none: its input does not come straight",
        ),
        (nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 8)), TOKENS, "goes to layer_norm"),
        (nn.Sequential(nn.Linear(8, 8), nn.ReLU()), TOKENS, "its output goes to the network's output"),
        (
            nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)), nn.ReLU(), nn.Linear(8, 8)), TOKENS,
            "1 is in none: 0 has other weights than a linear layer, as with weight norm",
        ),
    ],
    ids=["convolutions", "tied", "batch norm", "layer norm", "output", "weight norm"],
)  # fmt: skip
def test_a_network_without_such_layers_gets_the_block_inside_and_says_why(
    network: nn.Module, example: Tensor, reason: str
) -> None:
    torch.manual_seed(0)
    _, report = swap_activations(network, "swiglu", example=example)
    assert report.gates is None
    (warning,) = report.warnings
    assert "swiglu stands inside the network as a square block" in warning
    assert reason in warning
    assert f"{report.parameters[1]:,} and {report.parameters[0]:,}" in warning


class OtherUse(nn.Module):
    """A feed-forward layer whose parts are used in another way too."""

    def __init__(self, use: Callable[[Any, Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.up, self.act, self.down, self.use = nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8), use

    def forward(self, x: Tensor) -> Tensor:
        h = self.up(x)
        a = self.act(h)
        return self.use(self, h, a, self.down(a))


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        (lambda m, h, a, y: y + h.sum(), "the output of up goes to sum as well"),
        (lambda m, h, a, y: y + a.mean(), "its output goes to mean"),
        (lambda m, h, a, y: (y, h), "the output of up goes to the network's output as well"),
        (lambda m, h, a, y: y @ m.up.weight.t(), "up has weights that are used elsewhere too"),
        (lambda m, h, a, y: y + m.down(h), "the output of up goes to down as well"),
        (lambda m, h, a, y: y + h[..., :8], "the output of up goes to getitem as well"),
    ],
)
def test_a_layer_that_something_else_uses_is_no_feed_forward_layer(use: Any, reason: str) -> None:
    _, report = swap_activations(OtherUse(use), "swiglu", example=TOKENS)
    assert reason in report.warnings[0]


def test_a_size_or_a_type_that_is_read_is_no_use() -> None:
    def use(module: Any, h: Tensor, a: Tensor, y: Tensor) -> Tensor:
        return (y + h.dim() + a.shape[0]).to(module.down.weight.dtype)

    _, report = swap_activations(OtherUse(use), "swiglu", example=TOKENS)
    assert report.gates is not None


def test_functional_calls_dropout_and_encoder_layers_are_feed_forward_layers() -> None:
    network = gated(SmallGPT(), example=IDS)
    for block in network.blocks:
        assert block.up.out_features == 2 * block.down.in_features
    vit = gated(ViT(), example=torch.randn(2, 1, 8, 8))
    assert vit.layer.linear1.out_features == 2 * vit.layer.linear2.in_features
    for training in (False, True):
        assert vit.train(training)(torch.randn(3, 1, 8, 8)).shape == (3, 3)


def test_an_in_place_function_call_becomes_a_gate() -> None:
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.down = nn.Linear(8, 32), nn.Linear(32, 8)

        def forward(self, x: Tensor) -> Any:
            return self.down(self.up(x).relu_())

    network = gated(InPlace())
    v, g = network.up(TOKENS).chunk(2, -1)
    assert torch.allclose(network(TOKENS), network.down(v * F.silu(g)))


class TestOwnGates:
    @pytest.mark.parametrize("name", ["swiglu", "geglu", "reglu", "glu", "bilinear"])
    def test_the_function_inside_becomes_that_of_the_gate(self, name: str) -> None:
        network, before = OwnGate(), {k: v.clone() for k, v in OwnGate().state_dict().items()}
        network.load_state_dict(before)
        swapped, report = swap_activations(network, name, example=TOKENS)
        expected = network.down(PAIRS[name](network.up(TOKENS), network.gate(TOKENS)))
        assert torch.allclose(swapped(TOKENS), expected)
        assert all(torch.equal(v, before[k]) for k, v in swapped.state_dict().items())
        assert "the network has a gate at 1 site, whose function is" in str(report)
        assert report.parameters[0] == report.parameters[1]

    @pytest.mark.parametrize("name", ["drelu", "maxout"])
    def test_what_is_no_product_with_a_gate_is_refused(self, name: str) -> None:
        with pytest.raises(ModelError, match="cannot replace the activation at #relu: the network multiplies its"):
            swap_activations(OwnGate(), name, example=TOKENS)

    def test_a_plain_function_stays_one(self) -> None:
        network: Any
        network, report = swap_activations(OwnGate(), "gelu", example=TOKENS)
        assert report.gates is None
        assert torch.allclose(network(TOKENS), network.down(F.gelu(network.gate(TOKENS)) * network.up(TOKENS)))


class TestTransformers:
    @pytest.fixture(autouse=True)
    def _library(self) -> None:
        pytest.importorskip("transformers")

    def test_gpt2(self) -> None:
        from tests.support.zoo_transformers import LIBRARY_NETWORKS

        zoo = LIBRARY_NETWORKS["GPT2"]
        torch.manual_seed(0)
        network: Any = zoo.build().eval()
        other = {name: p.clone() for name, p in network.named_parameters() if ".c_fc" not in name}
        before = parameters(network)
        _, report = swap_activations(network, "swiglu", example=zoo.example)
        assert parameters(network) == pytest.approx(before, rel=0.005)
        mlp = network.transformer.h[0].mlp
        assert mlp.c_fc.weight.shape == (8, 2 * mlp.c_proj.weight.shape[0])
        assert float(mlp.c_fc.weight.detach().std()) == pytest.approx(0.02, rel=0.2)  # GPT-2's own
        assert not mlp.c_fc.bias.any()
        assert report.gates is not None
        assert len(report.gates.layers) == 2
        for name, p in network.named_parameters():
            if name in other and ".mlp." not in name:
                assert torch.equal(p, other[name]), name
        network(**zoo.example)

    def test_llama_has_gates_already(self) -> None:
        from tests.support.zoo_transformers import LIBRARY_NETWORKS

        zoo = LIBRARY_NETWORKS["LLaMA"]
        network: Any = zoo.build().eval()
        expected = network(**zoo.example).logits
        _, report = swap_activations(network, "swiglu", example=zoo.example)
        assert torch.equal(network(**zoo.example).logits, expected)
        assert report.gates is not None
        assert len(report.gates.existing) == 2


class TestInitialWeights:
    def test_pytorch_s_default_stays_the_default(self) -> None:
        network = gated(feed_forward(64), example=torch.randn(2, 3, 64))
        for layer in (network[0], network[3]):
            bound = layer.in_features**-0.5
            assert layer.weight.abs().max() <= bound
            assert float(layer.weight.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.05)
            assert layer.bias.any()

    def test_weights_of_the_network_s_own_keep_their_standard_deviation(self) -> None:
        network = feed_forward(64)
        for layer, std in ((network[0], 0.02), (network[3], 0.004)):
            nn.init.normal_(layer.weight, std=std)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        swapped = gated(network, example=torch.randn(2, 3, 64))
        assert float(swapped[0].weight.detach().std()) == pytest.approx(0.02, rel=0.05)
        assert float(swapped[3].weight.detach().std()) == pytest.approx(0.004, rel=0.05)
        assert not swapped[0].bias.any()
        assert not swapped[3].bias.any()

    def test_a_class_with_a_reset_of_its_own_draws_them(self) -> None:
        class Scaled(nn.Linear):
            def __init__(self, inputs: int, outputs: int, std: float) -> None:
                self.std = std
                super().__init__(inputs, outputs)

            def reset_parameters(self) -> None:
                nn.init.normal_(self.weight, 1.0, self.std)
                nn.init.ones_(self.bias)

        new: Any = resized_layer(Scaled(64, 128, 0.003), 64, 80, "layer")
        assert type(new) is Scaled
        assert new.weight.shape == (80, 64)
        assert float(new.weight.detach().mean()) == pytest.approx(1.0, rel=0.01)
        assert float(new.weight.detach().std()) == pytest.approx(0.003, rel=0.05)
        assert bool((new.bias == 1).all())

    def test_they_follow_from_the_seed_and_no_random_state_changes(self) -> None:
        torch.manual_seed(4)
        state = torch.get_rng_state()
        one = swap_activations(copy.deepcopy(FEED), "swiglu", example=TOKENS)[0].state_dict()
        assert torch.equal(torch.get_rng_state(), state)
        same = swap_activations(copy.deepcopy(FEED), "geglu", example=TOKENS)[0].state_dict()
        torch.manual_seed(5)
        other = swap_activations(copy.deepcopy(FEED), "swiglu", example=TOKENS)[0].state_dict()
        assert all(torch.equal(one[k], same[k]) for k in one)
        assert not any(torch.equal(one[k], other[k]) for k in one)

    @pytest.mark.parametrize("own", [False, True])
    def test_they_take_part_in_the_initialisation_of_a_study(self, own: bool) -> None:
        """Layers of PyTorch's own are drawn again by seed and path; those of the network's are known as such."""

        def network(activation: str, seed: int) -> nn.Module:
            with watch_initialisation():
                model = build(f"{__name__}:{'OwnWeights' if own else 'Plain'}", activation, (6, WIDTH), 3, seed)
            kept = initial_weights(model).own
            assert set(kept) == ({"up", "down", "head"} if own else set())
            initialise(model, "default", seed, activation, kept)
            return model

        one, same, other = network("swiglu", 1).state_dict(), network("reglu", 1).state_dict(), network("swiglu", 2)
        plain = network("relu", 1).state_dict()
        assert all(torch.equal(one[k], same[k]) for k in one)
        assert not torch.equal(one["up.weight"], other.state_dict()["up.weight"])
        assert torch.equal(one["head.weight"], plain["head.weight"])
        if own:
            assert float(one["up.weight"].std()) == pytest.approx(0.3, rel=0.2)


FEED = feed_forward()


class Plain(nn.Module):
    """A network whose activation is swapped."""

    def __init__(self, image: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.up, self.act, self.down = nn.Linear(image[-1], 32), nn.GELU(), nn.Linear(32, image[-1])
        self.head = nn.Linear(image[-1], classes)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.down(self.act(self.up(x))).mean(1))


class OwnWeights(Plain):
    """It draws its weights itself."""

    def __init__(self, image: tuple[int, ...], classes: int) -> None:
        super().__init__(image, classes)
        for layer in (self.up, self.down, self.head):
            nn.init.normal_(layer.weight, std=0.3)
            nn.init.zeros_(layer.bias)


class TestBundledNetworks:
    @each_gate
    def test_an_mlp_is_a_chain_of_feed_forward_layers(self, name: str) -> None:
        network: Any = build("mlp(widths='200-100')", name, (64,), 10)
        report = swap_report(network)
        before = parameters(build("mlp(widths='200-100')", "relu", (64,), 10))
        assert report is not None
        assert report.gates is not None
        assert report.parameters == (before, parameters(network))
        assert parameters(network) == pytest.approx(before, rel=0.005)
        assert isinstance(network, MLP)
        state = network.state_dict()
        widths = [state[f"{name}.weight"].shape for name in ("layers.0.linear", "layers.1.linear", "output")]
        assert 2 * widths[1][1] == widths[0][0]
        assert 2 * widths[2][1] == widths[1][0]
        assert network(torch.randn(5, 64)).shape == (5, 10)

    @pytest.mark.parametrize("model", ["convnet", "cnn", "resnet", "mlp(norm=True)"])
    def test_networks_of_which_not_all_sites_are_in_such_layers_are_as_before(self, model: str) -> None:
        image = (1, 28, 28)
        network, inside = (build(model, name, image, 10, 3) for name in ("swiglu", "swiglu(match='inside')"))
        assert all(torch.equal(a, b) for a, b in zip(network.parameters(), inside.parameters(), strict=True))
        assert parameters(network) > parameters(build(model, "relu", image, 10))
        report = swap_report(network)
        assert report is not None
        assert "stands inside the network" in report.warnings[0]
        assert swap_report(build(model, "relu", image, 10)) is None


class TestLife:
    """A gated network is a network like any other."""

    def test_a_state_is_loaded_into_another_gated_network(self) -> None:
        network, other = gated(SmallGPT(), example=IDS), gated(SmallGPT(), example=IDS)
        file = io.BytesIO()
        torch.save(network.state_dict(), file)
        file.seek(0)
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(network(IDS), other(IDS))

    def test_a_copy_is_independent(self) -> None:
        network = gated(SmallGPT(), example=IDS)
        clone = copy.deepcopy(network)
        assert torch.equal(network(IDS), clone(IDS))
        with torch.no_grad():
            clone.blocks[0].up.weight.zero_()
        assert not torch.equal(network(IDS), clone(IDS))
        assert swap_report(clone) is not None

    @each_gate
    def test_a_training_step_moves_all_new_weights(self, name: str) -> None:
        network = gated(SmallGPT(), name, example=IDS).train()
        before = {k: p.clone() for k, p in network.named_parameters()}
        optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
        F.cross_entropy(network(IDS).flatten(0, 1), IDS.flatten()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        still = [k for k, p in network.named_parameters() if torch.equal(p, before[k])]
        assert still == []
        assert all(p.requires_grad for p in network.parameters())

    def test_hooks_frozen_weights_and_modes_stay(self) -> None:
        network: Any = feed_forward()
        calls: list[int] = []
        network[0].register_forward_hook(lambda *_: calls.append(1))
        network[3].weight.requires_grad_(False)
        network[3].eval()
        swapped, _ = swap_activations(network, "swiglu", example=TOKENS)
        calls.clear()
        swapped(TOKENS)
        assert calls == [1]
        assert not swapped[3].weight.requires_grad  # type: ignore[index]
        assert not swapped[3].training  # type: ignore[index]

    def test_it_is_not_swapped_again(self) -> None:
        network = gated(feed_forward())
        with pytest.raises(ModelError, match=r"no activation of Sequential was swapped: 1 \(halves the width\)"):
            swap_activations(network, "relu", example=TOKENS)

    def test_a_network_that_fails_with_gates_is_unchanged(self) -> None:
        class Wide(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.up, self.act, self.down = nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 8)

            def forward(self, x: Tensor) -> Any:
                assert self.down.in_features == 32
                return self.down(self.act(self.up(x)))

        network = Wide()
        with pytest.raises(ModelError, match="Wide with 'swiglu' fails on inputs of shape"):
            swap_activations(network, "swiglu", example=TOKENS)
        assert isinstance(network.act, nn.ReLU)
        assert network.up.out_features == 32

    def test_the_gate_is_the_network_s_activation_module(self) -> None:
        network = gated(feed_forward())
        assert list(activation_modules(network)) == ["1"]
        assert make("swiglu", feature_axis=-1)(TOKENS).shape == TOKENS.shape
