"""A table in which each arm is a column of its own, as one with a column of arms and a column of scores."""

from collections.abc import Sequence
from dataclasses import replace

from reluctant.core.errors import StudyError
from reluctant.scores.table_columns import column_of
from reluctant.scores.table_file import RunTable

ARM = "arm"  # the column that the names of the arms get


def with_one_score_column(table: RunTable, arms: Sequence[str], score: str) -> RunTable:
    """The table with one row per row and arm: `arm` holds the name of a column, `score` what stood in it.

    Raises:
        StudyError: No such column, an arm twice, or a column that is called as the new ones are.
    """
    import pandas as pd

    columns = [column_of(arm, table.columns, "--arm") for arm in arms]
    if len(set(columns)) < len(columns):
        raise StudyError(f"--arm names a column twice: {', '.join(arms)}")
    others = [name for name in table.columns if name not in columns]
    for name in {ARM, score} & set(others):
        raise StudyError(
            f"the table has a column {name!r} beside those of the arms; rename it, or choose another --score"
        )
    parts = []
    for column in columns:
        part = table.cells[others].copy()
        part[ARM], part[score] = column, table.cells[column]
        parts.append(part)
    rows = list(range(len(table.cells))) * len(columns)
    return replace(table.only(rows), cells=pd.concat(parts, ignore_index=True))
