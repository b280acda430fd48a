"""`reluctant.judge`: verdicts on results that are there, whoever trained."""

from pathlib import Path

from reluctant.analysis import ReportData
from reluctant.api.results import Results
from reluctant.records.study_records import StudyRecords


def judge(
    source: str | Path, *, metric: str | None = None, baseline: str | None = None, margin: float | None = None,
    at: str | None = None,
) -> Results:  # fmt: skip
    """Verdicts on what is there. Nothing is trained.

    Args:
        source: The folder of a study, finished or not.
        metric: The metric that decides; the study's unless given.
        baseline: The activation that the others are compared with.
        margin: Differences below this do not matter, in the metric's unit: 0.01 of accuracy is one point.
        at: After the `last` epoch, the `best` one on validation, or the `mean` over epochs.

    Raises:
        StudyError: There is no study, or no such metric or activation.

    Example:
        reluctant.judge("out/quick", metric="loss").verdicts()
    """
    records = StudyRecords.read(source)
    return Results(ReportData.of(records, metric=metric, baseline=baseline, margin=margin, at=at))
