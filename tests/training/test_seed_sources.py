"""Each source of randomness has a seed: weights, order, noise and split change apart from one another."""

import pytest
import torch

from reluctant.data import load, split_indices
from reluctant.study import SOURCES
from reluctant.training import Training, prepare
from tests.support import small


def weights(seed: int | str) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = small.trained(small.run("rrelu", seed=seed)).model.state_dict()
    return state


def test_the_same_number_everywhere_trains_as_the_plain_seed() -> None:
    plain, apart = weights(2), weights("init=2 order=2 noise=2 split=0")
    assert all(torch.equal(plain[name], apart[name]) for name in plain)


@pytest.mark.parametrize("source", ["init", "order", "noise"])
def test_each_source_changes_the_training(source: str) -> None:
    same = dict.fromkeys(SOURCES, 0)
    one, other = ("init={init} order={order} noise={noise} split={split}".format(**same | {source: n})
                  for n in (0, 1))  # fmt: skip
    first, second = weights(one), weights(other)
    assert not torch.equal(first["blocks.0.conv.weight"], second["blocks.0.conv.weight"])
    starts = [Training(small.run(seed=seed), small.digits()).model.state_dict() for seed in (one, other)]
    alike = all(torch.equal(starts[0][name], starts[1][name]) for name in starts[0])
    assert alike == (source != "init")


def test_the_split_changes_which_images_are_for_validation() -> None:
    data = load("digits")
    first, again, other = (prepare(data, 0.8, split) for split in (0, 0, 1))
    assert torch.equal(first.valid.targets, again.valid.targets)
    assert not torch.equal(first.valid.inputs, other.valid.inputs)
    assert torch.equal(first.test.targets, other.test.targets)
    assert (split_indices(100, 0.5)[0] == split_indices(100, 0.5, 0)[0]).all()
