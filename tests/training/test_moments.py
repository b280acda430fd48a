"""Mean and standard deviation of streamed inputs: those of NumPy for the same values in memory, to the last bit."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reluctant.core.user_objects import SESSION_OBJECTS, pack_objects, register_object, unpack_objects
from reluctant.data import from_data
from reluctant.data.streamed import StreamedInputs
from reluctant.training import moments, prepare
from reluctant.training.moments import column_moments, pixel_moments
from tests.support.streamed_items import Pictures, Table


def streamed(source: torch.utils.data.Dataset[object]) -> StreamedInputs:
    inputs = from_data(source, stream=True, loader_workers=0).train.inputs
    assert isinstance(inputs, StreamedInputs)
    return inputs


def uneven(seed: int, *shape: int) -> NDArray[np.float32]:
    """Numbers of very different size, whose sum depends on the order of adding."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) * np.exp(3 * rng.normal(size=shape))).astype(np.float32)


@pytest.mark.parametrize("n", [20, 90, 171])
def test_of_pixels(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for leaf in (2**16, 1024, 128):
        monkeypatch.setattr(moments, "_LEAF", leaf)
        for source in (Pictures(n), Table(uneven(n, n, 3, 11, 13)), Table(uneven(n, n, 1, 70))):
            inputs = streamed(source)
            assert pixel_moments(inputs) == pixel_moments(np.asarray(inputs))


@pytest.mark.parametrize(("n", "columns"), [(5000, 1), (9001, 1), (1201, 2), (700, 9)])
def test_sums_of_columns(n: int, columns: int) -> None:
    inputs = streamed(Table(uneven(n, n, columns)))
    rows = np.asarray(inputs)
    mean, std = moments._streamed(inputs, "columns")
    np.testing.assert_array_equal(mean, rows.mean(axis=0, dtype=float))
    np.testing.assert_array_equal(std, rows.std(axis=0, dtype=float))


@pytest.mark.parametrize("scale", [1, 1e-3, 1e6])
@pytest.mark.parametrize(("n", "columns"), [(5000, 1), (9001, 1), (1201, 2), (700, 9)])
def test_of_columns(n: int, columns: int, scale: float) -> None:
    rows = (np.random.default_rng(n).normal(3, 1, (n, columns)) * scale).astype("float32")
    rows[:, -1] = rows[:, -1] if columns == 1 else 4.5  # its standard deviation counts as 1
    inputs = streamed(Table(rows))
    for one, other in zip(column_moments(inputs), column_moments(np.asarray(inputs)), strict=True):
        assert torch.equal(one, other)


def test_they_are_computed_once_and_sent_along_with_the_data() -> None:
    data = from_data(Pictures(), stream=True, loader_workers=0)
    first = prepare(data, 0.8)
    fails = replace(data.train.inputs, reader=replace(data.train.inputs.reader, source=None))
    data = replace(data, train=replace(data.train, inputs=fails))
    again = prepare(data, 0.8)
    assert (again.mean, again.std) == (first.mean, first.std)
    with pytest.raises(TypeError):
        prepare(data, 0.7)  # other items, so they are read
    packed = pack_objects([register_object("streamed", copy.copy(data))])
    SESSION_OBJECTS.clear()
    unpack_objects(packed)
    assert prepare(SESSION_OBJECTS.pop("streamed"), 0.8).std == first.std
