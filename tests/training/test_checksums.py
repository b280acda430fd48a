"""Checksums of weights (`fingerprint`) and of whole states (`state_checksum`)."""

import hashlib
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from reluctant.training.checksums import fingerprint, state_checksum


class TestFingerprint:
    def test_weights_in_bfloat16_have_one(self) -> None:
        net = nn.Linear(3, 2).bfloat16()
        before = fingerprint(net)
        assert before == fingerprint(net)
        with torch.no_grad():
            net.weight[0, 0] += 1
        assert fingerprint(net) != before

    def test_weights_that_the_first_input_makes_have_one(self) -> None:
        assert fingerprint(nn.LazyLinear(3)) == fingerprint(nn.LazyLinear(3))
        assert fingerprint(nn.LazyLinear(3)) != fingerprint(nn.LazyLinear(3, bias=False))

    def test_it_is_the_sha256_of_the_bytes_in_rows(self) -> None:
        net = nn.BatchNorm2d(2)  # float32 of one dimension, int64 of none
        digest = hashlib.sha256()
        for name, tensor in sorted(net.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode() + tensor.numpy().tobytes())
        assert fingerprint(net) == digest.hexdigest()
        conv = nn.Conv2d(3, 4, 2)
        assert fingerprint(conv) == fingerprint(conv.to(memory_format=torch.channels_last))  # type: ignore[call-overload]


states = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(states, states)
def test_only_equal_states_have_equal_checksums(one: Any, other: Any) -> None:
    assert (state_checksum(one) == state_checksum(other)) == (repr(ordered(one)) == repr(ordered(other)))


def ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "other", [torch.zeros(4), torch.zeros(2, 2, dtype=torch.float64), torch.tensor([[0, 0], [0, 1.0]]), torch.zeros(())]
)
def test_shape_type_and_values_of_tensors_count(other: torch.Tensor) -> None:
    assert state_checksum(torch.zeros(2, 2)) == state_checksum(torch.zeros(2, 2))
    assert state_checksum(other) != state_checksum(torch.zeros(2, 2))
