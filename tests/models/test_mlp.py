"""MLP and CNN: layers, parameters, fresh activations, and equal initial weights for every activation."""

import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from reluctant.catalogue import INITIALISATIONS, MODELS
from reluctant.catalogue.models import parse_widths
from reluctant.core.errors import ModelError, StudyError
from reluctant.models import CNN, MLP, activation_modules, build, initialise, kernels_used, layer_table
from reluctant.study import Run
from reluctant.training.probes import Probes
from reluctant.training.training import Training
from tests.support.small import digits

IMAGE = (1, 28, 28)


def seeded(name: str, activation: str, init: str = "default", image: tuple[int, int, int] = IMAGE) -> nn.Module:
    model = build(name, activation, image, 10)
    initialise(model, init, 7, activation)
    return model


class TestMLP:
    def test_the_parameters_of_alcaide_s_network(self) -> None:
        model = MLP("relu")
        counted = sum(p.numel() for p in model.parameters())
        assert counted == 785 * 200 + 201 * 100 + 101 * 60 + 61 * 30 + 31 * 10  # a bias beside every row

    @pytest.mark.parametrize("norm", [False, True])
    def test_outputs_are_those_of_the_formula(self, norm: bool) -> None:
        model = MLP("gelu", image=(2, 3, 5), classes=4, widths="6-5", norm=norm).eval()
        for name, buffer in model.named_buffers():
            if "running" in name:
                buffer.uniform_(0.5, 2)
        w, x = model.state_dict(), torch.randn(7, 2, 3, 5)
        y = x.flatten(1)
        for i in range(2):
            y = F.linear(y, w[f"layers.{i}.linear.weight"], w[f"layers.{i}.linear.bias"])
            if norm:
                n = f"layers.{i}.norm."
                y = F.batch_norm(y, w[n + "running_mean"], w[n + "running_var"], w[n + "weight"], w[n + "bias"])
            y = F.gelu(y)
        torch.testing.assert_close(model(x), F.linear(y, w["output.weight"], w["output.bias"]))

    def test_layers_are_in_order(self) -> None:
        rows = layer_table(MLP("relu", widths="20-10", dropout=0.2, norm=True), torch.zeros(2, *IMAGE))
        assert [row["kind"] for row in rows] == [*("Linear", "BatchNorm1d", "ReLU", "Dropout") * 2, "Linear"]
        assert [row["shape"] for row in rows][::4] == [[20], [10], [10]]

    def test_dropout_follows_the_activation_and_uses_the_kernel(self) -> None:
        model: Any = MLP("sigmoid", widths="400", dropout=0.5)
        hidden = model.layers[0](torch.randn(20, 784))
        assert (hidden == 0).double().mean().item() == pytest.approx(0.5, abs=0.03)
        assert kernels_used(model) == ["dropout"]


class TestCNN:
    def test_the_parameters_of_the_tutorials_network(self) -> None:
        assert sum(p.numel() for p in CNN("relu").parameters()) == 1_199_882

    @pytest.mark.parametrize("image", [(1, 28, 28), (3, 9, 14), (2, 6, 6)])
    def test_outputs_are_those_of_the_formula(self, image: tuple[int, int, int]) -> None:
        model = CNN("tanh", image=image, classes=3).eval()
        w, x = model.state_dict(), torch.randn(4, *image)
        y = x
        for i in (1, 2):
            y = torch.tanh(F.conv2d(y, w[f"conv{i}.weight"], w[f"conv{i}.bias"]))
        y = torch.tanh(F.linear(F.max_pool2d(y, 2).flatten(1), w["hidden.weight"], w["hidden.bias"]))
        torch.testing.assert_close(model(x), F.linear(y, w["output.weight"], w["output.bias"]))

    def test_the_two_dropouts_have_their_own_rates(self) -> None:
        model = CNN("relu", dropout=0.3, dense_dropout=0.6)
        assert (model.dropout.p, model.dense_dropout.p) == (0.3, 0.6)
        order = [row["kind"] for row in layer_table(model, torch.zeros(2, *IMAGE))]
        convolutions = ("Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d", "Dropout")
        assert order == [*convolutions, "Flatten", "Linear", "ReLU", "Dropout", "Linear"]

    @pytest.mark.parametrize("image", [(1, 5, 28), (1, 28, 5)])
    def test_images_that_are_too_small_are_refused(self, image: tuple[int, int, int]) -> None:
        message = f"images of {image[1]}×{image[2]} are too small for cnn; the smallest that fit are 6×6"
        with pytest.raises(ModelError, match=message):
            CNN("relu", image=image)


