"""A Dataset with random transforms is drawn afresh every epoch, from the seed, in the same way for every arm."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from reluctant import compare
from reluctant.core.user_objects import SESSION_OBJECTS, pack_objects, register_object, unpack_objects
from reluctant.data import Dataset, describe_dataset, from_data
from reluctant.study import Run
from reluctant.training import Training, prepare
from tests.support.small import records, untimed

Rows = torch.utils.data.Dataset[Any]


class Jitter(Rows):
    """A row of its own number and noise of one library, as a transform adds it."""

    def __init__(self, library: str = "torch", n: int = 40) -> None:
        self.origin, self.n = library, n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        noise = {"torch": lambda: float(torch.rand(1)), "numpy": np.random.rand, "python": random.random}
        return torch.tensor([i, 0.5 * noise[self.origin](), float(i % 2)]), i % 2


class Mirrored(Rows):
    """Images of bytes, mirrored with even chance: item 0 may be equal in two readings."""

    def __init__(self, library: str = "python") -> None:
        self.chance = {"torch": lambda: float(torch.rand(1)), "numpy": np.random.rand, "python": random.random}[library]

    def __len__(self) -> int:
        return 30

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        image = torch.arange(12, dtype=torch.uint8).reshape(1, 3, 4) + i
        return image.flip(2) if self.chance() < 0.5 else image, i % 2


class OwnGenerator(Jitter):
    """Its random numbers follow from no global seed."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(0)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return torch.tensor([i, self.rng.random()]), i % 2


@pytest.fixture(autouse=True)
def _session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()


def inputs_of_training(data: Dataset, seed: int = 0, activation: str = "relu", epochs: int = 2) -> list[Tensor]:
    """What the network sees in the first step of every epoch, all training items, in the order of the items."""

    class Watched(Training):
        def step(self, inputs: Tensor, targets: Tensor) -> tuple[float | Tensor, Tensor]:
            seen.append(inputs.detach().clone().sort(dim=0).values)
            return super().step(inputs, targets)

    seen: list[Tensor] = []
    run = Run(activation, seed, "data", "mlp(widths='4')", epochs=epochs, batch_size=1000)
    list(Watched(run, prepare(data, 0.8)))
    return seen


@pytest.mark.parametrize("library", ["torch", "numpy", "python"])
def test_items_differ_from_epoch_to_epoch_and_from_seed_to_seed_but_not_from_arm_to_arm(library: str) -> None:
    data = from_data(Jitter(library))
    relu, gelu, other = (inputs_of_training(data, *arm) for arm in ((0, "relu"), (0, "gelu"), (1, "relu")))
    assert all(torch.equal(a, b) for a, b in zip(relu, gelu, strict=True))
    assert torch.equal(relu[0][:, 0], relu[1][:, 0]), "the items themselves stay"
    assert not torch.equal(relu[0][:, 1], relu[1][:, 1])
    assert not torch.equal(relu[0][:, 1], other[0][:, 1])


def test_what_is_tested_on_is_the_same_however_the_global_random_numbers_stand() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state(), random.getstate()
    first = from_data((Jitter(), Jitter(n=20)))
    assert torch.equal(torch.get_rng_state(), state[0])
    assert random.getstate() == state[1]
    torch.manual_seed(2)
    again = from_data((Jitter(), Jitter(n=20)))
    assert first.sha256 == again.sha256
    assert first.source_hash == again.source_hash
    np.testing.assert_array_equal(first.test.inputs, again.test.inputs)


@pytest.mark.parametrize("library", ["torch", "numpy", "python"])
def test_a_mirror_alone_is_noticed(library: str) -> None:
    """As RandomHorizontalFlip of torchvision: under some seeds no item at all would be mirrored."""
    assert from_data(Mirrored(library)).random is not None


def test_bytes_are_scaled_as_those_of_the_data_set() -> None:
    data = from_data(Mirrored())
    assert data.train.inputs.dtype == np.uint8
    for kind in ("standardised", "unit"):
        tensors = prepare(data, 0.8, pixels=kind)
        images = tensors.train.inputs
        inputs, _ = tensors.train.of_epoch(3, 1)
        same = (inputs == images).flatten(1).all(1)
        mirrored = (inputs == images.flip(3)).flatten(1).all(1)
        assert (same | mirrored).all()
        assert same.any()
        assert mirrored.any()
        assert inputs.stride() == images.stride()
    rows = torch.tensor([4, 2])
    assert torch.equal(tensors.train.of_rows(rows).of_epoch(3, 1)[0], inputs[rows])


def test_it_is_said_before_training() -> None:
    assert "drawn afresh every epoch, from the seed and the epoch" in " ".join(
        describe_dataset(from_data(Jitter())).split()
    )
    own = from_data(OwnGenerator())
    assert own.random is None
    assert "read once, and these values are used in every epoch" in " ".join(describe_dataset(own).split())
    assert from_data((torch.rand(40, 3), torch.arange(40) % 2)).random is None


def test_a_run_that_was_interrupted_ends_as_one_that_was_not() -> None:
    data = prepare(from_data(Jitter()), 0.8)
    run = Run("relu", 0, "data", "mlp(widths='4')", epochs=3)
    whole, half, rest = Training(run, data), Training(run, data), Training(run, data)
    list(whole)
    next(iter(half))
    rest.load_state_dict(half.state_dict())
    list(rest)
    assert untimed(rest) == untimed(whole)
    frozen = replace(data, train=replace(data.train, redraw=None))
    once = Training(run, frozen)
    list(once)
    assert untimed(once)["epochs"] != untimed(whole)["epochs"]


def test_another_process_draws_the_same() -> None:
    name = register_object("data", from_data(Jitter()))
    packed, here = pack_objects([name]), SESSION_OBJECTS.pop("data")
    unpack_objects(packed)
    there = SESSION_OBJECTS["data"]
    np.testing.assert_array_equal(here.random.draw(5, 2), there.random.draw(5, 2))


def test_the_same_call_continues_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"model": "mlp(widths='4')", "epochs": 2, "engine": "serial"}
    compare(["relu"], data=Jitter(), seeds=2, **options)
    (folder,) = (tmp_path / "out").iterdir()
    before = records(folder)
    torch.manual_seed(7)
    results = compare(["relu"], data=Jitter(), seeds=3, **options)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [folder.name]
    assert results.folder == folder.relative_to(tmp_path)
    after = records(folder)
    assert len(after) == 3
    assert all(after[key] == record for key, record in before.items())
