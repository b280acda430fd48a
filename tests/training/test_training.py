"""Training: paired by seed, exact scores, resumable between epochs, divergence as a result."""

import base64
import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics as oracle
from torch import Tensor

from reluctant.catalogue import ACTIVATIONS
from reluctant.catalogue.metrics import METRICS, SPLITS, score_from_counts
from reluctant.core.randomness import generator
from reluctant.models import build, initialise
from reluctant.study import Run
from reluctant.training import Training, evaluate
from reluctant.training.checksums import fingerprint
from reluctant.training.epoch_steps import EpochSteps
from tests.support.small import SMALL, digits, noise, run, trained, untimed

FOUR = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "gelu")


class TestEvaluate:
    def test_equals_a_plain_evaluation(self) -> None:
        data, model = digits(), build("convnet", "gelu", (1, 28, 28), 10)
        model.train()
        loss, predicted = evaluate(model, data.train)
        assert model.training
        model.eval()
        with torch.no_grad():
            scores = model(data.train.inputs)
        assert loss == pytest.approx(F.nll_loss(scores.double(), data.train.targets).item(), abs=1e-6)
        assert torch.equal(predicted, scores.argmax(1))

    def test_batch_norm_statistics_stay(self) -> None:
        model = build("convnet", "relu", (1, 28, 28), 10)
        before = fingerprint(model)
        evaluate(model, digits().test)
        assert fingerprint(model) == before


def first_batches(activation: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, Tensor]]:
    batches: list[tuple[Tensor, Tensor]] = []
    original = Training.step

    def step(self: Training, inputs: Tensor, targets: Tensor) -> tuple[float | Tensor, Tensor]:
        batches.append((inputs.clone(), targets.clone()))
        return original(self, inputs, targets)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "step", step)
        trained(run(activation, seed=seed))
    return batches


class TestPairing:
    def test_one_seed_gives_the_same_batches_in_the_same_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one, other = (first_batches(name, 3, monkeypatch) for name in ("relu", "rrelu"))
        assert len(one) == len(other) == 4
        assert all(torch.equal(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))
        third = first_batches("relu", 4, monkeypatch)
        assert not torch.equal(one[0][0], third[0][0])

    def test_one_seed_gives_the_same_weights(self) -> None:
        starts = [Training(run(name, seed=3), digits()).model.state_dict() for name in FOUR]
        assert all(torch.equal(start[key], starts[0][key]) for start in starts for key in start)

    @pytest.mark.parametrize("activation", ["rrelu", "prelu"])
    def test_one_seed_gives_the_same_dropout(self, activation: str) -> None:
        masks = []
        for name in ("identity", activation):
            training = Training(run(name, seed=3), digits())
            EpochSteps(training, 1).begin()
            model: Any = training.model.train()
            model.blocks[0].activation(torch.randn(4, 32, 13, 13))  # RReLU draws numbers here
            masks.append([block.dropout(torch.ones(4, 32, 13, 13)) for block in model.blocks])
        assert all(torch.equal(a, b) for a, b in zip(*masks, strict=True))

    def test_every_epoch_has_its_own_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        epochs: list[Tensor] = []
        original = Training.step

        def step(self: Training, inputs: Tensor, targets: Tensor) -> tuple[float | Tensor, Tensor]:
            epochs.append(targets.clone())
            return original(self, inputs, targets)

        monkeypatch.setattr(Training, "step", step)
        trained(run(epochs=2))
        first, second = torch.cat(epochs[:4]), torch.cat(epochs[4:])
        assert not torch.equal(first, second)
        assert torch.equal(first.sort().values, second.sort().values)


@pytest.fixture(scope="module")
def finished() -> Training:
    return trained(run("gelu", epochs=2, batch_size=50))


class TestRecord:
    def test_scores_equal_scikit_learn_s_on_the_stored_predictions(self, finished: Training) -> None:
        record = finished.record()
        predicted = np.frombuffer(base64.b64decode(record.test_predictions), np.uint8)
        true = finished.data.test.targets.numpy()
        matrix = np.array(record.epochs[-1].counts.test)
        assert np.array_equal(matrix, oracle.confusion_matrix(true, predicted, labels=range(10)))
        assert score_from_counts(matrix, "accuracy") == pytest.approx(oracle.accuracy_score(true, predicted), abs=1e-12)
        for name in ("precision", "recall", "f1"):
            reference = getattr(oracle, f"{name}_score")
            for kind in ("macro", "micro", "weighted"):
                expected = reference(true, predicted, average=kind, labels=range(10), zero_division=0)
                ours = name if kind == "macro" else f"{name}_{kind}"
                assert score_from_counts(matrix, ours) == pytest.approx(expected, abs=1e-12)

    def test_losses_equal_a_plain_evaluation_of_the_weights(self, finished: Training) -> None:
        model = build("convnet(dropout=0.15)", "gelu", (1, 28, 28), 10)
        model.load_state_dict(finished.model.state_dict())
        model.eval()
        record = finished.record()
        assert record.final is not None
        with torch.no_grad():
            for part, stored in (
                (finished.data.test, record.epochs[-1].loss.test),
                (finished.data.valid, record.epochs[-1].loss.valid),
                (finished.data.train, record.final.loss),
            ):
                scores = model(part.inputs.contiguous()).double()
                assert stored == pytest.approx(F.nll_loss(scores, part.targets).item(), abs=1e-6)

    def test_every_image_is_counted_once_even_in_a_short_last_batch(self, finished: Training) -> None:
        for epoch in finished.record().epochs:
            sizes = {split: np.sum(getattr(epoch.counts, split)) for split in SPLITS}
            assert sizes == {"train": 128, "valid": 32, "test": 60}

    def test_train_scores_are_those_of_the_epoch_s_own_batches(self) -> None:
        training = Training(run(batch_size=128), digits())
        initial = copy.deepcopy(training.model).train()
        EpochSteps(training, 1).begin()
        for (_, ours), (_, theirs) in zip(initial.named_modules(), training.model.named_modules(), strict=True):
            if hasattr(ours, "reseed"):
                ours.reseed(theirs._seed)
        order = torch.from_numpy(generator(0, "order", 1).permutation(128))
        scores = initial(training.data.train.inputs[order])
        (epoch,) = training
        assert epoch.loss.train == pytest.approx(
            F.nll_loss(scores, training.data.train.targets[order]).item(), abs=1e-5
        )

    def test_a_record_describes_its_run(self, finished: Training) -> None:
        record = finished.record()
        assert record.parameters == 110_922
        assert record.run == Run.from_dict(record.to_json()["run"]) == finished.run
        assert record.diverged is None
        assert [e.epoch for e in record.epochs] == [1, 2]
        assert record.weights == fingerprint(finished.model)
        assert {layer.kind for layer in record.layers} >= {"Conv2d", "GELU", "Dropout", "Linear"}


