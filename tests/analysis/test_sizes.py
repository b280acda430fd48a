"""Sizes of networks: said where they are not all the same, beside the scores and in a sentence."""

from typing import Any

from reluctant.analysis import ReportData
from reluctant.analysis.sizes import network_sizes, size_sentence
from reluctant.records.run_result import RunResult
from reluctant.records.study_records import StudyRecords
from reluctant.report.tables import final_scores_table, size_table
from reluctant.study import Study
from tests.support.scored import scored_record

SIZES = {
    "gelu": (1000, 64_000), "swiglu": (998, 63_000), "xielu": (1004, 64_000), "swiglu(match='none')": (1307, 83_000),
}  # fmt: skip


def setting(sizes: dict[str, tuple[int, int | None]]) -> Any:
    study = Study(activation=list(sizes), epochs=1, seed=[0, 1, 2])
    results = []
    for run in study.runs():
        parameters, operations = sizes[run.activation]
        curve = [0.9 + run.seed_for("init") / 100]
        results.append(RunResult.of(scored_record(run, curve, parameters=parameters, multiply_adds=operations)))
    return ReportData.of(StudyRecords(study, tuple(results))).one_setting


def test_networks_of_one_size_need_no_words() -> None:
    data = setting({"gelu": (1000, 64_000), "relu": (1000, 64_000)})
    assert network_sizes(data) == ()
    assert size_sentence(data) == ""
    assert size_table(data) is None
    assert "Parameters" not in final_scores_table(data).columns


def test_other_sizes_stand_beside_the_scores() -> None:
    data = setting(dict(SIZES))
    assert size_sentence(data) == (
        "Parameters are not the same: GELU 1,000, SwiGLU 998 (−0.2 %), xIELU 1,004 (+0.4 %), SwiGLU match none 1,307 "
        "(+30.7 %)."
    )
    table = size_table(data)
    assert table is not None
    assert table.columns == ("Activation", "Parameters", "Against GELU", "Multiply-adds, millions")
    assert table.rows[3] == ("SwiGLU match none", "1,307", "+30.7 %", "0.083")
    scores = final_scores_table(data)
    assert [row[scores.columns.index("Parameters")] for row in scores.rows] == ["1,000", "998", "1,004", "1,307"]


def test_multiply_adds_alone_may_differ() -> None:
    data = setting({"gelu": (1000, 64_000), "silu": (1000, 65_000), "elu": (1000, None)})
    assert size_sentence(data) == ""
    table = size_table(data)
    assert table is not None
    assert [row[2:] for row in table.rows] == [("–", "0.064"), ("the same", "0.065"), ("the same", "–")]