each_network = pytest.mark.parametrize(("name", "sites"), [("mlp(widths='9-8-7')", 3), ("cnn", 3)])


@each_network
def test_every_site_has_a_fresh_activation(name: str, sites: int) -> None:
    model = build(name, "prelu", IMAGE, 10)
    activations = [module for module in model.modules() if isinstance(module, nn.PReLU)]
    assert len({id(module.weight) for module in activations}) == len(activation_modules(model)) == sites


@each_network
@pytest.mark.parametrize("init", ["default", "xavier_uniform"])
def test_one_seed_gives_every_activation_the_same_initial_weights(name: str, sites: int, init: str) -> None:
    starts = [seeded(name, activation, init).state_dict() for activation in ("relu", "gelu")]
    assert starts[0].keys() == starts[1].keys()
    assert all(torch.equal(value, starts[1][key]) for key, value in starts[0].items())


@each_network
def test_probes_record_every_site(name: str, sites: int) -> None:
    data = digits()
    model = build(name, "relu", data.input_shape, data.outputs)
    assert len(Probes(model, data.train).snapshot(detailed=True)["sites"]) == sites


@pytest.mark.parametrize("model", ["mlp(dropout=0.2, norm=True, widths='16-8')", "cnn"])
@pytest.mark.parametrize("activation", ["relu", "rrelu"])
def test_training_is_reproducible_and_learns(model: str, activation: str) -> None:
    run = Run(activation, 1, model=model, epochs=2, lr=0.005)
    records = []
    for _ in range(2):
        training = Training(run, digits())
        losses = [epoch.loss.train for epoch in training]
        records.append(training.record())
        assert losses[1] < losses[0]
    assert records[0].weights == records[1].weights
    assert records[0].kernels == ["dropout"]


@pytest.mark.parametrize(
    "widths", ["", "200-", "-200", "0", "010", "1.5", "a", "200 100", "100000", "²", "1-" * 20 + "1"]
)
def test_malformed_widths_are_refused(widths: str) -> None:
    message = "widths are whole numbers from 1 to 99999 with a hyphen between, at most 20 of them"
    with pytest.raises(StudyError, match=f"mlp: {message}"):
        MODELS.canonical(f"mlp(widths={widths!r})")
    with pytest.raises(StudyError, match=message):
        MLP("relu", widths=widths)


@given(st.lists(st.integers(1, 99_999), min_size=1, max_size=20))
def test_widths_are_read_as_written(widths: list[int]) -> None:
    text = "-".join(map(str, widths))
    assert parse_widths(text) == tuple(widths)
    assert MODELS.arguments(MODELS.canonical(f"mlp(widths={text!r})"))["widths"] == text


@given(st.text(max_size=8))
def test_any_text_is_widths_or_an_error(text: str) -> None:
    try:
        widths = parse_widths(text)
    except StudyError as error:
        message = str(error)
    else:
        message = "widths are whole numbers"
        assert "-".join(map(str, widths)) == text
    assert "widths are whole numbers" in message


def test_canonical_names_leave_out_defaults() -> None:
    assert str(MODELS.canonical("MLP(widths='200-100-60-30', dropout=0.2)")) == "mlp(dropout=0.2)"
    assert str(MODELS.canonical("cnn(dense_dropout=0.5)")) == "cnn"


class TestXavier:
    @pytest.mark.parametrize("name", ["xavier_uniform", "glorot_uniform", "Glorot"])
    def test_it_has_aliases(self, name: str) -> None:
        assert str(INITIALISATIONS.canonical(name)) == "xavier_uniform"

    @pytest.mark.parametrize(
        ("weight", "fans"), [("conv2", 32 * 9 + 64 * 9), ("hidden", 64 * 144 + 128), ("output", 128 + 10)]
    )
    def test_weights_are_uniform_within_the_bound_of_the_paper(self, weight: str, fans: int) -> None:
        model = seeded("cnn", "relu", "glorot")
        values: Tensor = model.get_parameter(f"{weight}.weight").detach()
        bound = (6 / fans) ** 0.5
        assert 0.99 * bound < values.abs().max().item() <= bound
        assert values.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
        assert not any(p.any() for n, p in model.named_parameters() if n.endswith("bias"))

    def test_parameters_of_activations_are_not_initialised(self) -> None:
        model = seeded("mlp", "prelu(init=0.1)", "glorot")
        assert model.get_parameter("layers.0.activation.weight").item() == pytest.approx(0.1)


def test_the_message_about_widths_shows_an_example() -> None:
    with pytest.raises(StudyError, match=re.escape("such as '200-100-60-30', not 'wide'")):
        MODELS.canonical("mlp(widths='wide')")
