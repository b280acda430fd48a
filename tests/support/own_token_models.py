"""User-defined networks of token ids, those of transformers from small configurations without a download."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
}  # fmt: skip


class BagOfTokens(nn.Module):
    """The mean over the vectors of all tokens, a hidden layer, scores."""

    def __init__(self, n_vocab: int, seq_len: int, num_classes: int) -> None:
        super().__init__()
        self.seq_len = seq_len
        self.embedding = nn.Embedding(n_vocab, 8)
        self.hidden, self.output = nn.Linear(8, 8), nn.Linear(8, num_classes)

    def forward(self, ids: Tensor) -> Tensor:
        out: Tensor = self.output(F.relu(self.hidden(self.embedding(ids).mean(1))))
        return out


def gpt2(vocab_size: int, n_positions: int) -> nn.Module:
    """A language model whose activations are swapped."""
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes: dict[str, Any] = {"n_embd": 16, "n_layer": 2, "n_head": 2, "bos_token_id": 0, "eos_token_id": 0}
    return GPT2LMHeadModel(GPT2Config(vocab_size=vocab_size, n_positions=n_positions, **sizes))


def llama(vocab_size: int, max_position_embeddings: int, hidden_act: str = "silu") -> nn.Module:
    """A language model that takes the activation by its name."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocab_size, max_position_embeddings=max_position_embeddings, hidden_act=hidden_act,
            bos_token_id=0, eos_token_id=0, **WIDTHS,
        )
    )  # fmt: skip


def bert(vocab_size: int, max_position_embeddings: int, num_labels: int) -> nn.Module:
    """A classifier of texts."""
    from transformers import BertConfig, BertForSequenceClassification

    options: dict[str, Any] = {"num_labels": num_labels, "max_position_embeddings": max_position_embeddings}
    options |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, **WIDTHS}
    return BertForSequenceClassification(BertConfig(vocab_size=vocab_size, **options))
