"""What networks, data and measurements are spared: overrides, drift, stale copies, lost digits."""

import functools
import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from reluctant.records.study_results import Results
from reluctant.verification.folder import verify_folders
from torch import Tensor, nn

import reluctant
from reluctant.activations import gain
from reluctant.bench import measure as measure_module
from reluctant.bench.config import BenchConfig
from reluctant.bench.measure import measure
from reluctant.bench.rounds import Round
from reluctant.bench.trial import PASSES
from reluctant.core import session_objects as objects
from reluctant.core.errors import StudyError
from reluctant.core.user_objects import SESSION_OBJECTS
from reluctant.data import from_data
from reluctant.models.build import build, preview_shape_arguments
from reluctant.models.factory_arguments import AMBIGUOUS_KEYWORDS, shape_arguments, shape_keywords
from reluctant.study import Run, Study
from reluctant.training import Training, device, fingerprint, forget, prepare, replaced
from reluctant.training.optimizers import optimizer
from reluctant.training.runner import prepared
from tests.support.small import digits

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 4)).astype("float32")


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    yield
    SESSION_OBJECTS.clear()
    forget()


class Wide(nn.Module):
    """Has words for its own widths that are also words for the size of an input."""

    def __init__(
        self, in_features: int, num_classes: int = 7, features: int = 64, channels: int = 32
    ) -> None:
        super().__init__()
        self.widths = (in_features, num_classes, features, channels)
        self.first, self.last = nn.Linear(in_features, features), nn.Linear(features, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.first(x).relu())
        return out


class Asking(nn.Module):
    """Takes the activation, and is told of the data."""

    def __init__(
        self, image: tuple[int, ...], classes: int, act_layer: Callable[[], nn.Module] = nn.ReLU
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(image[0], 5), act_layer(), nn.Linear(5, classes))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


def without_defaults(**words: str) -> Callable[..., None]:
    """A factory with parameters of these names, none of which has a default."""
    scope: dict[str, Any] = {}
    exec(f"def factory({', '.join(words)}): pass", scope)
    made: Callable[..., None] = scope["factory"]
    return made


class TestTold:
    def test_a_width_of_the_network_stays_and_the_sizes_of_the_data_are_told(self) -> None:
        name = objects.keep("Wide", Wide)
        net = build(name, "tanh", (4,), 2)
        assert isinstance(net, Wide)
        assert net.widths == (4, 2, 64, 32)

    def test_what_a_partial_binds_stays(self) -> None:
        name = objects.keep("Bound", functools.partial(Wide, num_classes=3, features=16))
        net = build(name, "tanh", (4,), 2)
        assert isinstance(net, Wide)
        assert net.widths == (4, 3, 16, 32)

    def test_what_a_partial_of_anything_binds_stays(self) -> None:
        def anything(**words: Any) -> nn.Module:
            return Wide(4, words["classes"])

        name = objects.keep("Any", functools.partial(anything, classes=9))
        assert build(name, "relu", (4,), 2)(torch.zeros(1, 4)).shape == (1, 9)

    @pytest.mark.parametrize(("shape", "size"), [((4,), 4), ((3, 8, 8), 3)])
    def test_every_word_is_told_where_there_is_no_default(self, shape: tuple[int, ...], size: int) -> None:
        words = shape_keywords(shape, 2)
        found = shape_arguments(without_defaults(**dict.fromkeys(words, "")), shape, 2)
        assert found == words
        assert set(found.values()) == {size, 2}
        assert {*shape_keywords((4,), 2), *shape_keywords((1, 2, 2), 2)} >= AMBIGUOUS_KEYWORDS

    @pytest.mark.parametrize("word", ["in_features", "in_channels", "in_chans", "num_classes", "image"])
    def test_a_sure_word_is_told_in_spite_of_a_default(self, word: str) -> None:
        scope: dict[str, Any] = {}
        exec(f"def factory({word}=1): pass", scope)
        assert word in {
            **shape_arguments(scope["factory"], (4,), 2),
            **shape_arguments(scope["factory"], (3, 8, 8), 2),
        }

    def test_it_is_said_before_training(self) -> None:
        rows = prepare(from_data((X, np.arange(60) % 3)), 0.8)
        names = [objects.keep("Wide", Wide), objects.keep("Asking", Asking)]
        swapped, taken = replaced(Study(activation="tanh", model=names), {"rows": rows})
        assert swapped.startswith("Wide: activations at 1 site")
        assert swapped.endswith("; told: num_classes=3, in_features=4")
        assert taken == "Asking: takes the activation; told: image=(4,), classes=3"
        assert preview_shape_arguments(f"{names[0]}(num_classes=5)", (4,), 3) == {"in_features": 4}
        assert replaced(Study(activation="tanh", model="mlp"), {"rows": rows}) == []


