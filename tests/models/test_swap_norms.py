"""Norms: their formulas, GPT with each of them, and their way into any network."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reluctant.catalogue import NORMS
from reluctant.core.errors import ModelError, StudyError
from reluctant.data.dataset import TokenInputs
from reluctant.models import build, initialise, swap_norms
from reluctant.models.norms import make_norm

NAMES = [row.name for row in NORMS]


def formula(name: str, x: Tensor) -> Tensor:
    """The norm of rows with the initial α and s, without γ and β."""
    if name == "layer_norm":
        return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + 1e-5).sqrt()
    if name == "rms_norm":
        return x / ((x * x).mean(1, keepdim=True) + 1e-6).sqrt()
    if name == "batch_norm":
        return (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()
    function = {"dyt": math.tanh, "derf": math.erf}[name]
    return torch.tensor([[function(0.5 * float(value)) for value in row] for row in x])


class RMSNormOfAnotherLibrary(nn.Module):
    def __init__(self, features: int, offset: float = 0.0) -> None:
        super().__init__()
        self.weight, self.offset, self.variance_epsilon = nn.Parameter(torch.ones(features)), offset, 1e-4

    def forward(self, x: Tensor) -> Tensor:
        return (self.offset + self.weight) * x / (x.square().mean(-1, keepdim=True) + self.variance_epsilon).sqrt()


RMSNormOfAnotherLibrary.__name__ = "LibraryRMSNorm"


def transformer() -> Any:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
    return nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8))


class TestFormulas:
    @pytest.mark.parametrize("name", NAMES)
    def test_outputs_are_those_of_the_formula(self, name: str) -> None:
        x, module = torch.randn(6, 5) * 2 + 1, make_norm(name, 5)
        gamma, beta = torch.rand(5) + 0.5, torch.randn(5)
        module.weight = nn.Parameter(gamma)
        if name != "rms_norm":
            module.bias = nn.Parameter(beta)
        expected = formula(name, x) * gamma + (0 if name == "rms_norm" else beta)
        torch.testing.assert_close(module(x), expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(module(x.view(2, 3, 5)), expected.view(2, 3, 5), rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize(("affine", "bias"), [(False, False), (True, False)])
    def test_parts_may_be_missing(self, name: str, affine: bool, bias: bool) -> None:
        module: Any = make_norm(name, 5, affine=affine, bias=bias)
        initialise(module, "default", 0)
        assert (module.weight is not None) == affine
        assert getattr(module, "bias", None) is None
        x = torch.randn(6, 5)
        torch.testing.assert_close(module(x), formula(name, x), rtol=1e-5, atol=1e-5)

    def test_initial_values_come_from_the_name(self) -> None:
        module: Any = make_norm("derf(alpha=0.8, shift=-0.25)", 5)
        initialise(module, "default", 0)
        assert module.alpha.item() == pytest.approx(0.8)
        x = torch.randn(6, 5)
        torch.testing.assert_close(module(x), torch.erf(0.8 * x - 0.25))
        with pytest.raises(StudyError, match="no norm is called 'dy'"):
            make_norm("dy", 5)


@pytest.mark.parametrize("name", NAMES)
def test_gpt_trains_with_every_norm(name: str) -> None:
    model: Any = build(
        f"gpt(layers=1, width=8, heads=2, norm={name!r})", "relu", (6,), 11, task="tokens", tokens=TokenInputs(11)
    )
    initialise(model, "default", 1)
    assert type(model.blocks[0].norm1) is type(model.norm) is type(make_norm(name, 8))
    ids = torch.arange(12).view(2, 6) % 4
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        losses.append(nn.functional.cross_entropy(model(ids).flatten(0, 1), ids.roll(-1, 1).flatten()))
        optimizer.zero_grad()
        losses[-1].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert losses[-1] < 0.9 * losses[0]


class TestSwapNorms:
    def test_every_layer_norm_is_replaced_and_its_weights_stay(self) -> None:
        model = transformer()
        for parameter in model.parameters():
            nn.init.normal_(parameter)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        swapped, report = swap_norms(model, "dyt(alpha=0.7)")
        assert swapped is model
        paths = ["layers.0.norm1", "layers.0.norm2", "layers.1.norm1", "layers.1.norm2", "norm"]
        assert [site.name for site in report.swapped] == paths
        assert report.parameters[1] - report.parameters[0] == 5
        assert str(report).startswith("dyt(alpha=0.7) in place of 5 norms\n  layers.0.norm1  LayerNorm")
        after = model.state_dict()
        assert all(torch.equal(after[name], value) for name, value in before.items())
        x = torch.randn(3, 8)
        torch.testing.assert_close(
            swapped.get_submodule("norm")(x), torch.tanh(0.7 * x) * before["norm.weight"] + before["norm.bias"]
        )

    @pytest.mark.parametrize("name", NAMES)
    def test_evaluation_has_no_fast_path_past_the_new_norm(self, name: str) -> None:
        model, _ = swap_norms(transformer().train(), name)
        x, padding = torch.randn(4, 3, 8), torch.tensor([[False, False, True]] * 4)
        if name == "batch_norm":
            for module in model.modules():
                if isinstance(module, nn.BatchNorm1d):
                    module.momentum = 1.0
        for mask in (None, padding):
            model.train()
            trained = model(x, src_key_padding_mask=mask)
            model.eval()
            with torch.no_grad():
                out = model(x, src_key_padding_mask=mask)
            if name == "batch_norm":
                assert out.isfinite().all()
            else:
                torch.testing.assert_close(out, trained, rtol=1e-5, atol=1e-5)

    def test_patterns_choose(self) -> None:
        _, report = swap_norms(transformer(), "derf", only="layers.*", exclude="*.norm2")
        assert [site.name for site in report.swapped] == ["layers.0.norm1", "layers.1.norm1"]
        assert {site.name: site.reason for site in report.skipped} == {
            "layers.0.norm2": "excluded", "layers.1.norm2": "excluded", "norm": "not in only"
        }  # fmt: skip
        with pytest.raises(ModelError, match=r"no norm matches 'layer\.\*'"):
            swap_norms(transformer(), "derf", only="layer.*")

    def test_a_norm_of_the_same_kind_computes_the_same(self) -> None:
        model, x = transformer().train(), torch.randn(2, 3, 8)
        model.norm.eps = 0.5
        expected = model(x)
        torch.testing.assert_close(swap_norms(model, "layer_norm")[0](x), expected)
        swap_norms(model, "layer_norm(eps=0.1)")
        assert model.norm.eps == 0.1

    @pytest.mark.parametrize("offset", [0.0, 1.0])
    def test_rms_norms_of_other_libraries(self, offset: float) -> None:
        model: Any = nn.Sequential(nn.Linear(6, 6), RMSNormOfAnotherLibrary(6, offset))
        nn.init.uniform_(model[1].weight, -0.5, 0.5)
        x = torch.randn(3, 6)
        expected, gamma = model(x), offset + model[1].weight.detach()
        _, report = swap_norms(model, "rms_norm")
        torch.testing.assert_close(model(x), expected)
        assert report.parameters[0] == report.parameters[1]
        swap_norms(model, "dyt")
        torch.testing.assert_close(model[1](x), torch.tanh(x / 2) * gamma)
        assert (model[1].bias == 0).all()

    def test_norms_of_transformers(self) -> None:
        transformers: Any = pytest.importorskip("transformers")
        sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
        for kind in ("Llama", "Gemma"):
            more = {"num_key_value_heads": 2, "head_dim": 4, "vocab_size": 11, "pad_token_id": 0, "bos_token_id": 1}
            config = getattr(transformers, f"{kind}Config")(**sizes, **more)
            model = getattr(transformers, f"{kind}ForCausalLM")(config).eval()
            ids = torch.arange(6)[None]
            expected = model(ids).logits
            _, report = swap_norms(model, "rms_norm")
            assert len(report.swapped) == 3
            assert {site.kind for site in report.swapped} == {f"{kind}RMSNorm"}
            torch.testing.assert_close(model(ids).logits, expected, rtol=1e-4, atol=1e-5)
            swap_norms(model, "dyt")
            assert (model(ids).logits - expected).abs().max() > 1e-3

    def test_what_cannot_be_replaced_is_named(self) -> None:
        class ChannelsFirst(nn.LayerNorm):
            def forward(self, x: Tensor) -> Tensor:
                return super().forward(x.movedim(1, -1)).movedim(-1, 1)

        class CentredNorm(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x: Tensor) -> Tensor:
                return (x - x.mean(-1, keepdim=True)) * self.weight

        hooked = nn.LayerNorm(4)
        hooked.register_forward_hook(lambda *_: None)
        model = nn.Sequential(
            nn.LayerNorm((2, 4)), ChannelsFirst(4), nn.BatchNorm1d(4), nn.GroupNorm(2, 4), CentredNorm(), hooked
        )
        with pytest.raises(ModelError, match="no norm of Sequential was replaced: 0 "):
            swap_norms(model, "dyt")
        model.append(nn.LayerNorm(4, bias=False))
        model.append(model[-1])
        _, report = swap_norms(model, "dyt")
        assert {site.name: site.reason for site in report.skipped} == {
            "0": "normalises over several dimensions",
            "1": "its class has a forward of its own",
            "2": "is no norm of the last dimension",
            "3": "is no norm of the last dimension",
            "4": "is not computed as an RMS norm",
            "5": "has hooks",
        }
        assert model[6] is model[7]
        assert model[6].bias is None
        with pytest.raises(ModelError, match="it has no LayerNorm or RMSNorm"):
            swap_norms(nn.Sequential(nn.Linear(2, 2)), "dyt")

    def test_device_type_and_mode_stay(self) -> None:
        model: Any = nn.Sequential(nn.LayerNorm(4)).to(torch.bfloat16).eval()
        swap_norms(model, "derf")
        assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
        assert not model[0].training
        assert model(torch.randn(2, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16
