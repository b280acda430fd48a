"""docs/statistics.md holds what the simulation finds, and the simulation finds what was promised."""

import math
import re
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from benchmarks import simulate
from benchmarks.growing import Outcome, old_advice, until_decided
from benchmarks.growth_tables import verdicts
from benchmarks.simulate import PAGE, written
from benchmarks.table import Share, Table

FEW = ("collapse", "tuned", "settings")  # their small simulations have 15 studies a cell
SMALL = 75  # four times as many in the cheap tables

Cells = dict[tuple[str, str], str]  # by row and column


@pytest.fixture(scope="module")
def small() -> dict[str, Table]:
    return simulate.tables(SMALL)


@pytest.fixture(scope="module")
def page() -> dict[str, Cells]:
    """The numbers of the page, by table, row and column."""
    parts = re.findall(r"<!-- table ([\w-]+) -->\n(.*?)<!-- end -->", PAGE.read_text("utf-8"), re.DOTALL)
    return {name: cells_of(text) for name, text in parts}


def cells_of(text: str) -> Cells:
    lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.split("\n") if "|" in line]
    lines = [line if len(line) == len(lines[1]) else ["", *line] for line in lines]  # an empty first cell
    head, _, *rows = lines
    return {(row[0], column): cell for row in rows for column, cell in zip(head[1:], row[1:], strict=True)}


def shares(page: Mapping[str, Cells], table: str, row: str, column: str) -> list[float]:
    """The shares, in percent, of the cells whose row and column match these patterns; no dashes."""
    cells = page[table].items()
    texts = [text for (r, c), text in cells if re.search(row, r) and re.search(column, c) and text != "–"]
    assert texts, (table, row, column)
    return [float(text) for text in texts]


def test_the_page_holds_every_table(small: dict[str, Table], page: dict[str, Cells]) -> None:
    assert set(page) == set(small)
    for name, table in small.items():
        assert set(page[name]) == set(cells_of(str(table)))


def test_a_small_simulation_agrees_with_the_page(small: dict[str, Table], page: dict[str, Cells]) -> None:
    far = []
    for name, table in small.items():
        for row in table.rows:
            for column, cell in zip(table.columns[1:], row[1:], strict=True):
                written_ = page[name][str(row[0]), column]
                if isinstance(cell, Share) and cell.of >= 30 and written_ != "–":
                    expected = float(written_) / 100
                    studies = min(cell.of, 4 * SMALL * 2, *([15] if name in FEW else []))  # comparisons hang together
                    error = math.sqrt(max(expected * (1 - expected), 0.01) / studies)
                    if abs(cell.value - expected) > 4.5 * error:
                        far.append((name, row[0], column, str(cell), written_))
    assert far == []


def test_what_is_computed_and_not_drawn_is_exact(small: dict[str, Table], page: dict[str, Cells]) -> None:
    assert page["seeds"] == cells_of(str(small["seeds"]))


def test_the_same_seeds_give_the_same_table(small: dict[str, Table]) -> None:
    again = verdicts(np.random.default_rng(simulate.seed("verdicts")), 4 * SMALL)
    assert str(again) == str(small["verdicts"])


class TestThePageHoldsToTheIssue:
    def test_coverage(self, page: dict[str, Cells]) -> None:
        normal = shares(page, "coverage", r"^(one mean|paired difference), normal$", "n =")
        assert all(94 <= value <= 96.5 for value in normal)
        assert min(shares(page, "coverage", r"^paired difference", "n =")) >= 94

    def test_ten_equal_arms(self, page: dict[str, Cells]) -> None:
        limit = 5 + 2 * 100 * math.sqrt(0.05 * 0.95 / (4 * simulate.STUDIES))
        assert max(shares(page, "equal-arms", "", "together")) <= limit

    def test_no_look_makes_more_than_five_percent_false(self, page: dict[str, Cells]) -> None:
        limit = 5 + 2 * 100 * math.sqrt(0.05 * 0.95 / simulate.STUDIES)
        assert max(shares(page, "looks", "", "ours")) <= limit
        assert max(shares(page, "verdicts", "", "any")) <= limit
        assert min(shares(page, "looks", "", "95 % intervals")) > 10  # what plain intervals do

    def test_until_decided_costs_less_than_half(self, page: dict[str, Cells]) -> None:
        assert float(page["growth-ratio"]["all runs together", "runs, in those of the old advice"]) <= 0.5
        ours = [float(text.split(" / ")[0]) for text in page["growth-false"].values()]
        assert max(ours) <= 5 + 2 * 100 * math.sqrt(0.05 * 0.95 / 1000)

    def test_tuned_rates(self, page: dict[str, Cells]) -> None:
        assert max(shares(page, "tuned", "", "ours")) <= 5 + 2 * 100 * math.sqrt(0.05 * 0.95 / 2000)

    def test_several_settings(self, page: dict[str, Cells]) -> None:
        assert max(shares(page, "settings", "truth 0", "mean .different")) <= 5
        assert min(shares(page, "settings", "", "coverage|prediction")) >= 93.5


@pytest.mark.parametrize("policy", [until_decided, old_advice])
class TestGrowing:
    def test_a_spread_of_nearly_nothing_is_decided_at_once(self, policy: Callable[..., Outcome]) -> None:
        assert policy(np.random.default_rng(0), 50, 1, 0.01, 0.0) == Outcome(10, 1, 0)

    def test_calls_the_same_false_where_a_margin_lies_between(self, policy: Callable[..., Outcome]) -> None:
        near, far = (policy(np.random.default_rng(0), 400, 1, 0.05, truth) for truth in (0.99, 1.0))
        assert near.any_false == 0
        assert far.any_false < 0.06

    def test_is_the_same_for_the_same_seed(self, policy: Callable[..., Outcome]) -> None:
        one, two = (policy(np.random.default_rng(3), 40, 3, 1.0, 0.0) for _ in range(2))
        assert one == two


def test_prose_around_a_table_stays() -> None:
    table = Table(("a", "b"), (("x", Share(0.051, 100)), ("y", Share(0.5, 3))))
    text = "before\n<!-- table t -->\nold\n<!-- end -->\nafter <!-- end -->\n"
    new = written(text, {"t": table})
    assert new == (
        "before\n<!-- table t -->\n\n| a | b |\n| --- | ---: |\n| x | 5.1 |\n| y | – |\n\n<!-- end -->\n"
        "after <!-- end -->\n"
    )
    assert written(new, {"t": table}) == new
    with pytest.raises(SystemExit, match="table u"):
        written(text, {"u": table})
