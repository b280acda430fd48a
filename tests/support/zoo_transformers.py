"""Networks of the transformers library, built from small configurations; nothing is downloaded."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.support.zoo import Network, normal

IDS = torch.arange(12).reshape(2, 6)
WORDS = {"input_ids": IDS, "attention_mask": torch.ones(2, 6, dtype=torch.long)}
PIXELS = {"pixel_values": normal(2, 3, 16, 16)}
WIDTHS: dict[str, Any] = {
    "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 20,
}  # fmt: skip
STAGES: dict[str, Any] = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_labels": 3}
PATCHES: dict[str, Any] = {"image_size": 16, "patch_size": 4, "num_labels": 3}


def library_network(network: str, config: str, **options: Any) -> Callable[[], nn.Module]:
    """A builder of `transformers.<network>` from `transformers.<config>`."""

    def build() -> nn.Module:
        import transformers

        model: nn.Module = getattr(transformers, network)(getattr(transformers, config)(**options))
        return model

    return build


def image_classifier(name: str, **options: Any) -> Callable[[], nn.Module]:
    return library_network(f"{name}ForImageClassification", f"{name}Config", **options)


def sentence_classifier(name: str, **options: Any) -> Callable[[], nn.Module]:
    return library_network(f"{name}ForSequenceClassification", f"{name}Config", **options)


def gradient_checkpointing(build: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """The library runs each layer again in the backward pass, in the training mode."""

    def build_checkpointed() -> nn.Module:
        model: Any = build()
        model.gradient_checkpointing_enable({"use_reentrant": False})
        return model  # type: ignore[no-any-return]

    return build_checkpointed


T5 = {"d_model": 8, "d_kv": 4, "d_ff": 16, "num_layers": 2, "num_heads": 2, "vocab_size": 20}
GPT2 = {
    "n_embd": 8,
    "n_layer": 2,
    "n_head": 2,
    "vocab_size": 20,
    "n_positions": 16,
    "use_cache": False,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
SWIN = {"embed_dim": 8, "depths": [1, 1], "num_heads": [2, 2], "window_size": 2, **PATCHES}
LLAMA = {**WIDTHS, "num_key_value_heads": 1, "use_cache": False, "bos_token_id": 0, "eos_token_id": 0}

LIBRARY_NETWORKS = {
    "ResNet": Network(image_classifier("ResNet", embedding_size=8, layer_type="basic", **STAGES), PIXELS),
    "ResNet, bottleneck": Network(
        image_classifier("ResNet", embedding_size=8, layer_type="bottleneck", **STAGES), PIXELS
    ),
    "RegNet": Network(image_classifier("RegNet", embedding_size=8, groups_width=4, **STAGES), PIXELS),
    "ConvNext": Network(image_classifier("ConvNext", num_stages=2, **STAGES), PIXELS, "gelu"),
    "MobileNetV2": Network(
        image_classifier("MobileNetV2", depth_multiplier=0.1, min_depth=4, depth_divisible_by=4), PIXELS, "relu6"
    ),
    "ViT": Network(image_classifier("ViT", **WIDTHS | PATCHES), PIXELS, "gelu"),
    "Swin": Network(image_classifier("Swin", **SWIN), PIXELS, "gelu"),
    "PoolFormer": Network(
        image_classifier(
            "PoolFormer", num_encoder_blocks=2, patch_sizes=[3, 3], strides=[2, 2], padding=[1, 1], **STAGES
        ),
        PIXELS,
        "gelu",
    ),
    "BERT": Network(sentence_classifier("Bert", **WIDTHS), WORDS, "gelu"),
    "BERT, eager attention": Network(sentence_classifier("Bert", attn_implementation="eager", **WIDTHS), WORDS, "gelu"),
    "BERT, gradient checkpointing": Network(
        gradient_checkpointing(sentence_classifier("Bert", **WIDTHS)), WORDS, "gelu"
    ),
    "RoBERTa": Network(sentence_classifier("Roberta", **WIDTHS), WORDS, "gelu"),
    "DistilBERT": Network(
        sentence_classifier("DistilBert", dim=8, n_layers=2, n_heads=2, hidden_dim=16, vocab_size=20),
        WORDS,
        "gelu",
        only="*.ffn.*",
    ),
    "GPT2": Network(
        library_network("GPT2LMHeadModel", "GPT2Config", activation_function="gelu_pytorch_tanh", **GPT2),
        WORDS,
        "gelu(approximate='tanh')",
    ),
    "OPT": Network(
        library_network("OPTForCausalLM", "OPTConfig", ffn_dim=16, word_embed_proj_dim=8, use_cache=False, **WIDTHS),
        WORDS,
    ),
    "LLaMA": Network(library_network("LlamaForCausalLM", "LlamaConfig", **LLAMA), WORDS, "silu", only="*"),
    "T5 encoder": Network(library_network("T5EncoderModel", "T5Config", **T5), {"input_ids": IDS}),
}
