"""The residual network: parameters counted by hand, activation sites, shortcuts."""

import pytest
import torch
from torch import nn

from reluctant.core.errors import ModelError, ReluctantError
from reluctant.models import ResNet, build
from reluctant.models.swap import activation_modules


def parameter_count(name: str, image: tuple[int, int, int] = (1, 28, 28)) -> int:
    return sum(p.numel() for p in build(name, "relu", image, 10).parameters())


def test_parameters_are_those_counted_by_hand() -> None:
    def stage(before: int, out: int) -> int:
        return 9 * before * out + 9 * out * out + 2 * 2 * out

    first, last = 9 * 16 + 2 * 16, 64 * 10 + 10
    assert parameter_count("resnet") == first + stage(16, 16) + stage(16, 32) + stage(32, 64) + last == 75_002
    more = stage(16, 16) + stage(32, 32) + stage(64, 64)
    assert parameter_count("resnet(depth=14)") == 75_002 + more
    assert parameter_count("resnet(depth=20)", (3, 32, 32)) == 75_002 + 2 * more + 2 * 9 * 16 == 269_722
    assert parameter_count("resnet(width=4)") < parameter_count("resnet") / 10


@pytest.mark.parametrize("depth", [8, 14])
def test_every_site_has_its_own_activation(depth: int) -> None:
    model = build(f"resnet(depth={depth})", "prelu", (1, 8, 8), 3)
    activations = activation_modules(model)
    assert len(activations) == depth - 1
    assert len({id(module) for module in activations.values()}) == depth - 1
    assert [type(m) for m in model.modules()].count(nn.Conv2d) + 1 == depth


@pytest.mark.parametrize("image", [(1, 8, 8), (2, 9, 13), (3, 32, 32)])
def test_any_image_of_eight_pixels_or_more_fits(image: tuple[int, int, int]) -> None:
    model = build("resnet(width=2)", "gelu", image, 5)
    assert model(torch.randn(2, *image)).shape == (2, 5)


@pytest.mark.parametrize("image", [(1, 7, 8), (1, 8, 7)])
def test_smaller_images_are_refused(image: tuple[int, int, int]) -> None:
    with pytest.raises(ModelError, match=r"too small for resnet; the smallest that fit are 8×8"):
        build("resnet", "relu", image, 5)


@pytest.mark.parametrize(
    ("depth", "message"),
    [(9, "depth is 6n \\+ 2, so 8 or 14, not 9"), (2, "depth must be at least 8"), (13, "so 8 or 14, not 13")],
)
def test_a_wrong_depth_is_refused(depth: int, message: str) -> None:
    for make in (lambda: build(f"resnet(depth={depth})", "relu", (1, 8, 8), 5), lambda: ResNet("relu", depth=depth)):
        with pytest.raises(ReluctantError, match=message):
            make()  # type: ignore[no-untyped-call]


def test_the_shortcut_is_the_strided_input_with_zero_channels() -> None:
    """With zeros in the second norm, a block is the activation of its shortcut."""
    model = ResNet("identity", width=3).eval()
    block = model.blocks[1]
    nn.init.zeros_(block.norm2.weight)  # type: ignore[arg-type,union-attr]
    x = torch.randn(2, 3, 8, 8)
    out = block(x)
    assert torch.equal(out[:, :3], x[:, :, ::2, ::2])
    assert torch.equal(out[:, 3:], torch.zeros(2, 3, 4, 4))


def test_maps_stay_in_channels_last_format() -> None:
    model = build("resnet", "relu", (3, 16, 16), 5).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    channels_last: list[bool] = []
    for block in model.blocks:
        block.register_forward_hook(
            lambda _, inputs, out: channels_last.append(out.is_contiguous(memory_format=torch.channels_last))
        )
    model(torch.randn(2, 3, 16, 16).to(memory_format=torch.channels_last))
    assert channels_last == [True] * 3
