"""Tables as files: every epoch as CSV and Parquet, scores and verdicts as Markdown and LaTeX."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from reluctant.records.study_results import Results

from reluctant.analysis.comparison import compare
from reluctant.catalogue.metrics import METRICS
from reluctant.core.errors import StudyError
from reluctant.report.export import export, leaders, tex
from reluctant.study import Study
from tests.analysis.test_comparison import STUDY, arms
from tests.support.records import folder
from tests.support.scored import results

HOSTILE = "own:act(text='a & b_c %d #1 {x} ~^ \\\\ <script>|')"


def test_csv_and_parquet_hold_every_epoch_and_metric(tmp_path: Path) -> None:
    given = Results.read(folder(tmp_path / "s", Study(activation=["relu", "elu"], seed=[0, 1], epochs=3)))
    frame = given.frame([m.name for m in METRICS if "classification" in m.tasks])
    written = pd.read_csv(export(given, tmp_path / "all.csv"))
    assert len(written) == 2 * 2 * 3 * 3
    assert list(written.columns) == list(frame.columns)
    assert written["f1"].tolist() == frame["f1"].tolist()
    again = pd.read_parquet(export(given, tmp_path / "all.parquet"))
    assert again["mcc"].tolist() == frame["mcc"].tolist()


def test_a_text_that_looks_like_a_formula_is_inert(tmp_path: Path) -> None:
    given = Results.read(
        folder(tmp_path / "s", Study(name="s", activation=["relu", "elu"], seed=[0], epochs=1))
    )
    from dataclasses import replace

    results_ = tuple(replace(r, run=replace(r.run, model="=cmd|' /C calc'!A0")) for r in given.results)
    with export(replace(given, results=results_), tmp_path / "x.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows} == {"'=cmd|' /C calc'!A0"}


@pytest.mark.parametrize("ending", [".md", ".tex"])
def test_tables_mark_the_best_and_what_is_not_told_from_it(tmp_path: Path, ending: str) -> None:
    given = results(arms(relu=0, elu=0.02, gelu=0.02, silu=-0.02), **STUDY)
    (comparison,) = compare(given)
    best = max(("elu", "gelu"), key=lambda a: given.interval("accuracy", a).mean)
    other = {"elu": "gelu", "gelu": "elu"}[best]
    assert leaders(comparison) == {best: "**", other: "*"}
    text = export(given, tmp_path / f"x{ending}").read_text()
    strong, tied = (r"\textbf{", r"\textit{") if ending == ".tex" else ("**", "*")
    rows = [line.strip("| ") for line in text.splitlines()]
    lines = {name: next(r for r in rows if r.startswith(f"{name} ")) for name in ("elu", "gelu", "silu")}
    assert strong in lines[best]
    assert tied in lines[other]
    assert strong not in lines["silu"]
    assert "worse" in lines["silu"]


def test_latex_is_whole_and_nothing_in_it_is_a_command(tmp_path: Path) -> None:
    given = Results.read(folder(tmp_path / "s", Study(activation=["relu", HOSTILE], seed=[0, 1], epochs=1)))
    text = export(given, tmp_path / "x.tex").read_text()
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    row = next(line for line in text.splitlines() if line.startswith("own:act"))
    assert row.count(" & ") == 4
    assert r"a \& b\_c \%d \#1 \{x\} \textasciitilde{}\textasciicircum{}" in row
    assert tex("\\input{x}") == r"\textbackslash{}input\{x\}"


def test_markdown_keeps_its_columns(tmp_path: Path) -> None:
    given = Results.read(folder(tmp_path / "s", Study(activation=["relu", HOSTILE], seed=[0, 1], epochs=1)))
    text = export(given, tmp_path / "x.md").read_text()
    row = next(line for line in text.splitlines() if "own:act" in line)
    assert row.replace("\\|", "").count("|") == 6
    assert "<script>" not in row


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"write one ending in \.csv, \.parquet, \.md, \.tex"):
        export(results(arms(relu=0)), tmp_path / "x.xlsx")
