"""The figure of `reluctant bench`."""

from xml.etree import ElementTree

import pytest

from reluctant import figures
from reluctant.bench.config import BenchConfig
from reluctant.bench.figure import draw_costs
from reluctant.bench.results import Bench, Cost, median_interval
from reluctant.bench.trial import PASSES
from reluctant.figures import style
from reluctant.figures.inline import png, svg
from tests.support.figures import FOUR, HOSTILE, MANY, markers, notes, texts, texts_outside


def sample_bench(names: tuple[str, ...], *, compiled: bool = False, rounds: int = 15) -> Bench:
    """A made-up benchmark: the i-th activation takes 1.1ⁱ times ReLU's time."""
    config, costs = BenchConfig(rounds=rounds), []
    for i, name in enumerate(names):
        for fast in (False, True)[: 1 + compiled]:
            unit = 1.1**i * (0.5 if fast else 1)
            values = [unit * (1 + 0.01 * (r % 3 - 1) * bool(i)) for r in range(rounds)]
            ratio = {name_of_pass: median_interval(values) for name_of_pass in PASSES}
            costs.append(Cost(name, fast, dict.fromkeys(PASSES, values), ratio, i * config.input_bytes, None))
    machine = {"processor": "a processor", "torch": {"device": "cpu"}}
    return Bench(config, tuple(costs), (), machine)


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
@pytest.mark.parametrize("names", [FOUR, MANY, ("relu", "identity", *HOSTILE), ("relu",)])
def test_it_is_complete(names: tuple[str, ...], width: float) -> None:
    figure = draw_costs(sample_bench(names), width=width)
    assert png(figure).startswith(b"\x89PNG")
    assert texts_outside(figure) == []
    assert markers(figure, "oD") == len(names)
    assert markers(figure, "<>") == 2 * len(names)
    element = ElementTree.fromstring(figures.inline_svg(figure))
    assert "keeps 0×" in element.attrib["aria-label"]


def test_its_subtitle_describes_the_measurement() -> None:
    figure = draw_costs(sample_bench(FOUR, compiled=True))
    subtitle = notes(figure)
    for words in ("a processor", "1 thread, ", "float32, 32x64x28x28", "median of 15 rounds"):
        assert words in subtitle
    assert "its 95 % interval" in subtitle
    assert "hollow: compiled" in subtitle
    labels = texts(figure)
    assert "LeakyReLU 0.002, compiled" in labels
    assert "1.10 ± 0.01 · keeps 1×" in labels
    assert "1.00 · keeps 0×" in labels
    assert markers(figure, "oD") == 8


def test_many_are_sorted_and_few_are_not() -> None:
    few, many = sample_bench(("relu", *FOUR[:0:-1])), sample_bench(MANY[::-1])
    assert [t for t in texts(draw_costs(few)) if t in ("ELU", "GELU")] == ["GELU", "ELU"]
    first = sorted(many.costs, key=lambda c: -c.ratio["both"].value)
    shuffled = Bench(many.config, tuple(first), (), many.machine)
    names = [t for t in texts(draw_costs(shuffled)) if t.startswith("LeakyReLU")]
    assert names == [t for t in texts(draw_costs(many)) if t.startswith("LeakyReLU")]


def test_too_few_rounds_have_no_interval() -> None:
    figure = draw_costs(sample_bench(FOUR, rounds=5))
    assert "too few rounds for an interval" in notes(figure)
    assert "1.10 · keeps 1×" in texts(figure)


def test_the_same_benchmark_gives_the_same_bytes() -> None:
    assert svg(draw_costs(sample_bench(MANY))) == svg(draw_costs(sample_bench(MANY)))
