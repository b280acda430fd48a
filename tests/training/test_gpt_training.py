"""The training of a GPT on the bundled text beside a plain loop written apart: same weights, order, no dropout."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from benchmarks.plain_gpt import PlainGPT, adamw, rate, update

from reluctant.core.randomness import generator
from reluctant.data import load
from reluctant.study import Run
from reluctant.training import Training, prepare
from reluctant.training.windows import Windows

NAMES = {
    "embedding.tokens": "tokens", "embedding.positions": "positions", "attention.query_key_value": "qkv",
    "attention.output": "project", "feed_forward.linear": "up", "feed_forward.output": "down",
}  # fmt: skip
STEPS = 20


def plain_name(name: str) -> str:
    for ours, plain in NAMES.items():
        name = name.replace(ours, plain)
    return name


def test_losses_are_those_of_a_plain_loop() -> None:
    data = prepare(load("shakespeare(context=32)"), 0.02)
    few = torch.arange(4)  # of the windows that are only evaluated
    data = replace(data, valid=data.valid.of_rows(few), test=data.test.of_rows(few))
    run = Run(
        "gelu", 3, model="gpt(layers=2, width=32, heads=4)", dataset="shakespeare(context=32)",
        optimizer="adamw(weight_decay=0.1, beta2=0.99, decay='matrices')", lr=0.002, clip_norm=1.0, batch_size=8,
        schedule="cosine(warmup=5, least=0.1)", steps=STEPS, epochs=STEPS,
    )  # fmt: skip
    training = Training(run, data)
    plain = PlainGPT(data.outputs, 32, layers=2, width=32, heads=4)
    weights: dict[str, Any] = {plain_name(name): p for name, p in training.model.state_dict().items()}
    plain.load_state_dict(weights)
    optimizer = adamw(plain)

    per_pass = len(data.train) // 8
    windows = data.train.windows
    assert isinstance(windows, Windows)
    expected = []
    for step in range(STEPS):
        number = step // per_pass + 1
        first = int(generator(3, "windows", number).integers(32))
        order = generator(3, "order", number).permutation(len(data.train))
        rows = first + 32 * torch.from_numpy(order[step % per_pass * 8 : (step % per_pass + 1) * 8])[:, None]
        positions = rows + torch.arange(32)
        lr = rate(step, STEPS, 0.002, warmup=5)
        expected.append(update(plain, optimizer, windows.stream[positions], windows.stream[positions + 1], lr))
    losses = [epoch.loss.train for epoch in training]
    assert losses == pytest.approx(expected, abs=1e-5)
    assert losses[-1] < losses[0] - 0.3
