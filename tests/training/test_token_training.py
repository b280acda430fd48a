"""Training on tokens: equal to a plain loop, measured in steps, resumed to the bit, and refused where it leaks."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reluctant.core.errors import DataError, ModelError, ReluctantError, StudyError
from reluctant.core.randomness import generator
from reluctant.core.user_objects import register_object
from reluctant.data import from_data, load
from reluctant.records.run_result import RunResult
from reluctant.records.schema import DataRecord
from reluctant.records.stored_arrays import decode_targets
from reluctant.study import Run, Study
from reluctant.training import TensorData, Training, preflight, prepare
from reluctant.training.causality import check_causality, predicts_next_token
from reluctant.verification.findings import CheckedData
from reluctant.verification.record_checks import find_contradictions
from tests.support import token_nets
from tests.support.token_nets import Causal, Leaking, ids, next_tokens

NETS = "tests.support.token_nets"


def run(**fields: Any) -> Run:
    defaults: dict[str, Any] = {
        "activation": "relu", "model": f"{NETS}:Causal", "lr": 0.02, "batch_size": 6, "epochs": 3, "steps": 12,
    }  # fmt: skip
    return Run(**{**defaults, **fields})


def trained(run_: Run, data: TensorData | None = None) -> Training:
    training = Training(run_, data or prepare(next_tokens(), 0.75))
    list(training)
    return training


def test_steps_are_those_of_a_plain_loop() -> None:
    data, one = (
        prepare(next_tokens(), 0.75),
        run(optimizer="sgd", clip_norm=0.5, schedule="cosine(warmup=4, least=0.1)"),
    )
    ours = Training(one, data)
    plain = Training(one, data).model
    optimizer = torch.optim.SGD(plain.parameters(), lr=one.lr)
    losses, step = [], 0
    for pass_ in (1, 2, 3):  # 24 items: four batches
        order = generator(0, "order", pass_).permutation(len(data.train))
        for start in range(0, 24, 6):
            rows = torch.from_numpy(order[start : start + 6])
            rate = one.lr * ((step + 1) / 4 if step < 4 else 0.1 + 0.9 * (1 + np.cos(np.pi * (step - 4) / 8)) / 2)
            optimizer.param_groups[0]["lr"] = rate
            loss = F.cross_entropy(plain(data.train.inputs[rows]).flatten(0, 1), data.train.targets[rows].flatten())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
            optimizer.step()
            losses.append(loss.item())
            step += 1
    epochs = list(ours)
    assert [epoch.loss.train for epoch in epochs] == pytest.approx(
        np.mean(np.reshape(losses, (3, 4)), axis=1), rel=1e-5
    )
    for p, q in zip(plain.parameters(), ours.model.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-6)


def test_accumulated_steps_are_those_of_larger_batches() -> None:
    data = prepare(next_tokens(), 0.75)
    small = trained(run(batch_size=6, accumulate=2, optimizer="sgd", steps=6), data)
    large = trained(run(batch_size=12, optimizer="sgd", steps=6), data)
    for p, q in zip(small.model.parameters(), large.model.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-6)


def test_a_text_begins_at_another_place_in_every_epoch_and_resumes_to_the_bit() -> None:
    data = prepare(load("shakespeare(context=32)"), 0.004)  # a hundred windows
    data = replace(data, valid=data.valid.of_rows(torch.arange(4)), test=data.test.of_rows(torch.arange(4)))
    first, second = (data.train.of_epoch(0, epoch) for epoch in (1, 2))
    assert not torch.equal(first[0], second[0])
    for inputs, targets in (first, second):
        assert inputs.shape == targets.shape == (len(data.train), 32)
        assert torch.equal(inputs[:, 1:], targets[:, :-1])
        assert torch.equal(inputs[1:, 0], targets[:-1, -1])
    one = run(model="gpt(layers=1, width=16, heads=2, dropout=0.1)", steps=6)
    whole, part = Training(one, data), Training(one, data)
    expected = [epoch.loss for epoch in whole]
    next(iter(part))
    stored = io.BytesIO()
    torch.save(part.state_dict(), stored)
    stored.seek(0)
    again = Training(one, data)
    again.load_state_dict(torch.load(stored))
    assert [part.epochs[0].loss, *(epoch.loss for epoch in again)] == expected
    assert again.record().weights == whole.record().weights


def test_a_record_holds_sums_and_contradicts_nothing() -> None:
    data = prepare(next_tokens(), 0.75)
    record = trained(run(), data).record()
    described = DataRecord.read(data.describe())
    targets = decode_targets(described)
    checked = CheckedData(__file__, described, targets)  # type: ignore[arg-type]
    assert list(find_contradictions(record, checked)) == []
    result = RunResult.of(record, targets)
    assert result.task == "tokens"
    assert result.score("loss") == pytest.approx(np.log(result.score("perplexity")), rel=1e-5)
    left_out = result.without_groups("loss", 4)
    assert left_out is not None
    per_sequence = result.predictions[:, 0]
    group = np.arange(len(per_sequence)) * 4 // len(per_sequence)
    assert left_out.tolist() == pytest.approx([per_sequence[group != g].mean() / 12 for g in range(4)])
    wrong = record.model_copy(update={"test_predictions": data.task.encode(torch.ones(len(data.test), 2))})
    assert any("test_predictions give other nats" in each for each in find_contradictions(wrong, checked))


class Masked(torch.utils.data.Dataset[Any]):
    """Sequences of ids below 9 in which the last is, at random, another one from `unknown` on."""

    def __init__(self, unknown: int) -> None:
        self.unknown = unknown

    def __len__(self) -> int:
        return 40

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        row = torch.arange(i, i + 12) % 9
        row[-1] = self.unknown + int(torch.randint(1000, ()))
        return row, i % 2


def test_random_token_ids_stay_whole_numbers_and_in_the_vocabulary() -> None:
    data = prepare(from_data(Masked(9), tokens=1009), 0.75)
    (first, targets), (second, _) = (data.train.of_epoch(3, epoch) for epoch in (1, 2))
    assert first.dtype == data.train.inputs.dtype == torch.int64
    assert torch.equal(targets, data.train.targets)
    assert torch.equal(first[:, :-1], data.train.inputs[:, :-1])
    assert (first[:, -1] != second[:, -1]).any()
    assert torch.equal(data.train.of_rows(torch.tensor([4, 2])).of_epoch(3, 1)[0], first[[4, 2]])
    assert data.train.redraw is not None
    narrow = replace(data.train, redraw=replace(data.train.redraw, vocabulary=9))
    with pytest.raises(DataError, match=r"epoch 1 .*; give from_data the size of the vocabulary, such as tokens=1000"):
        narrow.of_epoch(3, 1)


class TestRefused:
    def test_a_network_that_sees_what_it_has_to_predict(self) -> None:
        data = prepare(next_tokens(), 0.75)
        assert predicts_next_token(data.train, data.task)
        check_causality(Causal(), "Causal", data.train)
        with pytest.raises(ModelError, match=r"Leaking sees the tokens that it has to predict.*use causal attention"):
            check_causality(Leaking(), "Leaking", data.train)

    def test_a_tagger_may_see_later_tokens(self) -> None:
        x = ids()
        data = prepare(from_data((x, (x > 3).astype(np.int64)), "tags", tokens=True, classes=("low", "high")), 0.75)
        assert not predicts_next_token(data.train, data.task)
        assert data.task.outputs == 2

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            ("Leaking", "sees the tokens that it has to predict"),
            ("LossOnly", r"returns shape \(\) for 2 inputs; expected \(2, 12, 7\): one logit per token and class"),
        ],
    )
    def test_before_training(self, model: str, message: str) -> None:
        with pytest.raises(ReluctantError, match=message):
            preflight(study(model=f"{NETS}:{model}"))

    def test_targets_that_are_the_inputs(self) -> None:
        x = ids()
        with pytest.raises((StudyError, DataError), match="the targets are the inputs"):
            preflight(study(dataset=register_object("copied", from_data((x, x), "copied", tokens=True))))

    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ({"robustness": True}, "robustness is measured on corrupted images"),
            ({"class_weights": "balanced"}, "class_weights are for one class per input"),
            ({"pixels": "unit"}, "token ids, which are not scaled"),
            ({"task": "classification"}, "holds a class for every token, and the study's task is classification"),
        ],
    )
    def test_keys_that_do_not_go_with_tokens(self, keys: dict[str, Any], message: str) -> None:
        with pytest.raises(StudyError, match=message):
            preflight(study(**keys))


def study(**keys: Any) -> Study:
    name = register_object("sequences", next_tokens())
    defaults: dict[str, Any] = {
        "activation": ["relu"], "dataset": name, "model": f"{NETS}:Causal", "task": "tokens", "steps": 4, "seed": [0],
    }  # fmt: skip
    return Study(**{**defaults, **keys})


def test_a_sound_study_passes() -> None:
    assert list(preflight(study())) == list(study().dataset)
    assert next_tokens().tokens.vocabulary == token_nets.VOCABULARY  # type: ignore[union-attr]