SHARED = nn.Linear(4, 5)


def whole(kept: nn.Module = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))) -> nn.Module:  # noqa: B008
    return kept


def in_part() -> nn.Module:
    return nn.Sequential(SHARED, nn.ReLU(), nn.Linear(5, 3))


def taking(activation: str, kept: nn.Linear = SHARED) -> nn.Module:
    return nn.Sequential(kept, reluctant.activations.make(activation))


class TestApart:
    @pytest.mark.parametrize("factory", [whole, in_part, taking])
    def test_two_networks_share_no_parameter(self, factory: Callable[..., nn.Module]) -> None:
        name = objects.keep("given", factory)
        before = {key: value.clone() for key, value in SHARED.state_dict().items()}
        one, other = build(name, "tanh", (4,), 3), build(name, "tanh", (4,), 3)
        assert {id(p) for p in one.parameters()}.isdisjoint({id(p) for p in other.parameters()})
        with torch.no_grad():
            for parameter in one.parameters():
                parameter.fill_(9)
        third = build(name, "tanh", (4,), 3)
        assert not any((p == 9).all() for p in third.parameters())
        assert all(torch.equal(SHARED.state_dict()[key], value) for key, value in before.items())

    def test_one_that_makes_its_own_is_not_copied_and_draws_as_before(self) -> None:
        made: list[nn.Module] = []

        def fresh() -> nn.Module:
            made.append(nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)))
            return made[-1]

        name = objects.keep("fresh", fresh)
        one, other = build(name, "tanh", (4,), 3), build(name, "tanh", (4,), 3)
        assert one is made[0]
        assert len(made) == 3  # one more, to find out
        assert fingerprint(one) == fingerprint(other)

    def test_one_that_cannot_be_copied_is_refused(self) -> None:
        net = nn.Linear(4, 3)
        net.lock = threading.Lock()  # type: ignore[assignment]
        with pytest.raises(StudyError, match=r"the same weights at every call, and they cannot be copied"):
            build(objects.keep("locked", lambda activation: net), "relu", (4,), 3)


class TestFrozen:
    @pytest.mark.parametrize("kind", ["adamw(weight_decay=0.5)", "sgd(weight_decay=0.5)"])
    def test_a_frozen_parameter_stays(self, kind: str) -> None:
        frozen = nn.Parameter(torch.ones(3), requires_grad=False)
        learns = nn.Parameter(torch.ones(2))
        optimizer(kind, [frozen, learns], 0.1, spared=[frozen]).step()
        assert torch.equal(frozen, torch.ones(3))
        assert frozen.grad is None
        assert (learns < 1).all()

    def test_nothing_to_train_is_refused(self) -> None:
        with pytest.raises(StudyError, match="no parameter to train: all are frozen"):
            optimizer("adam", [nn.Parameter(torch.ones(3), requires_grad=False)], 0.1)

    def test_a_frozen_layer_comes_through_a_training(self) -> None:
        data = digits(64)
        name = objects.keep("partly", functools.partial(Frozen, size=int(np.prod(data.image))))
        run = Run("tanh", model=name, epochs=1, optimizer="adamw(weight_decay=0.5)")
        training = Training(run, data)
        before = {key: value.clone() for key, value in training.model.state_dict().items()}
        list(training)
        after = training.model.state_dict()
        assert {key for key in after if not torch.equal(after[key], before[key])} == {
            "last.weight",
            "last.bias",
        }


