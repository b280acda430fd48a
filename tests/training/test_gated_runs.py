"""Runs of gates: what is said before training, what their records hold, and a run that is continued."""

from typing import Any

import pytest
import torch

from reluctant.records.schema import RunRecord, written
from reluctant.study import Study
from reluctant.training import Training, describe_replacements, preflight
from tests.support.small import digits, run, trained

MLP = "mlp(widths='64-32')"


def test_the_widths_and_the_size_are_stated_before_training() -> None:
    study = Study(activation=["relu", "swiglu", "drelu(match='none')", "prelu"], model=MLP)
    (text,) = describe_replacements(study, preflight(study))
    assert text.startswith(f"{MLP}: swiglu: gates replace 2 feed-forward layers: inner width 64 → 33, 32 → 16; 0.5")
    assert "drelu(match='none'): gates replace 2 feed-forward layers: inner width 64 → 64, 32 → 32; as before" in text
    assert "relu:" not in text.replace("drelu", "")


def test_a_block_inside_a_network_is_warned_of_before_training_and_in_records() -> None:
    study = Study(activation=["relu", "swiglu", "crelu"], model="convnet")
    (text,) = describe_replacements(study, preflight(study))
    plain, block, crelu = (trained(run(name, epochs=1), digits(64)).record() for name in ("relu", "swiglu", "crelu"))
    assert plain.warnings == []
    assert plain.parameters is not None
    assert block.parameters is not None
    for record in (block, crelu):
        assert f"warning: {record.warnings[-1]}" in text
        assert f"{record.parameters:,} and {plain.parameters:,}" in record.warnings[-1]
    assert "It replaces no feed-forward layers: blocks.0.activation is in none" in block.warnings[-1]


def test_a_record_has_the_multiply_adds_of_one_input() -> None:
    plain, gated = (trained(run(name, model=MLP, epochs=1), digits(64)).record() for name in ("relu", "swiglu"))
    assert plain.multiply_adds == 784 * 64 + 64 * 32 + 32 * 10
    first, second, last = (row.shape[-1] for row in gated.layers if row.name.endswith(("linear", "output")))
    assert gated.multiply_adds == 784 * first + (first // 2) * second + (second // 2) * last
    convolutions = trained(run("relu", epochs=1), digits(64)).record()
    assert convolutions.multiply_adds is not None  # those of the compiled kernels among them
    assert convolutions.multiply_adds > 26 * 26 * 32 * 9 + 11 * 11 * 64 * 32 * 9
    assert [gated.warnings, plain.warnings] == [[], []]


def test_a_record_without_multiply_adds_is_read() -> None:
    content: Any = written(trained(run("relu", epochs=1), digits(64)).record())
    del content["multiply_adds"]
    assert RunRecord.read(content).multiply_adds is None
    assert "multiply_adds" not in RunRecord.read(content).to_json()


@pytest.mark.resume
@pytest.mark.parametrize("name", ["swiglu", "maxout"])
def test_a_gated_run_that_was_interrupted_ends_with_the_same_numbers(name: str) -> None:
    whole = trained(run(name, model=MLP, epochs=2), digits(64))
    first = Training(run(name, model=MLP, epochs=2), digits(64))
    next(iter(first))
    again = Training(run(name, model=MLP, epochs=2), digits(64))
    again.load_state_dict(first.state_dict())
    for _ in again:
        pass
    assert again.record().weights == whole.record().weights


def test_gates_of_one_shape_start_with_the_same_weights_and_other_layers_with_those_of_every_arm() -> None:
    names = ("swiglu", "geglu", "relu", "swiglu(match='none')")
    swiglu, geglu, relu, wide = (Training(run(name, model=MLP), digits(64)).model.state_dict() for name in names)
    assert all(torch.equal(swiglu[key], geglu[key]) for key in swiglu)
    assert torch.equal(wide["output.weight"], relu["output.weight"])
    other = Training(run("swiglu", model=MLP, seed=1), digits(64)).model.state_dict()
    assert not any(torch.equal(swiglu[key], other[key]) for key in swiglu)
