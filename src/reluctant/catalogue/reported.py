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
UNNAMED = "score"  # what a reported number is called that has no name
MOST_DECIMALS = 6  # numbers with more were hardly rounded

_SHARES = frozenset((
    "acc", "accuracy", "f1", "precision", "recall", "sensitivity", "specificity", "auc", "auroc", "auprc", "map",
    "iou", "miou", "dice", "mcc", "kappa", "correct", "top1", "top5",
))  # fmt: skip
_HIGHER = _SHARES | {
    "bleu", "rouge", "meteor", "r2", "score", "reward", "return", "psnr", "ssim", "wins", "winrate", "elo", "success",
    "correlation", "spearman", "pearson", "throughput",
}  # fmt: skip
_LOWER = frozenset((
    "loss", "error", "err", "errors", "rmse", "mse", "mae", "mape", "perplexity", "ppl", "nll", "bpb", "bpc", "bpd",
    "fid", "wer", "cer", "ece", "brier", "entropy", "xent", "time", "seconds", "duration", "latency", "regret", "cost",
    "distance", "divergence", "kl", "runtime",
))  # fmt: skip
# words that turn a metric into something else: `loss_reduction`, `neg_mean_squared_error`, `epochs_to_accuracy`
_TURNS = frozenset((
    "neg", "negative", "inverse", "inv", "reduction", "improvement", "drop", "gap", "std", "stddev", "var", "variance",
    "rank", "to", "until", "gain", "saving", "savings", "scale", "forgetting", "delta", "diff", "difference", "change",
    "ratio", "slope", "grad", "gradient", "weight", "coef", "coefficient", "threshold", "epochs", "steps", "per",
))  # fmt: skip
_QUALIFIERS = frozenset((
    "train", "training", "val", "valid", "validation", "dev", "eval", "test", "testing", "holdout", "best", "final",
    "last", "max", "mean", "avg", "average", "macro", "micro", "weighted", "balanced", "top", "score", "rate", "pct",
    "percent", "percentage", "ema", "clean", "robust", "overall", "total", "classification", "cls", "1", "5", "at",
    "roc", "pr", "k",
))  # fmt: skip
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
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", without_prefix(name).strip())
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
    ordered = name_words(name)
    words = set(ordered)
    if words & _TURNS or ordered[:1] == ["1"]:  # `1-accuracy`
        return None
    lower, higher = bool(words & _LOWER), bool(words & _HIGHER)
    if lower and words & _HIGHER <= {"top1", "top5"}:
        return False  # `top1_error`
    return higher if lower != higher else None


def looks_like_a_score(name: str) -> bool:
    """Whether a column's name is that of a metric, times and costs left out."""
    words = set(name_words(name))
    others = {"time", "seconds", "duration", "latency", "cost", "throughput", "runtime"}
    return direction(name) is not None and not words & others


def reported_metric(
    name: str, values: npt.ArrayLike = (), higher: bool | None = None, *, percent: bool = False
) -> Metric:
    """The metric of a reported name; its unit and the margin that goes with it follow from the values.

    A share (accuracy, F1, …) has a margin of 0.002, or 0.2 where it is reported in percent, and R² that of the
    catalogue. Every other metric has a margin of 0: nothing is known of its unit.

    Args:
        name: As it is reported: `accuracy`, `val_loss`, `metrics.test_acc`.
        values: All scores that were reported.
        higher: Whether more is better; by the name unless given.
        percent: Whether the values are written with a percent sign.

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
    better = bool(expected if higher is None else higher)
    if known is not None and known.unit != "share of 1":
        unit, margin = (NUMBER, 0.0) if known.name == "loss" else (known.unit, known.margin)
        return replace(known, name=name, higher=better, aliases=(known.name,), unit=unit, margin=margin, tasks=())
    unit = NUMBER if expected is None or better != expected else _scale(name, finite)
    if percent and unit != "share of 1":
        unit = PERCENT
    margin = {"share of 1": 0.002, PERCENT: 0.2}.get(unit, 0.0)
    title, meaning = (known.title, known.meaning) if known is not None else (words, f"{name}, as reported")
    return Metric(name, title, better, margin, meaning, None, (words,) if words != name else (), unit, ())


def _scale(name: str, finite: npt.NDArray[np.float64]) -> str:
    """`share of 1`, `percent`, or `number` for what is no share; `StudyError` where both are there."""
    words = set(name_words(name))
    if words & {"wer", "cer"} and words <= _QUALIFIERS | {"wer", "cer"}:
        most = 3.0  # more words may be wrong than there are
    elif (words & (_SHARES | {"error", "err"})) and words <= _SHARES | _QUALIFIERS | {"error", "err", "ece"}:
        most = 1.0
    else:
        return NUMBER
    if finite.size and (finite.min() < -1 or finite.max() > 100):
        return NUMBER
    if words & {"pct", "percent", "percentage"}:
        return PERCENT
    if not finite.size or finite.max() <= most:
        return "share of 1"
    small = finite[(finite > 0) & (finite < most)]  # 1 may be a per cent: chance among a hundred classes
    if small.size and np.abs(100 * np.median(small) - np.median(finite[finite > most])) < 30:
        raise StudyError(
            f"{name} has shares of 1 ({small[0]:g}) and percentages ({finite[finite > most][0]:g}) mixed; write all "
            f"scores in one unit"
        )
    return PERCENT


def doubtful_unit(metric: Metric, values: npt.ArrayLike) -> str:
    """What is doubtful about percentages: some are no more than 1, as a share is; empty where none is."""
    reported = np.asarray(values, float)
    small = reported[np.isfinite(reported) & (reported > 0) & (reported < 1)]
    if metric.unit != PERCENT or not small.size:
        return ""
    return f"{metric.name} is taken for percentages, and {small.size} of its values are below 1 ({small[0]:g})"


def decimals_of(values: npt.ArrayLike) -> int | None:
    """The most decimals of any number, as it is written in its shortest form; None for more than six: not rounded."""
    most = 0
    for value in np.asarray(values, float):
        if np.isfinite(value):
            mantissa, _, exponent = repr(float(value)).partition("e")
            decimals = len(mantissa.partition(".")[2].rstrip("0")) - int(exponent or 0)
            most = max(most, decimals)
            if most > MOST_DECIMALS:
                return None
    return most


def splits_of(name: str, columns: Iterable[str]) -> dict[str, str]:
    """The columns that hold this metric on each split: the one that is named is that of the test split."""
    others = [column for column in columns if column != name]
    pairs = {split: same_metric(name, split, others) for split in SPLITS if split not in ("test", split_of(name))}
    return {"test": name} | {split: column for split, column in pairs.items() if column is not None}
