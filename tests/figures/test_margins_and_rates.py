"""Verdict against margin, and score against learning rate."""

import numpy as np
import pytest

from reluctant import figures
from reluctant.analysis import ReportData
from reluctant.core.errors import StudyError
from reluctant.figures import style
from reluctant.figures.margins import below_that, same_from
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.statistics import Verdict
from reluctant.statistics.verdict import same_or_different
from reluctant.study import Study
from tests.support.figures import texts, texts_outside
from tests.support.scored import report_data, scored_record

SCORES = {
    "relu": [0.90, 0.905, 0.91, 0.90, 0.905, 0.902],
    "elu": [0.95, 0.957, 0.96, 0.951, 0.954, 0.953],
    "gelu": [0.91, 0.90, 0.915, 0.895, 0.91, 0.90],
}
LEVELS = {0.001: 0.9, 0.01: 0.95, 0.1: 0.5}


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_verdicts_at_every_margin(width: float) -> None:
    comparison = report_data(SCORES, compare={"metric": "accuracy", "margin": 0.005}).one_setting.comparison
    figure = figures.verdict_by_margin(comparison, width=width)
    assert texts_outside(figure) == []
    assert {"ELU", "GELU"} <= set(texts(figure))
    (axes,) = figure.axes
    thick = [np.asarray(line.get_xdata(), float) for line in axes.lines if line.get_linewidth() == 6]
    for contrast in comparison.family:
        turn = same_from(contrast)
        low, high = contrast.interval or (0.0, 0.0)
        for margin in (0.999 * turn, 1.001 * turn):
            same, _ = same_or_different(low, high, margin)
            assert bool(same) == (margin > turn)
        assert any(x[0] == pytest.approx(100 * turn) for x in thick) or 100 * turn > axes.get_xlim()[1]
    assert [below_that(comparison, c) for c in comparison.family] == [Verdict.BETTER, Verdict.UNDECIDED]


def rates() -> ReportData:
    study = Study(activation=["relu", "elu"], lr=list(LEVELS), seed=[0, 1, 2], epochs=1)
    runs = [
        RunResult.of(scored_record(run, [LEVELS[run.lr] + 0.01 * int(run.seed) + 0.02 * (run.activation == "elu")]))
        for run in study.runs()
    ]
    return ReportData.of(StudyRecords(study, tuple(runs)))


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_scores_at_every_rate(width: float) -> None:
    figure = figures.score_against_rate(rates(), "accuracy", width=width)
    assert texts_outside(figure) == []
    assert {"0.001", "0.01", "0.1", "ReLU", "ELU"} <= set(texts(figure))
    rings = [line for line in figure.axes[0].lines if line.get_markersize() == 8 and line.get_marker() == "o"]
    points = [(float(np.asarray(r.get_xdata())[0]), float(np.asarray(r.get_ydata())[0])) for r in rings]
    assert np.array(sorted(points)) == pytest.approx(np.array([[0.01, 0.96], [0.01, 0.98]]))


def test_one_rate_is_no_figure() -> None:
    with pytest.raises(StudyError, match="the study has one learning rate; lr = "):
        figures.score_against_rate(report_data(SCORES))
