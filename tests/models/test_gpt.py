"""GPT: its formula, causality, tied weights, parameters, initial weights, lengths."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.catalogue import MODELS
from reluctant.core.errors import ModelError, StudyError
from reluctant.data.dataset import TokenInputs
from reluctant.models import GPT, Dropout, activation_modules, build, initialise, layer_table

TOKENS = TokenInputs(vocabulary=11)


def network(activation: str = "gelu", name: str = "gpt(layers=2, width=12, heads=3)", seed: int = 5) -> Any:
    model = build(name, activation, (8,), 11, task="tokens", tokens=TOKENS)
    initialise(model, "default", seed, activation)
    return model


def ids(n: int = 3, t: int = 8) -> Tensor:
    return torch.randint(11, (n, t), generator=torch.Generator().manual_seed(0))


def plain_gpt(x: Tensor, w: dict[str, Tensor], layers: int, heads: int) -> Tensor:
    """The logits, written out: one sequence, one head and one position at a time."""
    width = w["embedding.tokens.weight"].shape[1]
    size = width // heads

    def norm(rows: Tensor, name: str) -> Tensor:
        centred = rows - rows.mean(1, keepdim=True)
        std = (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
        return centred / std * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(rows: Tensor, name: str) -> Tensor:
        return rows @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    sequences = []
    for sequence in x:
        h = torch.stack([w["embedding.tokens.weight"][i] for i in sequence])
        h = h + torch.stack([w["embedding.positions.weight"][i] for i in range(len(sequence))])
        for layer in range(layers):
            b = f"blocks.{layer}"
            rows = linear(norm(h, f"{b}.norm1"), f"{b}.attention.query_key_value")
            q, k, v = rows[:, :width], rows[:, width : 2 * width], rows[:, 2 * width :]
            means = torch.zeros(len(sequence), width, dtype=h.dtype)
            for head in range(heads):
                part = slice(head * size, (head + 1) * size)
                for i in range(len(sequence)):
                    weights = torch.exp(k[: i + 1, part] @ q[i, part] / math.sqrt(size))
                    means[i, part] = (weights / weights.sum()) @ v[: i + 1, part]
            h = h + linear(means, f"{b}.attention.output")
            inner = linear(norm(h, f"{b}.norm2"), f"{b}.feed_forward.linear")
            h = h + linear(inner * (1 + torch.erf(inner / math.sqrt(2))) / 2, f"{b}.feed_forward.output")
        sequences.append(norm(h, "norm") @ w["embedding.tokens.weight"].T)
    return torch.stack(sequences)


@pytest.mark.parametrize(("layers", "heads"), [(1, 1), (2, 3)])
def test_logits_are_those_of_the_formula(layers: int, heads: int) -> None:
    torch.manual_seed(0)
    model = GPT("gelu", vocabulary=11, context=8, layers=layers, width=12, heads=heads).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    expected = plain_gpt(ids(), model.state_dict(), layers, heads)
    assert expected.std() > 0.1
    torch.testing.assert_close(model(ids()), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("changed", [0, 3, 7])
def test_no_logits_depend_on_later_tokens(changed: int) -> None:
    model, before = network().eval(), ids()
    after = before.clone()
    after[:, changed] = (after[:, changed] + 1) % 11
    one, other = model(before), model(after)
    assert torch.equal(one[:, :changed], other[:, :changed])
    assert ((one - other).abs().amax(2)[:, changed:] > 0).all()


def test_other_lengths_work_and_longer_ones_are_refused() -> None:
    model = network().eval()
    for t in (1, 5):
        torch.testing.assert_close(model(ids()[:, :t]), model(ids())[:, :t])
    with pytest.raises(ModelError, match="sequences of 9 tokens are longer than the context of the network, 8"):
        model(ids(t=9))


class TestParameters:
    def test_the_count_by_hand(self) -> None:
        model = GPT("relu", vocabulary=50, context=16, layers=3, width=8, heads=2, inner=5)
        norm, attention = 2 * 8, (8 + 1) * 24 + (8 + 1) * 8
        feed_forward = (8 + 1) * 40 + (40 + 1) * 8
        assert sum(p.numel() for p in model.parameters()) == (
            50 * 8 + 16 * 8 + 3 * (2 * norm + attention + feed_forward) + norm
        )

    def test_every_parameter_belongs_to_one_row_of_the_layer_table(self) -> None:
        rows, model = layer_table(network(), torch.zeros(2, 8, dtype=torch.int64)), network()
        assert sum(row["parameters"] for row in rows) == sum(p.numel() for p in model.parameters())
        assert [row["shape"] for row in rows if row["name"] == "blocks.1.feed_forward.activation"] == [[8, 48]]

    def test_output_and_token_embedding_are_one_matrix(self) -> None:
        model = network().eval()
        before = model(ids())
        with torch.no_grad():
            model.embedding.tokens.weight[4] = 0
        after = model(ids())
        assert (after[:, :, 4] == 0).all()
        assert (before[:, :, 4] != 0).all()

    def test_every_block_has_its_own_activation(self) -> None:
        sites = activation_modules(network("prelu"))
        assert list(sites) == [f"blocks.{i}.feed_forward.activation" for i in range(2)]
        assert len({id(site) for site in sites.values()}) == 2


class TestInitialWeights:
    @pytest.mark.parametrize("drawn_again", [False, True])
    def test_standard_deviations_are_those_of_gpt_2(self, drawn_again: bool) -> None:
        model = GPT("gelu", vocabulary=300, context=64, layers=8, width=64)
        if drawn_again:
            initialise(model, "default", 1)
        for name, parameter in model.named_parameters():
            if "norm" in name:
                assert (parameter == (1 if name.endswith("weight") else 0)).all()
            elif name.endswith("bias"):
                assert (parameter == 0).all()
            else:
                std = 0.02 / 4 if name.endswith("output.weight") else 0.02
                assert parameter.std().item() == pytest.approx(std, rel=0.05), name
                assert abs(parameter.mean().item()) < 0.1 * std

    def test_pytorch_s_defaults_are_pytorch_s(self) -> None:
        model: Any = GPT("gelu", vocabulary=300, context=64, layers=1, width=64, norm="dyt")
        initialise(model, "pytorch", 1)
        linear = model.blocks[0].feed_forward.linear
        assert 0.99 / 8 < linear.weight.abs().max() <= 1 / 8
        assert linear.bias.abs().max() > 0.5 / 8
        assert model.embedding.tokens.weight.std().item() == pytest.approx(1, rel=0.05)
        assert model.norm.alpha.item() == 0.5

    def test_weights_follow_from_seed_and_layer_not_from_the_activation(self) -> None:
        starts = {name: network(name).state_dict() for name in ("relu", "prelu", "snake")}
        for key, value in starts["relu"].items():
            assert torch.equal(value, starts["prelu"][key]), key
            assert torch.equal(value, starts["snake"][key]), key
        other = network("relu", seed=6).state_dict()
        assert not torch.equal(starts["relu"]["embedding.tokens.weight"], other["embedding.tokens.weight"])
        layers = [starts["relu"][f"blocks.{i}.feed_forward.linear.weight"] for i in range(2)]
        assert not torch.equal(*layers)

    def test_a_first_loss_is_that_of_a_guess(self) -> None:
        targets = torch.randint(11, (3, 8), generator=torch.Generator().manual_seed(1))  # not the inputs: tied weights
        loss = F.cross_entropy(network().eval()(ids()).flatten(0, 1), targets.flatten())
        assert loss.item() == pytest.approx(math.log(11), rel=0.02)


def test_dropout_follows_its_own_random_numbers() -> None:
    model = network(name="gpt(layers=1, width=12, heads=3, dropout=0.5)").train()
    sites = [module for module in model.modules() if isinstance(module, Dropout)]
    assert len(sites) == 3

    def outputs(seed: int) -> Tensor:
        for number, site in enumerate(sites):
            site.reseed(seed + number)
        result: Tensor = model(ids())
        return result

    torch.manual_seed(0)
    first = outputs(1)
    torch.manual_seed(1)
    assert torch.equal(first, outputs(1))
    assert not torch.equal(first, outputs(9))


def test_it_learns_to_repeat_a_sequence() -> None:
    model = network("relu").train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x = torch.arange(9).remainder(4)[None]
    for _ in range(40):
        loss = F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert loss.item() < 0.1


class TestName:
    def test_width_must_be_divisible_by_heads(self) -> None:
        with pytest.raises(StudyError, match="gpt: width must be divisible by heads, 5, so 125 or 130, not 128"):
            MODELS.canonical("gpt(heads=5)")
        with pytest.raises(StudyError, match="width must be divisible by heads, 8, so 8, not 4"):
            MODELS.canonical("gpt(width=4, heads=8)")
        with pytest.raises(ModelError, match="width must be divisible by heads"):
            GPT("relu", vocabulary=3, context=3, width=5, heads=2)

    def test_defaults_are_left_out(self) -> None:
        assert str(MODELS.canonical("gpt(width=128, layers=6)")) == "gpt(layers=6)"
