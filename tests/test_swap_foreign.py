"""Networks of the transformers library, made from a configuration without a download: counted by hand."""

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
from reluctant.models.swap import sites

transformers: Any = pytest.importorskip("transformers")

PIXELS = {"pixel_values": torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))}
LARGER = {"pixel_values": torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))}
WORDS = {"input_ids": torch.arange(12).reshape(2, 6), "attention_mask": torch.ones(2, 6, dtype=torch.long)}


def resnet(layer_type: str = "basic") -> nn.Module:
    """One activation after the stem; two per basic layer, three per bottleneck; 1 + 2 layers."""
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], layer_type=layer_type, num_labels=3
    )
    return made(transformers.ResNetForImageClassification, config)


def bottleneck() -> nn.Module:
    return resnet("bottleneck")


def convnext() -> nn.Module:
    """One activation per layer; 1 + 2 layers."""
    config = transformers.ConvNextConfig(num_stages=2, hidden_sizes=[8, 16], depths=[1, 2], num_labels=3)
    return made(transformers.ConvNextForImageClassification, config)


def vit() -> nn.Module:
    """One activation per layer; 2 layers."""
    return made(
        transformers.ViTForImageClassification, transformers.ViTConfig(**SMALL, image_size=8, patch_size=4)
    )


def bert(**options: Any) -> nn.Module:
    """One activation per layer; 2 layers; and a tanh before the classifier, which stays."""
    config = transformers.BertConfig(**SMALL, vocab_size=20, max_position_embeddings=8, **options)
    return made(transformers.BertForSequenceClassification, config)


SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "num_labels": 3,
}


def made(kind: Any, config: Any) -> nn.Module:
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
each_network = pytest.mark.parametrize(("network", "example", "function", "places", "left"), NETWORKS)


@each_network
def test_places_are_those_counted_by_hand(
    network: Callable[[], nn.Module], example: dict[str, Any], function: str, places: int, left: int
) -> None:
    model = network()
    before = dict(model.named_parameters())
    model, report = swap_activations(model, "prelu", example=example)
    assert (len(report.swapped), len(report.left)) == (places, left)
    assert all(place.calls == 1 for place in report.swapped)
    assert sum(isinstance(module, nn.PReLU) for module in sites(model).values()) == places
    assert all(dict(model.named_parameters())[name] is p for name, p in before.items())
    model.train()(**example).logits.square().sum().backward()
    learned = [p for name, p in model.named_parameters() if name not in before]
    assert len(learned) == places
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in learned)
    assert max(map(len, str(report).splitlines())) <= 80


@each_network
def test_the_same_function_gives_the_same_bits(
    network: Callable[[], nn.Module], example: dict[str, Any], function: str, places: int, left: int
) -> None:
    model, report = swap_activations(network(), function, example=example)
    assert len(report.swapped) == places
    assert torch.equal(model(**example).logits, network()(**example).logits)


def test_the_tanh_of_bert_s_pooler_stays_and_can_be_asked_for() -> None:
    _, report = swap_activations(bert(), "relu", example=WORDS)
    assert [(place.path, place.reason) for place in report.left] == [
        ("bert.pooler.activation", "perhaps a gate")
    ]
    _, report = swap_activations(bert(), "relu", only="*.pooler.*", example=WORDS)
    assert [place.path for place in report.swapped] == ["bert.pooler.activation"]


def test_softmax_of_attention_stays_where_it_is_seen() -> None:
    _, report = swap_activations(bert(attn_implementation="eager"), "relu", example=WORDS)
    assert [place.reason for place in report.left if "softmax" in place.path] == ["attention"] * 2


def test_a_swapped_network_is_copied_and_pickled() -> None:
    model, _ = swap_activations(bert(), "prelu", example=WORDS)
    out = model(**WORDS).logits
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(**WORDS).logits, out)


@pytest.mark.parametrize(
    "name", ["relu6", "gelu_new", "quick_gelu", "mish", "silu", "laplace", "relu2", "linear"]
)
def test_the_library_s_own_activations_are_known(name: str) -> None:
    model = nn.Sequential(nn.Linear(3, 3), transformers.activations.ACT2FN[name], nn.Linear(3, 3))
    _, report = swap_activations(model, "relu")
    assert [place.path for place in report.swapped] == ["1"]
