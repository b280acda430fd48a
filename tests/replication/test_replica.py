"""The published training: every switch alone, by hand; with all off, the standard training to the bit."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reluctant.core.canonical_json import dumps
from reluctant.core.errors import StudyError
from reluctant.data import load
from reluctant.replication.training import Published, PublishedNet
from reluctant.replication.training.procedure import with_raw_pixels
from reluctant.training import Training, prepare
from tests.support import small


def published(epochs: int = 1, **switches: bool) -> Published:
    return Published(small.run("elu", epochs=epochs), small.digits(), None, **switches)


def done(training: Training) -> dict[str, Any]:
    list(training)
    record: dict[str, Any] = json.loads(dumps(training.record().to_json()))
    for epoch in record["epochs"]:
        del epoch["seconds"]
    return record


def test_with_all_off_the_record_is_the_standard_one_to_the_bit() -> None:
    standard = done(Training(small.run("elu", epochs=2), small.digits()))
    record = done(published(2))
    extras = [epoch.pop("published") for epoch in record["epochs"]]
    assert record == standard
    assert [set(each) for each in extras] == [{"last", "sure"}] * 2


@pytest.mark.parametrize("switch", ["double_softmax", "forgetful", "lost_momentum", "raw_pixels", "fine_pooling"])
def test_each_switch_changes_the_training_and_not_the_start(switch: str) -> None:
    standard, changed = published(), published(**{switch: True})
    for name, value in standard.model.state_dict().items():
        if not (switch == "fine_pooling" and name.startswith("hidden")):
            assert torch.equal(value, changed.model.state_dict()[name])
    standard, changed = published(2), published(2, **{switch: True})
    list(standard)
    list(changed)
    assert [e.loss for e in standard.epochs] != [e.loss for e in changed.epochs]


def test_softmax_twice_is_a_softmax_of_probabilities() -> None:
    training = published(double_softmax=True)
    images, labels = training.data.train.inputs[:4], training.data.train.targets[:4]
    training.model.eval()
    out = training.model(images)
    assert torch.allclose(out.sum(1), torch.ones(4))
    plain = published().model.eval()
    assert torch.allclose(out, plain(images).exp())
    by_hand = [-math.log(math.exp(p[y]) / sum(math.exp(q) for q in p)) for p, y in
               zip(out.tolist(), labels.tolist(), strict=True)]  # fmt: skip
    assert nn.functional.cross_entropy(out, labels).item() == pytest.approx(sum(by_hand) / 4, rel=1e-6)


def test_softmax_twice_cannot_fall_below_its_floor() -> None:
    sure = torch.eye(10)
    floor = nn.functional.cross_entropy(sure, torch.arange(10)).item()
    assert floor == pytest.approx(math.log(1 + 9 * math.exp(-1)))
    assert floor == pytest.approx(1.461, abs=5e-4)


def steps_taken(training: Published) -> int:
    (state,) = training.optimizer.state_dict()["state"].values()
    return int(state["step"])


def test_a_forgetful_optimizer_starts_at_every_epoch() -> None:
    batches = -(-len(small.digits().train) // 32)
    remembering, forgetful = published(2), published(2, forgetful=True)
    list(remembering)
    list(forgetful)
    assert steps_taken(remembering) == 2 * batches
    assert steps_taken(forgetful) == batches
    assert remembering.epochs[0].loss == forgetful.epochs[0].loss
    assert remembering.epochs[1].loss != forgetful.epochs[1].loss


def test_a_lost_momentum_leaves_adams_own() -> None:
    normal, lost = published(), published(lost_momentum=True)
    assert normal.optimizer.param_groups[0]["betas"] == (0.89, 0.999)
    assert lost.optimizer.param_groups[0]["betas"] == (0.9, 0.999)
    assert lost.optimizer.param_groups[0]["lr"] == normal.optimizer.param_groups[0]["lr"]


def test_raw_pixels_are_those_of_the_files() -> None:
    data = load("digits")
    raw = with_raw_pixels(prepare(data, 0.8))
    assert np.array_equal(raw.test.inputs.numpy(), data.test.inputs.astype(np.float32))
    assert (raw.train.inputs.min().item(), raw.train.inputs.max().item()) == (0, 255)


def test_pooling_by_one_pixel_gives_the_first_linear_layer_of_the_article() -> None:
    net = PublishedNet("relu", image=(1, 28, 28), classes=10, fine_pooling=True)
    assert net.hidden.in_features == 46_208 == 128 * 19 * 19
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    block: Any = net.blocks[0]
    x = torch.rand(2, 1, 28, 28)
    maps = block.norm(block.conv(x))
    shifted = [maps[:, :, i : 25 + i, j : 25 + j] for i in (0, 1) for j in (0, 1)]
    assert torch.equal(block.pool(maps), torch.stack(shifted).amax(0))


class Fixed(nn.Module):
    """A network that returns these probabilities, image by image."""

    def __init__(self, probabilities: Tensor) -> None:
        super().__init__()
        self.rest = probabilities

    def forward(self, x: Tensor) -> Tensor:
        out, self.rest = self.rest[: len(x)], self.rest[len(x) :]
        return out.log()


def test_the_published_record_of_an_epoch_by_hand() -> None:
    training = published()
    labels = training.data.test.targets
    p = torch.full((len(labels), 10), 0.01)
    p[torch.arange(len(labels)), labels] = 0.91  # all right and sure
    p[-1] = 0.01
    p[-1, (labels[-1] + 1) % 10] = 0.91  # wrong and sure
    p[-2] = 0.5 / 9
    p[-2, labels[-2]] = 0.5  # right, and not above one half
    training.model = Fixed(p)
    record = training.published_record()
    last = len(labels) % 32  # 28 of 60
    assert record["last"]["labels"] == labels[-last:].tolist()
    assert record["last"]["largest"][:-1] == labels[-last:-1].tolist()
    assert record["last"]["sure"] == [1] * (last - 2) + [0, 1]
    matrix = np.array(record["sure"])
    assert matrix.sum() == len(labels) - 1
    assert matrix.trace() == len(labels) - 2
    assert matrix[labels[-1], (labels[-1] + 1) % 10] == 1


def test_building_one_leaves_the_random_state_alone() -> None:
    before = torch.random.get_rng_state()
    published(double_softmax=True, fine_pooling=True)
    assert torch.equal(before, torch.random.get_rng_state())


def test_another_network_is_refused() -> None:
    with pytest.raises(StudyError, match="convnet"):
        Published(small.run(model=small.SMALL), small.digits())
