"""Claims on the page: their words, their outcomes, how they were tested."""

from pathlib import Path
from typing import Any

import pytest

from reluctant.analysis.report_data import ReportData
from reluctant.report import render_page
from reluctant.report.page import build_page
from reluctant.report.pictures import PictureBook
from reluctant.study import Study
from tests.support.figures import HOSTILE
from tests.support.html import ATTACK, ParsedPage
from tests.support.predicted import LEVELS, predicted_data

pytestmark = pytest.mark.usefixtures("undrawn")  # what is drawn is tested with the page and the figures

CLAIMS: list[dict[str, Any]] = [
    {"says": "ELU wins", "of": "elu", "is": "highest"},
    {"says": "GELU wins", "of": "gelu", "is": "highest"},
    {"says": "Tanh ends at 0.91", "of": "tanh", "between": [0.905, 0.915]},
    {"says": "ReLU is slowest", "of": "relu", "is": "slowest"},
    {"says": f"Leaky {ATTACK}", "similar": ["relu", "leaky_relu(negative_slope=0.002)"], "margin": 0.01},
    {"says": "Mish wins", "of": "mish", "is": "highest"},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    study = Study(
        name="five", activation=tuple(LEVELS), epochs=2, seed=tuple(range(6)),
        compare={"margin": 0.005, "looks": "at the end"}, claim=CLAIMS,
    )  # fmt: skip
    return predicted_data(tmp_path_factory.mktemp("claims"), study, std={"tanh": 0.02})


def test_claims_are_judged(data: ReportData) -> None:
    page = build_page(data, PictureBook(None))
    ((title, claims),) = page.claims
    assert title == ""
    outcomes = {claim.words: f"{claim.sign} {claim.outcome}" for claim in claims}
    assert outcomes["ELU wins"] == "✓ supported"
    assert outcomes["GELU wins"] == "✗ contradicted"
    assert outcomes["Tanh ends at 0.91"] == "? undecided"
    assert "Mish wins" not in outcomes
    (convergence, untested) = page.claim_notes
    assert convergence.startswith("Speed of convergence: epochs until")
    assert untested == "1 claim cannot be tested: activations named there take no part."


def test_claims_stand_on_the_page_as_words(data: ReportData) -> None:
    html = render_page(data)
    text = ParsedPage(html).text
    for part in ("“ELU wins”", "✓", "supported", "✗", "contradicted", "ELU − ReLU", "supports", "contradicts",
                 "Supported when elu is highest by", "1 claim cannot be tested", ATTACK):  # fmt: skip
        assert part in text
    assert text.count("Speed of convergence: epochs until") == 1
    assert "<script" not in html


def test_without_claims_there_is_no_section(tmp_path: Path) -> None:
    study = Study(activation=("relu", "elu"), epochs=1, seed=(0, 1))
    assert 'id="claims"' not in render_page(predicted_data(tmp_path, study))


@pytest.mark.drawn
def test_hostile_names_stay_words(tmp_path: Path) -> None:
    study = Study(name=ATTACK, activation=HOSTILE, epochs=1, seed=(0, 1, 2), control=True,
                  claim=[{"says": ATTACK, "of": HOSTILE[1], "is": "highest"}])  # fmt: skip
    page = ParsedPage(render_page(predicted_data(tmp_path, study, lambda run: 0.9)))
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "b"}
    assert "{{7*7}}" in page.text