@pytest.mark.parametrize("activation", ["relu", "rrelu", "prelu"])
def test_two_identical_runs_give_the_same_record(activation: str) -> None:
    one, other = (untimed(trained(run(activation, epochs=2))) for _ in range(2))
    assert one == other


def test_training_leaves_the_random_state_of_the_caller_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    trained(Run("rrelu", model=f"{SMALL}(dropout=0.5)", epochs=1), noise())
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_of_other_packages_follows_the_seed() -> None:
    def losses(seed: int) -> list[Any]:
        torch.manual_seed(seed + 100)  # the state of the caller must not matter
        r = Run("relu", seed=0, model=f"{SMALL}(dropout=0.5)", epochs=2)
        return [epoch.loss for epoch in trained(r, noise()).epochs]

    assert losses(0) == losses(1)


@pytest.mark.resume
def test_continuing_from_a_saved_state_changes_no_number() -> None:
    """In memory; test_checkpoints.py has every activation and optimizer with a file."""
    config = run("rrelu", epochs=3)
    complete = trained(config, digits(64))
    first = Training(config, digits(64))
    next(iter(first))
    second = Training(config, digits(64))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert len(list(second)) == 2
    assert untimed(second) == untimed(complete)


class TestDivergence:
    def test_a_loss_that_is_not_finite_ends_the_run(self) -> None:
        training = trained(run("tests.support.own_activations:Exploding", epochs=5))
        record = training.record()
        assert record.diverged == 3  # four batches an epoch
        assert [epoch.epoch for epoch in record.epochs] == [1, 2]
        assert record.final is None
        assert training.done

    def test_an_evaluation_that_is_not_finite_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "reluctant.training.training.evaluate", lambda *_: (float("nan"), torch.zeros(60, dtype=torch.int64))
        )
        assert trained(run()).diverged == 1


def test_the_model_learns() -> None:
    training = trained(run(epochs=6))
    assert score_from_counts(np.array(training.epochs[-1].counts.test), "accuracy") > 0.7
    assert all(metric.compute is not None for metric in METRICS if metric.name != "loss")


def test_initialise_is_what_a_training_starts_from() -> None:
    training = Training(run(init="normal(std=0.02)", seed=7), digits())
    model = build("convnet(dropout=0.15)", "relu", (1, 28, 28), 10)
    initialise(model, "normal(std=0.02)", 7)
    assert fingerprint(model) == fingerprint(training.model)


def outer_weights(training: Training) -> list[Tensor]:
    """The weights of the first and of the last layer."""
    named = dict(training.model.named_parameters())
    return [named["blocks.0.conv.weight"].detach(), named["output.weight"].detach()]


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.name)
def test_every_activation_of_the_catalogue_can_be_trained(row: Any) -> None:
    """One step of the article's network: the loss is finite, and first and last layer move."""
    training = Training(run(row.name), digits(64))
    before = [p.clone() for p in outer_weights(training)]
    loss, _ = training.step(training.data.train.inputs[:32], training.data.train.targets[:32])
    assert math.isfinite(loss)
    assert all(not torch.equal(p, old) for p, old in zip(outer_weights(training), before, strict=True))
    assert all(p.isfinite().all() for p in training.model.parameters())


@pytest.mark.parametrize("block", ["swiglu", "maxout", "crelu"])
def test_a_block_s_weights_follow_from_the_seed(block: str) -> None:
    one, same, other = (Training(run(block, seed=s), digits(64)).model.state_dict() for s in (1, 1, 2))
    name = "blocks.1.activation.weight"
    assert torch.equal(one[name], same[name])
    assert not torch.equal(one[name], other[name])
    width = {"swiglu": (128, 64), "maxout": (128, 64), "crelu": (64, 128)}[block]
    assert tuple(one[name].shape) == width
