"""Tokens as a task: losses, sums and scores per predicted token, beside a few lines that compute them by hand."""

import math

import numpy as np
import pytest
import torch

from reluctant.catalogue.metrics import score_from_counts, task_of_counts, total_items
from reluctant.catalogue.token_sums import IGNORED, TOKEN_SUMS
from reluctant.records.stored_arrays import numbers_from_base64
from reluctant.tasks import Tokens

SIZES = torch.tensor([[1, 1], [2, 1], [4, 2]])
OUTPUTS = torch.tensor([[[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]], [[1.0, 1.0, 0.0], [0.5, 0.0, 0.0]]])
TARGETS = torch.tensor([[0, 2], [1, IGNORED]])
TASK = Tokens(3, SIZES)


def nats(outputs: torch.Tensor, target: int) -> float:
    values: list[float] = outputs.double().tolist()
    return math.log(sum(map(math.exp, values))) - values[target]


EXPECTED = (nats(OUTPUTS[0, 0], 0) + nats(OUTPUTS[0, 1], 2), nats(OUTPUTS[1, 0], 1))


def test_the_loss_is_the_mean_over_predicted_tokens() -> None:
    assert TASK.units(TARGETS) == 3
    assert float(TASK.loss(OUTPUTS, TARGETS)) == pytest.approx(sum(EXPECTED) / 3)
    assert float(TASK.loss_sum(OUTPUTS, TARGETS)) == pytest.approx(sum(EXPECTED))
    assert float(TASK.loss(OUTPUTS, torch.full_like(TARGETS, IGNORED))) == 0.0


def test_predictions_are_sums_per_sequence() -> None:
    predictions = TASK.predict(OUTPUTS, TARGETS)
    assert predictions[:, 0].tolist() == pytest.approx(EXPECTED)
    assert predictions[:, 1].tolist() == [1.0, 0.0]  # of equal logits the first counts
    assert TASK.no_predictions(TARGETS).shape == predictions.shape
    np.testing.assert_array_equal(numbers_from_base64(TASK.encode(predictions), 2), predictions.numpy())


def test_sums_and_the_scores_that_follow() -> None:
    sums = np.array(TASK.counts(TASK.predict(OUTPUTS, TARGETS), TARGETS))
    total = sum(EXPECTED)
    assert dict(zip(TOKEN_SUMS, sums[:, 0], strict=True)) == pytest.approx(
        {"sequences": 2, "tokens": 3, "nats": total, "right": 1, "bytes": 1 + 4 + 2, "characters": 1 + 2 + 1}
    )
    assert (task_of_counts(sums), total_items(sums)) == ("tokens", 2)
    assert score_from_counts(sums, "perplexity") == pytest.approx(math.exp(total / 3))
    assert score_from_counts(sums, "bpb") == pytest.approx(total / math.log(2) / 7)
    assert score_from_counts(sums, "bpc") == pytest.approx(total / math.log(2) / 4)
    assert score_from_counts(sums, "next_token_accuracy") == pytest.approx(1 / 3)


def test_bits_are_unknown_where_the_sizes_of_tokens_are() -> None:
    sums = np.array(Tokens(3).counts(TASK.predict(OUTPUTS, TARGETS), TARGETS))
    assert math.isnan(score_from_counts(sums, "bits_per_byte"))
    assert score_from_counts(sums, "perplexity") == pytest.approx(math.exp(sum(EXPECTED) / 3))


def test_the_sizes_of_sequences_stand_for_their_targets() -> None:
    assert numbers_from_base64(TASK.encode_targets(TARGETS), 3).tolist() == [[2, 5, 3], [1, 2, 1]]


def test_outputs_of_another_shape_are_named() -> None:
    assert TASK.output_error(OUTPUTS, TARGETS) == ""
    assert "returns shape (2, 3, 2) for 2 inputs; expected (2, 2, 3): one logit per token and class" in (
        TASK.output_error(OUTPUTS.transpose(1, 2), TARGETS)
    )
