"""Scores and verdicts as files: every epoch as CSV and Parquet, the verdicts as Markdown and LaTeX."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reluctant.analysis.report_data import ReportData
from reluctant.catalogue.metrics import METRICS
from reluctant.core.errors import StudyError
from reluctant.records.study_records import StudyRecords
from reluctant.report.export import export_results, latex
from reluctant.scores.scores import scores_frame
from reluctant.study import Study
from tests.support.records import study_records
from tests.support.scored import report_data

ATTACK = "own:act(text='a & b_c %d #1 {x} ~^ \\\\ <script>|')"
SEEDS = np.array([0.0, 0.002, -0.001, 0.001, -0.002])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> StudyRecords:
    """Two activations, two seeds, three epochs."""
    study = Study(name="s", activation=["relu", "elu"], seed=[0, 1], epochs=3)
    return study_records(tmp_path_factory.mktemp("plain"), study)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """ReLU and a name full of signs."""
    study = Study(activation=["relu", ATTACK], seed=[0, 1], epochs=1)
    return ReportData.of(study_records(tmp_path_factory.mktemp("hostile"), study))


def test_csv_and_parquet_hold_every_epoch_and_metric(plain: StudyRecords, tmp_path: Path) -> None:
    data = ReportData.of(plain)
    metrics = [metric.name for metric in METRICS if "classification" in metric.tasks]
    frame = scores_frame(data.scores, "classification", metrics)
    written = pd.read_csv(export_results(data, tmp_path / "all.csv"))
    assert len(written) == 2 * 2 * 3 * 3
    assert list(written.columns) == list(frame.columns)
    assert written["f1"].tolist() == frame["f1"].tolist()
    again = pd.read_parquet(export_results(data, tmp_path / "all.parquet"))
    assert list(again.columns) == list(frame.columns)
    assert again["mcc"].tolist() == frame["mcc"].tolist()


def test_a_text_that_looks_like_a_formula_is_inert(plain: StudyRecords, tmp_path: Path) -> None:
    formula = "=cmd|' /C calc'!A0"
    runs = tuple(
        dataclasses.replace(
            result, record=result.record.model_copy(update={"run": dataclasses.replace(result.run, model=formula)})
        )
        for result in plain
    )
    data = ReportData.of(dataclasses.replace(plain, runs=runs))
    with export_results(data, tmp_path / "x.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} == {"'=cmd|' /C calc'!A0"}


@pytest.mark.parametrize("ending", [".md", ".tex"])
def test_tables_mark_the_best_and_what_is_not_told_from_it(tmp_path: Path, ending: str) -> None:
    rng = np.random.default_rng(1)
    shifts = {"relu": 0.0, "elu": 0.02, "gelu": 0.02, "silu": -0.02}
    scores = {name: (0.95 + s + SEEDS + rng.normal(0, 0.0003, 5)).tolist() for name, s in shifts.items()}
    compare = {"metric": "accuracy", "margin": 0.005, "baseline": "relu"}
    data = report_data(scores, compare=compare)
    best = max(("elu", "gelu"), key=lambda arm: data.scores.interval("accuracy", arm).mean)
    other = {"elu": "gelu", "gelu": "elu"}[best]
    standings = {row.arm: row.standing for row in data.one_setting.comparison.rows}
    assert standings == {best: "best", other: "tied", "relu": "", "silu": ""}
    text = export_results(data, tmp_path / f"x{ending}").read_text()
    strong, tied = (r"\textbf{", r"\textit{") if ending == ".tex" else ("**", "*")
    rows = [line.strip("| ") for line in text.splitlines()]
    lines = {name: next(r for r in rows if r.startswith(f"{name} ")) for name in ("elu", "gelu", "silu")}
    assert strong in lines[best]
    assert tied in lines[other]
    assert strong not in lines[other]
    assert strong not in lines["silu"]
    assert "worse" in lines["silu"]


def test_latex_is_complete_and_nothing_in_it_is_a_command(hostile: ReportData, tmp_path: Path) -> None:
    text = export_results(hostile, tmp_path / "x.tex").read_text()
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    row = next(line for line in text.splitlines() if line.startswith("own:act"))
    assert row.count(" & ") == 4
    assert r"a \& b\_c \%d \#1 \{x\} \textasciitilde{}\textasciicircum{}" in row
    assert latex("\\input{x}") == r"\textbackslash{}input\{x\}"


def test_markdown_has_its_columns(hostile: ReportData, tmp_path: Path) -> None:
    text = export_results(hostile, tmp_path / "x.md").read_text()
    row = next(line for line in text.splitlines() if "own:act" in line)
    assert row.replace("\\|", "").count("|") == 6
    assert "<script>" not in row


def test_another_ending_is_refused(plain: StudyRecords, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"write one ending in \.csv, \.parquet, \.md, \.tex"):
        export_results(ReportData.of(plain), tmp_path / "x.xlsx")
