"""Networks: the article's, layer by layer; initial weights that follow from layer names; dropout."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.activations import gain, make
from reluctant.core.errors import ModelError, StudyError
from reluctant.models import ConvNet, Dropout, build, initialise, layer_table

IMAGE = (1, 28, 28)


def article(x: Tensor, w: dict[str, Tensor]) -> Tensor:
    """The article's network in evaluation mode, written out from its description."""
    for i in range(3):
        b = f"blocks.{i}."
        x = F.conv2d(x, w[b + "conv.weight"], w[b + "conv.bias"])
        mean, var = w[b + "norm.running_mean"], w[b + "norm.running_var"]
        x = F.batch_norm(x, mean, var, w[b + "norm.weight"], w[b + "norm.bias"])
        x = torch.relu(F.max_pool2d(x, 2))
    x = torch.relu(F.linear(x.flatten(1), w["hidden.weight"], w["hidden.bias"]))
    return F.log_softmax(F.linear(x, w["output.weight"], w["output.bias"]), dim=1)


@pytest.mark.parametrize("image", [(1, 28, 28), (3, 32, 32), (2, 47, 47)])
def test_the_convnet_is_the_article_s_network(image: tuple[int, int, int]) -> None:
    model = ConvNet("relu", image=image).eval()
    for name, buffer in model.named_buffers():
        if "running" in name:
            buffer.uniform_(0.5, 2)
    x = torch.randn(3, *image)
    torch.testing.assert_close(model(x), article(x, model.state_dict()))


def test_shapes_and_parameters_are_those_of_the_article() -> None:
    rows = {row["name"]: row for row in layer_table(ConvNet("gelu"), torch.zeros(2, *IMAGE))}
    assert [rows[f"blocks.{i}.conv"]["shape"] for i in range(3)] == [[32, 26, 26], [64, 11, 11], [128, 3, 3]]
    assert [rows[f"blocks.{i}.pool"]["shape"] for i in range(3)] == [[32, 13, 13], [64, 5, 5], [128, 1, 1]]
    assert rows["hidden"]["parameters"] == 128 * 128 + 128
    assert sum(row["parameters"] for row in rows.values()) == 110_922
    order = [row["kind"] for row in rows.values()][:5]
    assert order == ["Conv2d", "BatchNorm2d", "MaxPool2d", "GELU", "Dropout"]


def test_activations_are_not_shared() -> None:
    model = ConvNet("prelu")
    activations = [module for module in model.modules() if isinstance(module, nn.PReLU)]
    assert len(activations) == len({id(each.weight) for each in activations}) == 4


@pytest.mark.parametrize("activation", [nn.ReLU, nn.ReLU(), torch.relu, "relu"])
def test_the_activation_may_be_any_callable(activation: object) -> None:
    torch.manual_seed(0)
    model = ConvNet(activation, dropout=0.0)  # type: ignore[arg-type]
    assert model(torch.randn(2, *IMAGE)).shape == (2, 10)


