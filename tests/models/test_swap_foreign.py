"""Swaps in networks of the transformers library, built from a configuration, with sites counted by hand."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from reluctant.models import swap_activations
from reluctant.models.swap import activation_modules

transformers: Any = pytest.importorskip("transformers")

PIXELS = {"pixel_values": torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))}
LARGER = {"pixel_values": torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))}
WORDS = {"input_ids": torch.arange(12).reshape(2, 6), "attention_mask": torch.ones(2, 6, dtype=torch.long)}


def resnet(layer_type: str = "basic") -> nn.Module:
    """One activation after the stem; two per basic layer, three per bottleneck; 1 + 2 layers."""
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], layer_type=layer_type, num_labels=3
    )
    return seeded_network(transformers.ResNetForImageClassification, config)


def bottleneck() -> nn.Module:
    return resnet("bottleneck")


def convnext() -> nn.Module:
    """One activation per layer; 1 + 2 layers."""
    config = transformers.ConvNextConfig(num_stages=2, hidden_sizes=[8, 16], depths=[1, 2], num_labels=3)
    return seeded_network(transformers.ConvNextForImageClassification, config)


def vit() -> nn.Module:
    """One activation per layer; 2 layers."""
    return seeded_network(
        transformers.ViTForImageClassification, transformers.ViTConfig(**SMALL, image_size=8, patch_size=4)
    )


def bert(**options: Any) -> nn.Module:
    """One activation per layer; 2 layers; and a tanh before the classifier, which is skipped."""
    config = transformers.BertConfig(**SMALL, vocab_size=20, max_position_embeddings=8, **options)
    return seeded_network(transformers.BertForSequenceClassification, config)


SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "num_labels": 3}


def seeded_network(kind: Any, config: Any) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = kind(config)
    return model.eval()


NETWORKS = [
    (resnet, LARGER, "relu", 1 + 3 * 2, 0),
    (bottleneck, LARGER, "relu", 1 + 3 * 3, 0),
    (convnext, LARGER, "gelu", 3, 0),
    (vit, PIXELS, "gelu", 2, 0),
    (bert, WORDS, "gelu", 2, 1),
]
each_network = pytest.mark.parametrize(("network", "example", "function", "sites", "skipped"), NETWORKS)


@each_network
def test_the_number_of_sites_is_that_counted_by_hand(
    network: Callable[[], nn.Module], example: dict[str, Any], function: str, sites: int, skipped: int
) -> None:
    model = network()
    before = dict(model.named_parameters())
    model, report = swap_activations(model, "prelu", example=example)
    assert (len(report.swapped), len(report.skipped)) == (sites, skipped)
    assert all(site.calls == 1 for site in report.swapped)
    assert sum(isinstance(module, nn.PReLU) for module in activation_modules(model).values()) == sites
    assert all(dict(model.named_parameters())[name] is p for name, p in before.items())
    model.train()(**example).logits.square().sum().backward()
    learned = [p for name, p in model.named_parameters() if name not in before]
    assert len(learned) == sites
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in learned)
    assert max(map(len, str(report).splitlines())) <= 80


@each_network
def test_swapping_the_same_activation_changes_no_bit(
    network: Callable[[], nn.Module], example: dict[str, Any], function: str, sites: int, skipped: int
) -> None:
    model, report = swap_activations(network(), function, example=example)
    assert len(report.swapped) == sites
    assert torch.equal(model(**example).logits, network()(**example).logits)


def test_the_tanh_of_bert_s_pooler_is_skipped_unless_only_names_it() -> None:
    _, report = swap_activations(bert(), "relu", example=WORDS)
    assert [(site.name, site.reason) for site in report.skipped] == [("bert.pooler.activation", "may be a gate")]
    _, report = swap_activations(bert(), "relu", only="*.pooler.*", example=WORDS)
    assert [site.name for site in report.swapped] == ["bert.pooler.activation"]


def test_softmax_of_attention_is_skipped_where_it_is_called() -> None:
    _, report = swap_activations(bert(attn_implementation="eager"), "relu", example=WORDS)
    assert [site.reason for site in report.skipped if "softmax" in site.name] == ["attention"] * 2


def test_a_swapped_network_can_be_copied_and_pickled() -> None:
    model, _ = swap_activations(bert(), "prelu", example=WORDS)
    out = model(**WORDS).logits
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(copied(**WORDS).logits, out)


@pytest.mark.parametrize("name", ["relu6", "gelu_new", "quick_gelu", "mish", "silu", "laplace", "relu2", "linear"])
def test_the_library_s_activation_modules_are_known(name: str) -> None:
    model = nn.Sequential(nn.Linear(3, 3), transformers.activations.ACT2FN[name], nn.Linear(3, 3))
    _, report = swap_activations(model, "relu")
    assert [site.name for site in report.swapped] == ["1"]
