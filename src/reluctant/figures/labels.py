"""What figures call things: activations in short, the data set with its note, the seeds, the setting."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from reluctant.analysis.comparison.inputs import described, items
from reluctant.analysis.comparison.units import unit_of
from reluctant.catalogue import ACTIVATIONS, DATASETS
from reluctant.catalogue.metrics import metric as named
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.names import Name, literal, parse
from reluctant.core.user_objects import SESSION_MODULE
from reluctant.figures.style import Mark, mark
from reluctant.records.study_results import Results

MACRO = ("f1", "precision", "recall")
LONGEST = 26  # characters of a label; the whole name stands in the report's text


def marks(results: Results) -> dict[str, Mark]:
    """The mark of every activation of the study, in its order."""
    names = results.activations
    short = [shortened(name) for name in names]
    labels = [
        clip(name) if short.count(label) > 1 else label for name, label in zip(names, short, strict=True)
    ]
    if len(set(labels)) < len(labels):  # clipped alike: number them
        labels = [f"{clip(label, LONGEST - 4)} #{i + 1}" for i, label in enumerate(labels)]
    return {name: mark(i, label) for i, (name, label) in enumerate(zip(names, labels, strict=True))}


def shortened(activation: str) -> str:
    """`LeakyReLU 0.002` for `leaky_relu(negative_slope=0.002)`; one's own by what follows the colon."""
    try:
        name = parse(activation)
        title = name.head.rpartition(":")[2] if name.is_user_defined else ACTIVATIONS[name.head].title
    except ReluctantError:  # a record of another version may name what this one does not know
        return clip(activation)
    values = [name.arguments[key] for key in sorted(name.arguments)]
    return clip(" ".join([title, *map(_value, values)]))


def _value(value: object) -> str:
    return value if isinstance(value, str) else literal(value)


def clip(text: str, longest: int = LONGEST) -> str:
    """The text in one line of printable signs, with an ellipsis where it is too long."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def data_title(results: Results) -> str:
    """The data set's title with its note, so that no reader takes it for another."""
    return "; ".join(map(_dataset, results.study.dataset))


def _dataset(dataset: str) -> str:
    try:
        row = DATASETS[parse(dataset).head]
    except ReluctantError:
        return clip(dataset.replace(f"{SESSION_MODULE}:data_", "data at hand, "), 60)
    own = _of_file(parse(dataset)) if parse(dataset).arguments else row.title
    return f"{own} ({row.note})" if row.note else own


def _of_file(name: Name) -> str:
    """`flowers.csv, kind` for a table and its target, `photos` for a folder; else the whole name."""
    where = str(name.arguments.get("path") or name.arguments.get("root") or "")
    short = PurePath(where.replace("\\", "/")).name
    if not short:
        return clip(str(name), 60)
    target = str(name.arguments.get("target", ""))
    return clip(f"{short}, {target}" if target else short, 60)


def classes(results: Results, count: int) -> tuple[str, ...]:
    """What the classes are called, or their numbers where that is not known."""
    kept = described(results)
    if kept and len(kept["classes"]) == count:
        return tuple(clip(str(name)) for name in kept["classes"])
    try:
        known = DATASETS[parse(results.study.dataset[0]).head].classes
    except ReluctantError:
        known = ()
    return known if len(known) == count else tuple(map(str, range(count)))


def metric_title(metric: str) -> str:
    """`Macro F1`, `Accuracy`, `Evaluation loss`: what a figure calls a test score."""
    chosen = named(metric)
    if chosen.name == "loss":
        return "Evaluation loss"
    return f"Macro {within_sentence(chosen.title)}" if chosen.name in MACRO else chosen.title


def metric_axis(results: Results, metric: str) -> str:
    """`macro F1 (share of 1)`, `loss (nats per image)`: what an axis with this metric is called."""
    title = "loss" if named(metric).name == "loss" else metric_title(metric)
    return f"{within_sentence(title)} ({unit_of(results, metric).axis})"


def test_part(results: Results) -> str:
    """`the test images`, or what else the inputs are."""
    return f"the test {items(results)}"


def within_sentence(title: str) -> str:
    """A title as it stands within a sentence: `accuracy`, but `F1` and `MCC`."""
    return title if title[:2].isupper() or title[:2] == "F1" else title[0].lower() + title[1:]


def count(number: int, one: str, many: str = "") -> str:
    """`1 seed`, `5 seeds`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def seeds(results: Results, activation: str | None = None) -> str:
    """`mean of 5 seeds, band: …`, with what is missing, diverged or too few said."""
    chosen = [activation] if activation else list(results.activations)
    kept = [sum(r.diverged is None for r in results.of(a)) for a in chosen]
    few, many = min(filter(None, kept), default=0), max(kept, default=0)
    if many == 0:
        return "no finished run"
    if many == 1:
        return "one seed: no interval"
    number = count(many, "seed") if few == many else f"{few} to {many} seeds"
    caution = " (under five seeds: wide and uncertain)" if few < 5 else ""
    return f"mean of {number}, band: 95 % interval of the mean{caution}"


def diverged(results: Results, activation: str) -> tuple[int, int]:
    """How many runs of an activation diverged, and of how many finished ones."""
    runs = results.of(activation)
    return sum(r.diverged is not None for r in runs), len(runs)


def left_out(results: Results, *activations: str) -> str:
    """`2 of 20 runs diverged and are left out`, empty where none did."""
    chosen = activations or results.activations
    lost = sum(diverged(results, a)[0] for a in chosen)
    total = sum(diverged(results, a)[1] for a in chosen)
    return (
        f"{lost} of {count(total, 'run')} diverged and {'is' if lost == 1 else 'are'} left out"
        if lost
        else ""
    )


def setting_words(setting: Mapping[str, Any]) -> str:
    """`lr = 0.01, batch_size = 32`."""
    return ", ".join(f"{axis} = {clip(_setting(value), 90)}" for axis, value in setting.items())


def _setting(value: object) -> str:
    """A value of an axis; code of this package without its module, its switches without `=True`."""
    try:
        name = parse(value)
    except ReluctantError:
        return str(value)
    if not name.is_user_defined or not name.head.startswith("reluctant."):
        return str(value)
    inside = ", ".join(k if v is True else f"{k}={literal(v)}" for k, v in sorted(name.arguments.items()))
    return name.head.rpartition(":")[2] + (f"({inside})" if inside else "")


def slug(text: str) -> str:
    """A file name's part that any system takes: letters, digits, `-`, `.` and `_`."""
    return re.sub(r"[^A-Za-z0-9.=_-]+", "_", text).strip("_.")[:60] or "_"


def one_setting(results: Results) -> None:
    """`StudyError` where the study varies more than activation and seed."""
    if len(results.settings) > 1:
        axes = ", ".join(results.settings[0])
        raise StudyError(
            f"the study varies {axes}; draw one setting at a time: results.at(results.settings[0])"
        )
