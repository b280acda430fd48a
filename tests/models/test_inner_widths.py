"""The widths of gated layers, against sums by hand."""

import pytest

from reluctant.models.swap.inner_widths import LARGEST_FACTOR, InnerWidth, LinearSize, choose_widths


def layer(d: int, h: int, *, bias: bool = True, rows: int = 10) -> dict[str, LinearSize]:
    return {"up": LinearSize(d, h, bias, rows), "down": LinearSize(h, d, bias, rows)}


PAIR = [("up", "down")]


def test_a_layer_of_128_and_512_gets_340() -> None:
    """Before 128·512 + 512 + 512·128 + 128 = 131,712; gated 386h′ + 128, which is 131,712 at h′ = 340.9.

    The nearest multiples of 64, 32, 16 and 8 are 6.1 %, 3.3 %, 1.4 % and 0.9 % away; 340 is 0.26 % away.
    """
    sizes = layer(128, 512)
    total = sum(int(size.parameters(size.inputs, size.outputs)) for size in sizes.values())
    assert total == 131_712
    widths = choose_widths(PAIR, sizes, "parameters", total)
    assert widths.layers == (InnerWidth("up", "down", 512, 340),)
    assert widths.multiple == 4
    assert widths.factor == pytest.approx(340.9 / 512, rel=1e-2)
    assert 2 * 340 * 129 + 128 * 341 == 131_368  # −0.26 %


@pytest.mark.parametrize(
    ("rest", "after", "multiple"), [(0, 340, 4), (500_000, 336, 16), (1_000_000, 352, 32), (10_000_000, 320, 64)]
)
def test_the_larger_the_network_around_it_the_rounder_the_width(rest: int, after: int, multiple: int) -> None:
    widths = choose_widths(PAIR, layer(128, 512), "parameters", 131_712 + rest)
    assert (widths.layers[0].after, widths.multiple) == (after, multiple)


def test_multiply_adds_are_matched_by_two_thirds() -> None:
    sizes = layer(128, 768)
    widths = choose_widths(PAIR, sizes, "flops", 2 * 10 * 128 * 768)
    assert (widths.layers[0].after, widths.multiple) == (512, 64)
    assert widths.factor == pytest.approx(2 / 3, rel=1e-6)


def test_no_match_leaves_the_width() -> None:
    widths = choose_widths(PAIR, layer(128, 512), "none", 131_712)
    assert (widths.layers[0].after, widths.factor) == (512, 1)


def test_the_nearest_width_is_taken_where_none_is_near() -> None:
    """Before 3·4 + 4·3 = 24 without biases; 9 for every unit of a gate: 18, 27, so 27 is the nearest."""
    widths = choose_widths(PAIR, layer(3, 4, bias=False), "parameters", 24)
    assert (widths.layers[0].after, widths.multiple) == (3, 1)


def test_in_a_chain_the_end_of_one_layer_is_the_beginning_of_the_next() -> None:
    sizes = {"a": LinearSize(64, 200, True, 1), "b": LinearSize(200, 100, True, 1), "c": LinearSize(100, 10, True, 1)}
    total = 65 * 200 + 201 * 100 + 101 * 10
    widths = choose_widths([("a", "b"), ("b", "c")], sizes, "parameters", total)
    first, second = (layer.after for layer in widths.layers)
    after = 65 * 2 * first + (first + 1) * 2 * second + (second + 1) * 10
    assert abs(after / total - 1) <= 0.005
    assert first / second == pytest.approx(2, rel=0.05)
    assert widths.sizes_of("b", sizes["b"]) == (first, 2 * second)
    assert widths.factor < LARGEST_FACTOR


def test_a_multiple_that_changes_a_small_layer_much_is_too_large() -> None:
    """With multiples of 32 the widths 64 and 32 would both become 32, and the sum would be within half a percent."""
    sizes = {"a": LinearSize(784, 64, True, 1), "b": LinearSize(64, 32, True, 1), "c": LinearSize(32, 10, True, 1)}
    widths = choose_widths([("a", "b"), ("b", "c")], sizes, "parameters", 785 * 64 + 65 * 32 + 33 * 10)
    assert [layer.after for layer in widths.layers] == [33, 16]  # 53,068; before 52,650
    assert widths.multiple == 1
