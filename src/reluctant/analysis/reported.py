"""What is particular to scores that a training of the user's own has reported: its metrics, and what they give away."""

import itertools
from collections.abc import Mapping

import numpy as np

from reluctant.analysis.agreement import Withheld
from reluctant.analysis.labels import count
from reluctant.catalogue.metrics import Metric
from reluctant.catalogue.reported import UNNAMED, reported_metric
from reluctant.records.reported_result import ReportedResult
from reluctant.records.study_records import StudyRecords
from reluctant.scores import Scores
from reluctant.scores.table_remarks import other_ends, same_for_all_seeds

FEWEST = 2  # seeds under which two arms must have reported the same, before they are taken for one


def reported_metrics(records: StudyRecords) -> Mapping[str, Metric]:
    """The metrics that were reported; the one that is to be reported while nothing is."""
    compare = records.study.compare
    name = compare.metric or UNNAMED
    return records.metrics or {name: reported_metric(name, (), True if compare.higher is None else compare.higher)}


def reported_remarks(scores: Scores, records: StudyRecords) -> tuple[str, ...]:
    """What a reader may not expect of these runs, a sentence each without full stop."""
    decides = next(iter(scores.metrics))
    lacking = [run for run in records.reported if run.diverged is None and not len(run.curve(decides))]
    sentences = list(filter(None, (*same_for_all_seeds(scores), other_ends(scores))))
    if decides == UNNAMED and records.study.compare.higher is None:
        sentences.append(
            f"of a {UNNAMED} more is taken to be better; write higher=False (under [compare] higher = false) if less is"
        )
    if lacking:
        first = lacking[0]
        names = dict.fromkeys(name for report in first.record.reports for name in report.scores)
        sentences.append(
            f"{count(len(lacking), 'run')} reported no {decides} and count as missing; the first is {first.arm}, seed "
            f"{first.seed}, which reported {', '.join(names)}"
        )
    return tuple(sentences)


def indistinguishable(records: StudyRecords) -> Withheld:
    """The pairs of arms that reported the same scores, to the last digit, wherever they share a run's other values."""
    groups: dict[tuple[object, ...], dict[str, ReportedResult]] = {}
    for run in records.reported:
        others = tuple((key, value) for key, value in run.run.to_dict().items() if key != "activation")
        groups.setdefault(others, {})[run.arm] = run
    reasons = {}
    for one, other in itertools.combinations(records.study.arms, 2):
        pairs = [(group[one], group[other]) for group in groups.values() if one in group and other in group]
        if len(pairs) >= FEWEST and all(_same_scores(*pair) for pair in pairs):
            reasons[frozenset((one, other))] = (
                f"both reported the same scores under {count(len(pairs), 'seed')}, to the last digit: the training "
                f"does not use what is compared, or the two are the same"
            )
    return reasons


def _same_scores(one: ReportedResult, other: ReportedResult) -> bool:
    """Whether two runs reported the same, and finite, scores."""
    if one.diverged is not None or other.diverged is not None:
        return False
    names = [name for name, curve in one.curves.items() if len(curve)]
    same = all(np.array_equal(one.curves[name], other.curves.get(name, np.empty(0))) for name in names)
    return bool(names) and same