class Frozen(nn.Module):
    """Learns in its last layer only."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(size, 5), nn.ReLU(), nn.Linear(5, 10)
        self.first.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.act(self.first(x.flatten(1))))
        return out


def test_what_a_word_of_the_session_means_may_change() -> None:
    name = objects.keep("g", nn.Identity)
    assert gain(name) == pytest.approx(1)
    objects.keep("g", nn.ReLU)
    assert gain(name) == pytest.approx(2**0.5)


def test_data_are_read_anew_after_forget() -> None:
    name = objects.keep("rows", from_data((X, np.arange(60) % 3)))
    assert prepared(name, 0.8, None).classes == 3
    objects.keep("rows", from_data((X, np.arange(60) % 4)))
    assert prepared(name, 0.8, None).classes == 3  # kept for the next run
    forget()
    assert prepared(name, 0.8, None).classes == 4


def test_targets_far_from_zero_are_verified_by_errors_in_full(tmp_path: Path) -> None:
    y = 1e6 + 10 * X[:, :1].astype(float)
    name = objects.keep("far", from_data((X[:48], y[:48], X[48:], y[48:])))
    study = Study(
        activation="relu", dataset=name, model="mlp(widths='8')", epochs=1, seed=0, task="regression"
    )
    reluctant.run(study, tmp_path / "out", engine="serial")
    (result,) = Results.read(tmp_path / "out")
    truth = Results.read(tmp_path / "out").labels(result)
    assert truth is not None
    assert np.abs(truth - y[48:]).max() < 1e-4  # single precision alone would be off by 0.03
    assert_array_equal(np.abs(result.predictions - truth).sum(axis=0), result.counts["test"][-1][1])
    assert verify_folders(tmp_path / "out").contradictions == ()


class TestFingerprint:
    def test_bfloat16_has_one(self) -> None:
        net = nn.Linear(3, 2).bfloat16()
        before = fingerprint(net)
        assert before == fingerprint(net)
        with torch.no_grad():
            net.weight[0, 0] += 1
        assert fingerprint(net) != before

    def test_what_is_not_made_yet_has_one(self) -> None:
        assert fingerprint(nn.LazyLinear(3)) == fingerprint(nn.LazyLinear(3))
        assert fingerprint(nn.LazyLinear(3)) != fingerprint(nn.LazyLinear(3, bias=False))

    def test_it_is_that_of_the_bytes_in_rows(self) -> None:
        net = nn.BatchNorm2d(2)  # float32 of one dimension, int64 of none
        digest = hashlib.sha256()
        for name, tensor in sorted(net.state_dict().items()):
            digest.update(
                f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode() + tensor.numpy().tobytes()
            )
        assert fingerprint(net) == digest.hexdigest()
        conv = nn.Conv2d(3, 4, 2)
        assert fingerprint(conv) == fingerprint(conv.to(memory_format=torch.channels_last))  # type: ignore[call-overload]


@pytest.mark.parametrize(("given", "words"), [(None, "a device is a text"), ("meta", "computes nothing")])
def test_what_is_no_device_is_refused(given: Any, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        device(given)
    assert device(torch.device("cpu")) == device("cpu")


def test_rows_have_no_pixels() -> None:
    with pytest.raises(StudyError, match="rows hold no pixels"):
        prepare(from_data((X, np.arange(60) % 3)), 0.8, pixels="unit")


def test_a_variant_that_one_round_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {("relu", False): 1.0, ("gelu", False): 2.0, ("relu", True): 1.0, ("gelu", True): 1.5}

    def round_of(_: Any, __: BenchConfig, number: int) -> Round:
        seconds = {v: t for v, t in times.items() if number != 1 or v != ("gelu", True)}
        return {name: dict(seconds) for name in PASSES}

    def all_of(names: Any, config: BenchConfig) -> tuple[dict[Any, Any], tuple[str, ...]]:
        return dict.fromkeys(times), ()

    monkeypatch.setattr(measure_module, "time_round_in_process", round_of)
    monkeypatch.setattr(measure_module, "prepare_trials", all_of)
    monkeypatch.setattr(measure_module, "measure_saved_bytes", lambda _: 1)
    monkeypatch.setattr(measure_module, "measure_peak_bytes", lambda _: 1)
    result = measure(["gelu"], BenchConfig((2, 2), rounds=3))
    assert [(cost.activation, cost.compiled) for cost in result.costs] == [
        v for v in times if v != ("gelu", True)
    ]
    assert result.notes == ("gelu was not compiled in every round, so it is left out",)
