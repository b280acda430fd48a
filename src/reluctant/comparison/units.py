"""How amounts of a metric are written: points of a score, nats of a loss."""

from reluctant.metrics import Metric


def amount(metric: Metric, value: float, *, signed: bool = False) -> str:
    """A difference with its unit: `0.21 points`, `+0.0031 nats`."""
    sign = "+" if signed else ""
    if metric.name == "loss":
        return f"{value:{sign}.4f} nats".replace("-", "−")
    return f"{100 * value:{sign}.2f} points".replace("-", "−")


def margin_words(metric: Metric, margin: float) -> str:
    """`±0.2 points`, `±0.005 nats`."""
    return f"±{margin:g} nats" if metric.name == "loss" else f"±{100 * margin:g} points"


def span(metric: Metric, low: float, high: float) -> str:
    """Two amounts as a range, the smaller first: `0.12–0.31 points`."""
    least, most = sorted((abs(low), abs(high)))
    if metric.name == "loss":
        one, other, unit = f"{least:.4f}", f"{most:.4f}", "nats"
    else:
        one, other, unit = f"{100 * least:.2f}", f"{100 * most:.2f}", "points"
    return f"{one} {unit}" if one == other else f"{one}–{other} {unit}"


def called(metric: Metric) -> str:
    """The metric inside a sentence: `macro F1`, `accuracy`, `loss`."""
    title = metric.title if metric.title[:2] == "F1" or metric.title.isupper() else metric.title.lower()
    return f"macro {title}" if metric.name in ("precision", "recall", "f1") else title
