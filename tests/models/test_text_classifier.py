"""TextClassifier: padding changes nothing, order and all tokens count."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reluctant.data.dataset import TokenInputs
from reluctant.models import TextClassifier, build, initialise

TOKENS = TokenInputs(vocabulary=11, padding=0)


def network(padding: int | None = 0) -> Any:
    tokens = TokenInputs(11, padding)
    model = build("text_classifier(width=12, heads=3, dropout=0)", "gelu", (9,), 4, tokens=tokens)
    initialise(model, "default", 3, "gelu")
    for parameter in model.parameters():
        if parameter.dim() == 2:
            nn.init.normal_(parameter, std=0.4)
    return model.eval()


def padded(*lengths: int, t: int = 9) -> Tensor:
    """Random sequences of these lengths with zeros behind."""
    x = torch.randint(1, 11, (len(lengths), t), generator=torch.Generator().manual_seed(0))
    return x * (torch.arange(t) < torch.tensor(lengths)[:, None])


def test_scores_do_not_depend_on_the_padding() -> None:
    model, x = network(), padded(3, 5, 1, 5)
    scores = model(x)
    assert scores.shape == (4, 4)
    for row, length in enumerate((3, 5, 1, 5)):
        for t in range(length, 10):
            torch.testing.assert_close(model(x[row : row + 1, :t]), scores[row : row + 1], rtol=1e-5, atol=1e-5)


def test_without_padding_every_id_counts() -> None:
    model, x = network(padding=None), padded(3)
    assert (model(x) - model(x[:, :3])).abs().max() > 1e-3


def test_a_sequence_of_padding_only_has_finite_scores_and_gradients() -> None:
    model = network()
    scores = model(padded(0, 4))
    scores.sum().backward()
    assert scores.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    torch.testing.assert_close(model(padded(0, t=2)), scores[:1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("changed", [0, 2, 4])
def test_every_token_and_its_position_counts(changed: int) -> None:
    model, x = network(), padded(5)
    other = x.clone()
    other[0, changed] = x[0, changed] % 10 + 1
    assert (model(x) - model(other)).abs().max() > 1e-3
    moved = x.clone()
    moved[0, :5] = x[0, :5].roll(changed + 1)
    assert changed == 4 or (model(x) - model(moved)).abs().max() > 1e-3


def test_the_parameters_by_hand() -> None:
    model = TextClassifier("relu", vocabulary=50, context=16, classes=3, layers=2, width=8, heads=2)
    block = 2 * 16 + 9 * 24 + 9 * 8 + 9 * 32 + 33 * 8
    assert sum(p.numel() for p in model.parameters()) == 50 * 8 + 16 * 8 + 2 * block + 16 + 9 * 3
