"""Random numbers that depend on seed, purpose and path, and on nothing else."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reluctant.core.randomness import PURPOSES, generator, seed_sequence, torch_seed
from tests.support.strategies import seeds, texts

steps = st.integers(0, 2**32 - 1) | texts
keys = st.tuples(seeds, st.sampled_from(sorted(PURPOSES)), st.lists(steps, max_size=3).map(tuple))
Key = tuple[int, str, tuple[int | str, ...]]


def state(key: Key) -> list[int]:
    """128 bits of a key's seed sequence."""
    seed, purpose, path = key
    return [int(word) for word in seed_sequence(seed, purpose, *path).generate_state(4)]


@given(keys)
def test_the_same_key_gives_the_same_numbers(key: Key) -> None:
    seed, purpose, path = key
    assert state(key) == state(key)
    assert torch_seed(seed, purpose, *path) == torch_seed(seed, purpose, *path)
    assert generator(seed, purpose, *path).random(4).tolist() == generator(seed, purpose, *path).random(4).tolist()


@given(keys, keys)
def test_another_key_gives_other_numbers(one: Key, other: Key) -> None:
    assume(one != other)
    assert state(one) != state(other)


@pytest.mark.parametrize(
    "other",
    [
        (1, "weights", (1, "a")),
        (0, "order", (1, "a")),
        (0, "weights", (2, "a")),
        (0, "weights", (1, "b")),
        (0, "weights", ("a", 1)),
        (0, "weights", (1,)),
        (0, "weights", ()),
        (0, "weights", (1, "a", 0)),
        (0, "weights", (0, 1, "a")),
    ],
)
def test_every_part_of_a_key_counts(other: Key) -> None:
    first: Key = (0, "weights", (1, "a"))
    assert state(other) != state(first)
    assert torch_seed(other[0], other[1], *other[2]) != torch_seed(0, "weights", 1, "a")
    assert generator(other[0], other[1], *other[2]).random() != generator(0, "weights", 1, "a").random()


@given(st.lists(keys, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_order_does_not_count(some: list[Key], random: object) -> None:
    forwards = {key: state(key) for key in some}
    assert {key: state(key) for key in reversed(some)} == forwards


def test_drawing_from_one_generator_leaves_the_others_alone() -> None:
    expected = generator(0, "dropout", 2).random(3).tolist()
    generator(0, "dropout", 1).random(1000)
    assert generator(0, "dropout", 2).random(3).tolist() == expected


def test_the_global_state_is_left_alone() -> None:
    before = np.random.get_state(legacy=False)
    generator(0, "order").permutation(10)
    torch_seed(0, "weights", "x")
    after = np.random.get_state(legacy=False)
    assert str(before) == str(after)


@given(keys)
def test_a_torch_seed_has_63_bits(key: Key) -> None:
    seed, purpose, path = key
    assert 0 <= torch_seed(seed, purpose, *path) < 2**63


def test_purposes_are_distinct() -> None:
    assert len(set(PURPOSES.values())) == len(PURPOSES)
    assert len({torch_seed(0, purpose) for purpose in PURPOSES}) == len(PURPOSES)


def test_an_unknown_purpose_is_an_error() -> None:
    with pytest.raises(KeyError):
        seed_sequence(0, "luck")


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ((0, "weights", ()), 4334430513956379144),
        ((3, "dropout", ("block1", 2)), 5060042235352687888),
        ((2**63 - 1, "split", ()), 5755927412907566664),
    ],
)
def test_the_numbers_never_change(key: Key, number: int) -> None:
    """Where this must change, `RECIPE` must too: the same run would give other numbers."""
    seed, purpose, path = key
    assert torch_seed(seed, purpose, *path) == number


def test_the_generators_never_change() -> None:
    assert generator(7, "order", 1).permutation(8).tolist() == [5, 1, 0, 4, 7, 6, 3, 2]
    assert PURPOSES == {"weights": 0, "order": 1, "dropout": 2, "activation": 3, "split": 4, "foreign": 5,
                        "probe": 6, "robustness": 7, "augment": 8, "trial": 9, "windows": 10}  # fmt: skip
