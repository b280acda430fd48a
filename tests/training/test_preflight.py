"""What is known before anything trains: faults of a study, replacements, the duration, the device."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_objects import SESSION_OBJECTS, register_object
from reluctant.data import from_data
from reluctant.models.build import preview_replacements
from reluctant.study import Study
from reluctant.training import describe_replacements, expected_seconds, preflight, prepare, select_device
from reluctant.training.machine import product_kernels
from tests.support.own_models import TakesActLayer, Wide
from tests.support.small import run


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


def test_the_data_are_returned_by_name() -> None:
    assert set(preflight(Study(activation=["relu", "gelu"]))) == {"digits"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"activation": "tests.support.own_activations:unlucky"}, "NaN or infinity"),
        ({"model": "tests.support.own_models:Narrow"}, r"returns shape \(2, 3\) for 2 inputs; expected \(2, 10\)"),
        ({"model": "tests.support.own_models:Unlucky"}, "NaN or infinity before any training"),
        ({"model": "tests.support.own_models:Picky"}, "fails on images of 1×28×28: ValueError: wrong kind of image"),
        ({"model": "tests.support.own_models:raising"}, "cannot be built"),
        (
            {"activation": ["relu", "swiglu"], "init": "kaiming"},
            "init kaiming needs the gain of every activation, and swiglu has none",
        ),
    ],
)
def test_what_cannot_work_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ReluctantError, match=message):
        preflight(Study(**{"activation": "relu", **fields}))


def test_replacements_and_sizes_are_described() -> None:
    rows = prepare(from_data((np.zeros((60, 4), np.float32) + np.arange(4), np.arange(60) % 3)), 0.8)
    names = [register_object("Wide", Wide), register_object("TakesActLayer", TakesActLayer)]
    swapped, taken = describe_replacements(Study(activation="tanh", model=names), {"rows": rows})
    assert swapped.startswith("Wide: activations at 1 site")
    assert swapped.endswith("; arguments from the data: num_classes=3, in_features=4")
    assert taken == "TakesActLayer: takes the activation; arguments from the data: image=(4,), classes=3"
    assert preview_replacements(f"{names[0]}(num_classes=5)", "tanh", (4,), 3).sizes == {"in_features": 4}
    assert describe_replacements(Study(activation="tanh", model="mlp"), {"rows": rows}) == []


def test_the_expected_time_grows_with_the_epochs() -> None:
    assert 0 < expected_seconds(run(epochs=1), steps=3) < expected_seconds(run(epochs=50), steps=3)


@pytest.mark.parametrize(("device", "message"), [(None, "a device is a string"), ("meta", "computes nothing")])
def test_a_device_that_cannot_compute_is_refused(device: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        select_device(device)
    assert select_device(torch.device("cpu")) == select_device("cpu")


def test_the_library_of_matrix_products_is_named() -> None:
    assert product_kernels().split()[0] in ("openblas", "mkl", "accelerate", "blis", "flexiblas")
