"""Metrics that others report: what a name such as `val_top1_error` says of its direction, its unit and its split."""

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import METRICS, SPLITS, Metric
from reluctant.core.display import normalised
from reluctant.core.errors import StudyError

PREFIXES = ("config.", "params.", "metrics.", "hparams.", "hparams/", "params/", "metrics/", "summary.", "summary/",
            "user_attrs_", "params_", "config/", "tags.")  # fmt: skip  # of W&B, MLflow, TensorBoard and Optuna

PERCENT, NUMBER = "percent", "number"

_SHARES = frozenset((
    "acc", "accuracy", "f1", "precision", "recall", "sensitivity", "specificity", "auc", "auroc", "auprc", "ap", "map",
    "iou", "miou", "dice", "mcc", "kappa", "success", "correct", "top1", "top5",
))  # fmt: skip
_HIGHER = _SHARES | {
    "bleu", "rouge", "meteor", "r2", "score", "reward", "return", "psnr", "ssim", "wins", "winrate", "elo",
    "correlation", "spearman", "pearson", "throughput",
}  # fmt: skip
_LOWER = frozenset((
    "loss", "error", "err", "errors", "rmse", "mse", "mae", "mape", "perplexity", "ppl", "nll", "bpb", "bpc", "bpd",
    "fid", "wer", "cer", "ece", "brier", "entropy", "xent", "time", "seconds", "duration", "latency", "regret", "cost",
    "distance", "divergence", "kl",
))  # fmt: skip
_RATES = _SHARES | {"error", "err", "wer", "cer", "ece"}
_SPLIT_WORDS = {
    "train": "train", "training": "train", "val": "valid", "valid": "valid", "validation": "valid", "dev": "valid",
    "eval": "valid", "test": "test", "testing": "test", "holdout": "test",
}  # fmt: skip
_SQUARED = {
    "mean",
    "squared",
    "absolute",
    "square",
    "root",
    "mse",
    "rmse",
    "mae",
}  # an error in other units than shares


def name_words(name: str) -> list[str]:
    """`val_top1Acc` → val, top1, acc: the words of a column's name, in small letters."""
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", without_prefix(name))
    return [word for word in re.split(r"[^a-z0-9]+", parts.lower()) if word]


def without_prefix(name: str) -> str:
    """A column's name without what a tracker writes before it: `activation` for `config.activation`."""
    return next((name[len(prefix) :] for prefix in PREFIXES if name.startswith(prefix) and name != prefix), name)


def split_of(name: str) -> str:
    """The split that a metric's name speaks of: `train`, `valid` or `test`; empty where it names none."""
    return next((_SPLIT_WORDS[word] for word in name_words(name) if word in _SPLIT_WORDS), "")


def same_metric(name: str, split: str, columns: Iterable[str]) -> str | None:
    """The column with the same metric on another split: `val_accuracy` for `test_accuracy` and `valid`."""
    words = [word for word in name_words(name) if word not in _SPLIT_WORDS]
    for column in columns:
        if split_of(column) == split and [w for w in name_words(column) if w not in _SPLIT_WORDS] == words:
            return column
    return None


def direction(name: str) -> bool | None:
    """Whether more is better, by a metric's name; None where it does not say."""
    words = set(name_words(name))
    lower, higher = bool(words & _LOWER), bool(words & _HIGHER)
    if lower and words & _HIGHER <= {"top1", "top5"}:
        return False  # `top1_error`
    return higher if lower != higher else None


def looks_like_a_score(name: str) -> bool:
    """Whether a column's name is that of a metric, times and costs left out."""
    words = set(name_words(name))
    return direction(name) is not None and not words & {"time", "seconds", "duration", "latency", "cost", "throughput"}


def reported_metric(name: str, values: npt.ArrayLike = (), higher: bool | None = None) -> Metric:
    """The metric of a reported name; its unit and the margin that goes with it follow from the values.

    A share (accuracy, F1, …) has a margin of 0.002, or 0.2 where it is reported in percent, and R² that of the
    catalogue. Every other metric has a margin of 0: nothing is known of its unit.

    Args:
        name: As it is reported: `accuracy`, `val_loss`, `metrics.test_acc`.
        values: All scores that were reported.
        higher: Whether more is better; by the name unless given.

    Raises:
        StudyError: The name does not say whether more is better, or shares and percentages are mixed.
    """
    reported = np.asarray(values, float)
    finite = reported[np.isfinite(reported)]
    words = without_prefix(name)
    known = next((m for m in METRICS if normalised(words) in {normalised(a) for a in (m.name, *m.aliases)}), None)
    expected = direction(name) if known is None else known.higher
    if higher is None and expected is None:
        raise StudyError(
            f"the name {name!r} does not say whether more is better; add --higher or --lower (in Python higher=True or "
            f"higher=False; in a study file higher = true under [compare])"
        )
    better = expected if higher is None else higher
    if known is not None and known.unit != "share of 1":
        unit, margin = (NUMBER, 0.0) if known.name == "loss" else (known.unit, known.margin)
        return replace(known, name=name, higher=bool(better), aliases=(known.name,), unit=unit, margin=margin, tasks=())
    unit = _scale(name, finite)
    margin = {"share of 1": 0.002, PERCENT: 0.2}.get(unit, 0.0)
    title, meaning = (known.title, known.meaning) if known is not None else (words, f"{name}, as reported")
    return Metric(name, title, bool(better), margin, meaning, None, (words,) if words != name else (), unit, ())


def _scale(name: str, finite: npt.NDArray[np.float64]) -> str:
    """`share of 1`, `percent`, or `number` for what is no share; `StudyError` where both are there."""
    words = set(name_words(name))
    if not words & _RATES or words & _SQUARED or (finite.size and (finite.min() < -1 or finite.max() > 100)):
        return NUMBER
    if not finite.size or finite.max() <= 1:
        return "share of 1"
    small = finite[(finite > 0) & (finite <= 1)]
    if small.size and np.abs(100 * np.median(small) - np.median(finite[finite > 1])) < 30:
        raise StudyError(
            f"{name} has shares of 1 ({small[0]:g}) and percentages ({finite[finite > 1][0]:g}) mixed; write all "
            f"scores in one unit"
        )
    return PERCENT


def splits_of(name: str, columns: Iterable[str]) -> dict[str, str]:
    """The columns that hold this metric on each split: the one that is named is that of the test split."""
    others = [column for column in columns if column != name]
    pairs = {split: same_metric(name, split, others) for split in SPLITS if split not in ("test", split_of(name))}
    return {"test": name} | {split: column for split, column in pairs.items() if column is not None}
