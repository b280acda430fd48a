"""Tests that take minutes: `make test-slow`."""

import os
from pathlib import Path

import pytest
from benchmarks import simulate

import reluctant
from reluctant.study import Study

pytestmark = pytest.mark.slow


def test_the_whole_simulation_agrees_with_the_page() -> None:
    before = simulate.PAGE.read_bytes()
    simulate.main(["--check"])  # leaves with a message where the page holds other numbers
    assert simulate.PAGE.read_bytes() == before


@pytest.mark.mnist
def test_the_article_s_activations_reach_98_percent(tmp_path: Path) -> None:
    if "RELUCTANT_DATA" not in os.environ:
        pytest.skip("needs the real MNIST under RELUCTANT_DATA")
    results = reluctant.run(Study.read("article", {"seed": 0}), tmp_path)
    assert len(results) == 4
    for result in results:
        assert result.score("accuracy") > 0.98
        assert result.score("f1") > 0.98
