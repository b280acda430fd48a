"""Verdicts as JSON, for a machine that asks: docs/judge.md describes the keys."""

import json
from typing import Any

import numpy as np

from reluctant.analysis import Comparison, Contrast, ReportData, VerdictRow, headline
from reluctant.core.environment import version
from reluctant.statistics import Interval

SCHEMA = 1  # raised when a key changes its meaning


def verdicts_json(data: ReportData) -> str:
    """The question, the sentences and every comparison of an analysis, as JSON of schema 1."""
    question = data.question
    content = {
        "schema": SCHEMA,
        "reluctant": version("reluctant"),
        "name": data.subject.name,
        "source": data.subject.data,
        "question": {
            "metric": question.metric.name,
            "higher": question.metric.higher,
            "margin": question.margin,
            "baseline": question.baseline,
            "at": question.at,
            "looks": question.looks,
            "paired": question.paired,
        },
        "runs": {"finished": data.finished, "missing": data.missing},
        "sentences": list(headline(data)),
        "notes": list(data.notes),
        "remarks": list(data.remarks),
        "comparisons": [_comparison(each) for each in data.comparisons],
        "over_settings": [
            {
                "arm": each.arm,
                "settings": each.difference.settings,
                "difference": _number(each.difference.mean),
                "interval": _ends(each.difference.low, each.difference.high),
                "verdict": str(each.verdict.value),
            }
            for each in data.overall
        ],
        "claims": [
            {"setting": dict(setting.setting), "says": judged.claim.says, "outcome": str(judged.outcome.value)}
            for setting in (data.settings if question.claims else ())
            for judged in setting.claims
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "setting": dict(comparison.setting),
        "chosen": [{"arm": each.arm, each.axis: each.value} for each in comparison.selected],
        "may_be_best": list(comparison.may_be_best),
        "arms": [_arm(comparison, row) for row in comparison.rows],
    }


def _arm(comparison: Comparison, row: VerdictRow) -> dict[str, Any]:
    score: Interval = row.score
    arm = {
        "arm": row.arm,
        "runs": score.n,
        "lost": comparison.lost(row.arm),
        "mean": _number(score.mean),
        "mean_interval": _ends(score.low, score.high),
        "verdict": "baseline",
    }
    return arm if row.contrast is None else arm | _against_baseline(row.contrast)


def _against_baseline(contrast: Contrast) -> dict[str, Any]:
    difference, decision = contrast.difference, contrast.decision
    return {
        "verdict": str(contrast.verdict.value),
        "reason": decision.reason,
        "pairs": difference.n,
        "difference": _number(difference.mean),
        "standard_deviation": _number(difference.std),
        "interval_95": _ends(difference.low, difference.high),
        "interval": _ends(*(contrast.interval or (None, None))),
        "p": _number(difference.p),
        "p_corrected": _number(difference.corrected),
        "more_seeds": None if decision.more_seeds is None else list(decision.more_seeds),
    }


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _ends(low: float | None, high: float | None) -> list[float | None] | None:
    return None if low is None or high is None else [_number(low), _number(high)]
