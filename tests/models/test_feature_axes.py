"""The axis of the features at every site, in networks of all kinds; and what follows from it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reluctant.activations import make
from reluctant.catalogue import ACTIVATIONS
from reluctant.core.errors import ModelError
from reluctant.models import build, swap_activations
from reluctant.models.swap.find_sites import find_sites
from tests.support.token_networks import WIDTH, ConvNeXtBlock, ImageMaps, MixerBlock, SmallGPT, ViT, feed_forward

Build = Callable[[], nn.Module]
NORM = torch.Generator().manual_seed(3)
BLOCKS = [row.name for row in ACTIVATIONS if row.family == "block"]
TOKENS = torch.randn(2, 6, WIDTH, generator=NORM)


class Moved(nn.Module):
    """A function of the output of one layer, an activation, and the same for another layer behind it."""

    def __init__(self, before: nn.Module | None, move: Callable[[Tensor], Tensor], after: nn.Module | None) -> None:
        super().__init__()
        self.before, self.move, self.after, self.act = before, move, after, nn.ReLU()

    def forward(self, x: Tensor) -> Any:
        y = self.act(self.move(self.before(x) if self.before else x * 1))
        return self.after(y) if self.after else y


NETWORKS: dict[str, tuple[Build, Tensor, list[int | None]]] = {
    "(n, f)": (feed_forward, torch.randn(2, WIDTH), [-1]),
    "(n, t, f)": (feed_forward, TOKENS, [-1]),
    "(t, n, f)": (feed_forward, TOKENS.transpose(0, 1), [-1]),
    "(n, h, w, c)": (feed_forward, torch.randn(2, 5, 6, WIDTH), [-1]),
    "(n, c, h, w)": (ImageMaps, torch.randn(2, 2, 6, 6), [1, 1]),
    "channels last": (ImageMaps, torch.randn(2, 2, 6, 6).to(memory_format=torch.channels_last), [1, 1]),
    "signals": (lambda: nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU()), torch.randn(2, 3, 9), [1]),
    "ConvNeXt": (ConvNeXtBlock, torch.randn(2, WIDTH, 6, 6), [-1]),
    "ViT": (ViT, torch.randn(2, 1, 8, 8), [-1]),
    "GPT": (SmallGPT, torch.arange(20).reshape(2, 10), [-1, -1]),
    "Mixer": (MixerBlock, TOKENS, [-1, -1]),
}
MOVES: dict[str, tuple[Callable[[Tensor], Tensor], int | None]] = {
    "transpose": (lambda x: x.transpose(1, 2), 1),
    "there and back": (lambda x: x.permute(2, 0, 1).movedim(0, -1), -1),
    "mT": (lambda x: x.mT, 1),
    "heads": (lambda x: x.view(2, 6, 2, 4).transpose(1, 2).transpose(1, 2).reshape(2, 6, 8), None),
    "a new axis": (lambda x: x.unsqueeze(1), -1),
    "an index": (lambda x: x[:, 1:4, None], -1),
    "half of the features": (lambda x: x.chunk(2, -1)[0], -1),
    "positions added": (lambda x: x + torch.ones(6, 1), -1),
    "flat tokens": (lambda x: x.flatten(0, 1)[:, None], -1),
    "mean of tokens": (lambda x: x.mean(1, keepdim=True), -1),
    "a product": (lambda x: torch.ones(2, 3, 6) @ x, -1),
    "concatenated": (lambda x: torch.cat([x, x], dim=-1), -1),
    "padded": (lambda x: nn.functional.pad(x, (0, 0, 1, 0)), -1),
    "a loop": (lambda x: torch.stack(x.unbind(1), 1), -1),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_axis_of_every_site_is_known(name: str) -> None:
    build_network, example, axes = NETWORKS[name]
    assert [site.feature_axis for site in find_sites(build_network(), example)] == axes


@pytest.mark.parametrize("name", MOVES)
def test_the_axis_is_followed_through_functions(name: str) -> None:
    move, axis = MOVES[name]
    (site,) = find_sites(Moved(nn.Linear(WIDTH, WIDTH), move, None), TOKENS)
    assert site.feature_axis == axis


@pytest.mark.parametrize(
    ("after", "shape", "axis"),
    [
        (nn.Linear(6, 3), (2, 4, 6), -1),
        (nn.LayerNorm(6), (2, 4, 6), -1),
        (nn.Conv1d(4, 3, 1), (2, 4, 6), 1),
        (nn.BatchNorm2d(4), (2, 4, 6, 6), 1),
        (nn.GroupNorm(2, 4), (2, 4, 6), 1),
        (nn.Sequential(nn.Dropout(0.1), nn.Unflatten(1, (2, 2)), nn.Linear(6, 3)), (2, 4, 6), -1),
        (None, (2, 4, 6), None),
    ],
)
def test_the_next_layer_with_weights_decides_where_none_stands_before(
    after: nn.Module | None, shape: tuple[int, ...], axis: int | None
) -> None:
    (site,) = find_sites(Moved(None, lambda x: x, after), torch.randn(shape))
    assert site.feature_axis == axis


def test_a_custom_layer_norm_over_channels_is_followed_by_its_functions() -> None:
    class ChannelNorm(nn.LayerNorm):  # as in torchvision: on (n, c, h, w)
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    (site,) = find_sites(Moved(ChannelNorm(4), lambda x: x, None), torch.randn(2, 4, 6, 6))
    assert site.feature_axis == 1


def weights_of_matrix() -> nn.Module:
    class Matrix(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.act = nn.Parameter(torch.randn(WIDTH, 5)), nn.ReLU()

        def forward(self, x: Tensor) -> Any:
            return self.act(x @ (self.weight / 2)) + 1

    return Matrix()


def test_products_with_parameters_are_layers_too() -> None:
    (site,) = find_sites(weights_of_matrix(), TOKENS)
    assert site.feature_axis == -1


@pytest.mark.parametrize("block", BLOCKS)
def test_the_block_of_a_feed_forward_layer_has_weights_over_the_features(block: str) -> None:
    written = f"{block}(match='inside')" if "match" in ACTIVATIONS[block].defaults() else block
    network: Any
    network, _ = swap_activations(feed_forward(), written, example=TOKENS)
    shapes = {tuple(p.shape) for p in network[1].parameters()}
    inner = 4 * WIDTH
    assert shapes <= {(2 * inner, inner), (2 * inner,), (inner, 2 * inner), (inner,)}
    assert network(torch.randn(2, 7, WIDTH)).shape == (2, 7, WIDTH)


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.name)
def test_a_later_token_moves_no_earlier_output(row: Any) -> None:
    """Causality: the activation of a causal network must not mix tokens."""
    torch.manual_seed(1)
    network, _ = swap_activations(SmallGPT(), row.name, example=torch.arange(10).reshape(1, 10))
    network.eval()
    ids = torch.randint(0, 20, (3, 10), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before = network(ids)
        for t in (9, 5, 1):
            changed = ids.clone()
            changed[:, t] = (changed[:, t] + 7) % 20
            after = network(changed)
            assert torch.allclose(before[:, :t], after[:, :t], atol=1e-5), t
            assert not torch.allclose(before[:, t:], after[:, t:], atol=1e-5), t


@pytest.mark.parametrize("block", ["kwta", "abrelu", "crelu", "swiglu"])
def test_an_axis_that_is_not_known_is_asked_for(block: str) -> None:
    network = Moved(None, lambda x: x, None)
    x = torch.randn(2, 4, 6)
    with pytest.raises(ModelError, match=rf"{block} needs to know .* at act no layer .*feature_axis=-1"):
        swap_activations(network, block, example=x)
    assert isinstance(network.act, nn.ReLU)
    swapped, _ = swap_activations(network, block, example=x, feature_axis=-1)
    assert swapped(x[:, :3]).shape == (2, 3, 6)


def test_a_slope_for_each_index_of_axis_1_is_refused_on_tokens() -> None:
    with pytest.raises(ModelError, match=r"nn.PReLU\(num_parameters=6\) has one slope .* use nn.PReLU\(\)"):
        swap_activations(feed_forward(), nn.PReLU(6), example=TOKENS)
    swap_activations(ImageMaps(), nn.PReLU(WIDTH), example=torch.randn(2, 2, 6, 6))
    own = feed_forward(activation=lambda: nn.PReLU(6))
    _, report = swap_activations(own, "relu", example=TOKENS)
    assert "which was at 1, had one slope for each index of axis 1" in report.warnings[0]
    assert "warning: nn.PReLU" in report.one_line()


class ByArgument(nn.Module):
    """Takes an activation; its features are the last axis; it learns a size from a trial in its constructor."""

    def __init__(self, image: tuple[int, ...], classes: int, act_layer: Any = nn.ReLU, norm: bool = True) -> None:
        super().__init__()
        norms = nn.LayerNorm(12) if norm else nn.Identity()
        self.layers = nn.Sequential(nn.Linear(image[-1], 12), norms, act_layer())
        with torch.no_grad():
            size = self.layers(torch.zeros(1, *image)).numel()
        self.output = nn.Linear(size, classes)

    def forward(self, x: Tensor) -> Any:
        return self.output(self.layers(x).flatten(1))


@pytest.mark.parametrize("block", ["swiglu", "crelu", "kwta"])
def test_factories_that_take_the_activation_get_blocks_with_an_axis(block: str) -> None:
    network: Any = build(f"{__name__}:ByArgument", block, (5, 4), 3)
    assert network.layers[2].feature_axis == -1
    assert [p.shape[-1] for p in network.layers[2].parameters()] in ([], [12, 24], [24, 12])
    assert network(torch.randn(2, 5, 4)).shape == (2, 3)


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_of_the_bundled_networks_have_the_axis_of_their_layers(block: str) -> None:
    network = build("convnet", block, (1, 28, 28), 10)
    axes = [m.feature_axis for m in network.modules() if hasattr(m, "feature_axis")]
    assert axes == [1, 1, 1, -1]
    alone = make(block, feature_axis=1)
    assert alone(torch.randn(2, 4, 3, 3)).shape == (2, 4, 3, 3)
