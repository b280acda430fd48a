"""`reluctant.judge`: verdicts on results that are there, whoever trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reluctant.analysis import ReportData, Subject
from reluctant.api.results import Results
from reluctant.core.errors import StudyError
from reluctant.records.study_records import StudyRecords
from reluctant.scores.judged_table import read_scores, without_unfinished
from reluctant.scores.table_columns import find_columns
from reluctant.scores.table_file import read_table
from reluctant.scores.wide_table import ARM, with_one_score_column

if TYPE_CHECKING:
    import pandas as pd

Names = str | Sequence[str]


def judge(
    source: "str | Path | pd.DataFrame", *, metric: str | None = None, baseline: str | None = None,
    margin: float | None = None, at: str | None = None, arm: Names | None = None, seed: str | None = None,
    score: Names = (), setting: Names = (), epoch: str | None = None, higher: bool | None = None, paired: bool = True,
    looks: Literal["any", "at the end"] | None = None, name: str | None = None,
) -> Results:  # fmt: skip
    """Verdicts on what is there. Nothing is trained.

    Args:
        source: The folder of a study, finished or not; or a table with one row per run, or per run and epoch: a data
            frame, or a file (`.csv`, `.tsv`, `.jsonl`, `.json`, `.parquet`).
        metric: The metric that decides; the study's unless given.
        baseline: The arm that the others are compared with; the first unless given.
        margin: Differences below this do not matter, in the metric's unit: 0.01 of accuracy is one point.
        at: After the `last` epoch, the `best` one on validation, or the `mean` over epochs.
        arm: Of a table: the column of what is compared; or several columns, where each arm is a column of scores.
            Columns that are not given are guessed, and said.
        seed: Of a table: the column that pairs runs. Without one, runs are not paired.
        score: Of a table: the column of the score, or several; the first decides.
        setting: Of a table: columns that tell apart runs of one arm and seed; each setting is compared by itself.
        epoch: Of a table: the column of the epoch or step.
        higher: Of a table: whether more of the score is better, where its name does not say.
        paired: Of a table: whether runs with one seed are pairs.
        looks: Of a table: `any` for verdicts that hold however often the table is judged while it grows (unless
            given), `at the end` for one that is judged once.
        name: Of a table: what the page calls it.

    Raises:
        StudyError: There is no study and no table, no such metric or arm, or a column whose meaning is open.

    Example:
        reluctant.judge("out/quick", metric="loss").verdicts()
        reluctant.judge("runs.csv", arm="activation", seed="seed", score="test_accuracy")
    """
    scores, settings = ([each] if isinstance(each, str) else list(map(str, each)) for each in (score, setting))
    arms = [] if arm is None else [arm] if isinstance(arm, str) else list(map(str, arm))
    seed, epoch = (None if each is None else str(each) for each in (seed, epoch))
    options = {"arm": arms, "seed": seed, "score": scores, "setting": settings, "epoch": epoch, "higher": higher,
               "paired": paired or None, "looks": looks, "name": name}  # fmt: skip
    if isinstance(source, str | Path) and (Path(source).is_dir() or not Path(source).suffix):
        extra = [key for key, value in options.items() if value not in (None, [], True)]
        if not paired:
            extra.append("paired")
        if extra:
            raise StudyError(
                f"{', '.join(extra)}: only for a table; {source} is a folder, and its study says what they are"
            )
        records = StudyRecords.read(source)
        return Results(ReportData.of(records, metric=metric, baseline=baseline, margin=margin, at=at))
    if metric is not None:
        scores = [metric, *(each for each in scores if each != metric)]
    table, left_out = without_unfinished(read_table(source))
    if len(arms) > 1:  # each is a column
        scores = scores or ["score"]
        table, arms = with_one_score_column(table, arms, scores[0]), [ARM]
    columns = find_columns(
        table, arm=arms[0] if arms else None, seed=seed, scores=scores, settings=settings, epoch=epoch, paired=paired
    )
    judged = read_scores(table, columns, higher)
    subject = Subject(
        name or Path(table.name).stem, table.name, "", "items",
        "activations" if "act" in columns.arm.lower() else "arms", reported=True, table=True,
    )  # fmt: skip
    data = ReportData.of_table(
        judged.scores, subject, judged.notes, (*left_out, *judged.remarks), baseline=baseline, margin=margin, at=at,
        looks=looks or "any", paired=columns.seed is not None,
    )  # fmt: skip
    if baseline is None and len(judged.scores.arms) > 1:
        data.notes = (*data.notes, f"baseline: {judged.scores.arms[0]}, the first arm of the table")
    return Results(data)