@pytest.mark.parametrize(
    ("image", "message"), [((1, 21, 21), "the smallest that fit are 22×22"), ((1, 28, 30), "square images, not 28×30")]
)
def test_images_of_a_wrong_size_are_refused(image: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ConvNet("relu", image=image)
    assert ConvNet("relu", image=(1, 22, 22))(torch.randn(2, 1, 22, 22)).shape == (2, 10)


class TestInitialise:
    def test_weights_follow_from_seed_and_name_not_from_the_activation(self) -> None:
        starts = {}
        for name in ("relu", "prelu", "rrelu"):
            model = build("convnet", name, IMAGE, 10)
            initialise(model, "default", 4)
            starts[name] = model.state_dict()
        for key, value in starts["relu"].items():
            assert torch.equal(value, starts["prelu"][key]), key
            assert torch.equal(value, starts["rrelu"][key]), key

    def test_another_seed_gives_other_weights_and_the_global_state_does_not_change(self) -> None:
        model = build("convnet", "relu", IMAGE, 10)
        before = torch.get_rng_state()
        initialise(model, "default", 0)
        first = model.get_parameter("output.weight").clone()
        initialise(model, "default", 1)
        assert not torch.equal(first, model.get_parameter("output.weight"))
        assert torch.equal(before, torch.get_rng_state())

    def test_default_is_pytorch_s_initialisation(self) -> None:
        model = build("convnet", "relu", IMAGE, 10)
        initialise(model, "default", 0)
        weight = model.get_parameter("blocks.2.conv.weight")
        bound = (64 * 9) ** -0.5
        assert weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
        assert torch.equal(model.get_parameter("blocks.0.norm.weight"), torch.ones(32))

    def test_normal_has_the_given_std_and_no_biases(self) -> None:
        model = build("convnet", "relu", IMAGE, 10)
        initialise(model, "normal(std=0.1)", 0)
        assert model.get_parameter("blocks.2.conv.weight").std().item() == pytest.approx(0.1, rel=0.02)
        assert not model.get_parameter("hidden.bias").any()

    def test_prelu_starts_at_its_own_slope(self) -> None:
        model = build("convnet", "prelu(init=0.1)", IMAGE, 10)
        initialise(model, "default", 0)
        assert model.get_parameter("activation.weight").item() == pytest.approx(0.1)


class TestDropout:
    def test_the_share_of_zeros_and_the_scale(self) -> None:
        out = Dropout(0.2)(torch.ones(100, 100))
        assert set(out.unique().tolist()) == {0.0, 1.25}
        assert (out == 0).double().mean().item() == pytest.approx(0.2, abs=0.02)

    def test_the_seed_decides_the_mask(self) -> None:
        one, other, x = Dropout(0.5), Dropout(0.5), torch.ones(200)
        one.reseed(1)
        other.reseed(1)
        first = one(x)
        assert torch.equal(first, other(x))
        assert not torch.equal(first, one(x))

    def test_evaluation_mode_changes_nothing(self) -> None:
        x = torch.randn(20)
        assert torch.equal(Dropout(0.5).eval()(x), x)
        assert torch.equal(Dropout(0.0)(x), x)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tests.support.own_models:raising", "cannot be built: RuntimeError: out of luck"),
        ("tests.support.own_models:number", "returned int; a torch module is expected"),
        ("convnett", "did you mean 'convnet'"),
    ],
)
def test_a_network_that_cannot_be_made_is_refused(name: str, message: str) -> None:
    kind = StudyError if "did you mean" in message else ModelError
    with pytest.raises(kind, match=message):
        build(name, "relu", IMAGE, 10)


class Bare(nn.Module):
    """A network with a parameter outside any layer and an attribute called `kernel`, as in `ConvBlock`."""

    def __init__(self, activation: str, image: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(classes))
        self.kernel = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).mean(1, keepdim=True) * self.scale + self.kernel.sum()


def test_all_weights_follow_from_the_seed_in_a_user_defined_network_too() -> None:
    from reluctant.models import kernels_used

    def scale(seed: int, outside: int) -> Tensor:
        torch.manual_seed(outside)
        model = build("tests.models.test_models:Bare", "relu", IMAGE, 4, seed)
        assert kernels_used(model) == []
        return model.get_parameter("scale").detach()

    assert torch.equal(scale(0, 1), scale(0, 2))
    assert not torch.equal(scale(0, 1), scale(1, 1))


class TestKaiming:
    @pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "elu(alpha=0.5)"])
    def test_the_same_draws_are_scaled_by_the_gain(self, activation: str) -> None:
        def weights(name: str) -> dict[str, Tensor]:
            model = ConvNet(name)
            initialise(model, "kaiming", 3, name)
            return {k: v for k, v in model.named_parameters() if k.endswith("weight") and v.dim() > 1}

        scaled, plain, ratio = (weights(activation), weights("identity"), gain(activation))
        for name, weight in scaled.items():
            factor = 1.0 if name == "output.weight" else ratio
            assert torch.allclose(weight, plain[name] * factor, rtol=1e-5)

    def test_the_std_is_gain_over_root_fan_in(self) -> None:
        model: Any = ConvNet("relu")
        initialise(model, "kaiming", 0, "relu")
        weight = model.blocks[2].conv.weight
        assert float(weight.detach().std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
        assert not model.hidden.bias.any()

    def test_outputs_keep_their_size_through_many_layers(self) -> None:
        for name in ("relu", "tanh"):
            torch.manual_seed(0)
            deep = [layer for _ in range(20) for layer in (nn.Linear(256, 256), make(name))]
            model = nn.Sequential(*deep, nn.Linear(256, 1))
            initialise(model, "kaiming", 1, name)
            with torch.no_grad():
                out = model[:-1](torch.randn(400, 256))
            assert 0.05 < float((out**2).mean()) < 20, name
