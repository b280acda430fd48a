"""What tables, figures and sentences call things: arms, data sets, settings, metrics."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from reluctant.catalogue import ACTIVATIONS, DATASETS
from reluctant.catalogue.metrics import CLASSIFICATION, TOKENS, Metric
from reluctant.core.display import normalised
from reluctant.core.errors import ReluctantError
from reluctant.core.names import Name, literal, parse
from reluctant.core.user_code import SESSION_MODULE
from reluctant.study import Run, Study

LONGEST = 26  # characters of a label; the whole name stands in the report's text
MACRO = ("f1", "precision", "recall")


def arm_labels(arms: Sequence[str]) -> dict[str, str]:
    """A short and distinct label for every arm."""
    short = [arm_label(arm) for arm in arms]
    labels = [clip(arm) if short.count(label) > 1 else label for arm, label in zip(arms, short, strict=True)]
    if len(set(labels)) < len(labels):  # clipped alike: number them
        labels = [f"{clip(label, LONGEST - 4)} #{i + 1}" for i, label in enumerate(labels)]
    return dict(zip(arms, labels, strict=True))


def arm_label(arm: str) -> str:
    """`LeakyReLU 0.002` for `leaky_relu(negative_slope=0.002)`; of user code what follows the colon.

    In a table an activation may have another of its names; it keeps that one.
    """
    try:
        name = parse(arm)
        title = name.head.rpartition(":")[2] if name.is_user_defined else _title(name.head)
    except ReluctantError:  # not the name of an activation, or of one that this version does not know
        return clip(arm)
    values = sorted(name.arguments.items())
    texts = (literal(v) if not isinstance(v, str) else f"{key} none" if v == "none" else v for key, v in values)
    return clip(" ".join([title, *texts]))


def _title(head: str) -> str:
    row = ACTIVATIONS[head]
    return row.title if normalised(head) in (normalised(row.name), normalised(row.title)) else head


def without_session(text: str) -> str:
    """`squash` for `here:squash`: an object of this session needs no module."""
    return text.removeprefix(f"{SESSION_MODULE}:")


def clip(text: str, longest: int = LONGEST) -> str:
    """The text in one line of printable characters, with an ellipsis where it is too long."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def dataset_title(dataset: str) -> str:
    """The data set's title with its note, so that no reader takes it for another."""
    try:
        name = parse(dataset)
        row = DATASETS[name.head]
    except ReluctantError:
        return clip(dataset.replace(f"{SESSION_MODULE}:data_", "data at hand, "), 60)
    title = _file_title(name) if name.arguments else row.title
    return f"{title} ({row.note})" if row.note else title


def _file_title(name: Name) -> str:
    """`flowers.csv, kind` for a table and its target, `photos` for a folder; else the whole name."""
    path = str(name.arguments.get("path") or name.arguments.get("root") or "")
    file = PurePath(path.replace("\\", "/")).name
    if not file:
        return clip(str(name), 60)
    target = str(name.arguments.get("target", ""))
    return clip(f"{file}, {target}" if target else file, 60)


def setting_text(setting: Mapping[str, Any]) -> str:
    """`lr = 0.01, batch_size = 32`."""
    return ", ".join(f"{axis} = {clip(_setting_value(value), 90)}" for axis, value in setting.items())


def _setting_value(value: object) -> str:
    """A value of an axis; code of this package without its module, its switches without `=True`."""
    try:
        name = parse(value)
    except ReluctantError:
        return str(value)
    if not name.is_user_defined or not name.head.startswith("reluctant."):
        return str(value)
    inside = ", ".join(k if v is True else f"{k}={literal(v)}" for k, v in sorted(name.arguments.items()))
    return name.head.rpartition(":")[2] + (f"({inside})" if inside else "")


def seed_text(run: Run, study: Study | None) -> str:
    """`3`, or `3 (control)` if the run is one of the baseline that `control = true` adds."""
    return f"{run.seed} (control)" if study and run.seed in study.control_seeds else str(run.seed)


def varied_text(run: Run, study: Study | None) -> str:
    """`lr = 0.01`: the run's values on the axes that its study varies; empty if it varies none."""
    return setting_text({axis: getattr(run, axis) for axis in (study.varied_axes if study else ())})


def slug(text: str) -> str:
    """A file name's part that any system accepts: letters, digits, `-`, `.` and `_`."""
    return re.sub(r"[^A-Za-z0-9.=_-]+", "_", text).strip("_.")[:60] or "_"


def metric_title(metric: Metric) -> str:
    """`Macro F1`, `Accuracy`, `Test loss`: what a figure calls a test score."""
    if metric.name == "loss" and metric.tasks:
        return "Test loss"
    return f"Macro {within_sentence(metric.title)}" if metric.name in MACRO and metric.tasks else metric.title


def within_sentence(title: str) -> str:
    """A title as it stands within a sentence: `accuracy`, but `F1` and `MCC`."""
    return title if title[:2].isupper() or title[:2] == "F1" else title[:1].lower() + title[1:]


def metric_words(metric: Metric) -> str:
    """The metric inside a sentence: `macro F1`, `accuracy`, `loss`."""
    return "loss" if metric.name == "loss" else within_sentence(metric_title(metric))


def count(number: int, one: str, many: str = "") -> str:
    """`1 seed`, `5 seeds`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def count_range(numbers: Sequence[int], one: str) -> str:
    """`5 seeds`, `4 to 5 seeds`: how many of something several have; zeros do not count."""
    known = [number for number in numbers if number]
    least, most = min(known, default=0), max(known, default=0)
    return count(most, one) if least == most else f"{least:,} to {most:,} {one}s"


def list_names(names: Sequence[str], many: str = "activations") -> str:
    """`a`, `a and b`, `a, b and c`; more than six are counted."""
    if len(names) > 6:
        return f"{len(names)} {many}"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def number_word(number: int) -> str:
    """`four` for 4; digits beyond twelve."""
    return _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"


def duration(seconds: float) -> str:
    """`42 s`, `3 min 20 s`, `1 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


@dataclass(frozen=True)
class Period:
    """What lies between two evaluations: an epoch, or so many steps."""

    steps: int = 0  # 0: an epoch

    @property
    def word(self) -> str:
        """`epoch` or `step`."""
        return "step" if self.steps else "epoch"

    @property
    def length(self) -> str:
        """`epoch`, or `250 steps`."""
        return count(self.steps, "step") if self.steps else "epoch"

    def number(self, evaluation: int) -> int:
        """The epochs or steps before an evaluation, counted from 1."""
        return evaluation * (self.steps or 1)


EPOCH = Period()


@dataclass(frozen=True)
class Subject:
    """The nouns of a study."""

    name: str  # what the study is called
    data: str = ""  # the title of the data; empty where not known
    task: str = CLASSIFICATION  # `classification`, `regression` or `tokens`
    items: str = "items"  # what the inputs are called: images, rows, signals
    arms: str = "arms"  # what the arms are called: activations
    reported: bool = False  # whether nothing but reported scores is known: no counts, no test items
    table: bool = False  # whether the scores come from somebody's table
    epochs: bool = True  # whether runs have scores of several epochs, or one only
    period: Period = EPOCH  # what lies between two scores of a run

    @property
    def after_last(self) -> str:
        """`after the last epoch`."""
        return f"after the last {self.period.word}"

    def when(self, at: str) -> str:
        """Which of a run's scores counts: `after the last epoch`, `at the step best on validation`."""
        word = self.period.word
        best, mean = f"at the {word} best on validation", f"averaged over the {word}s"
        return {"last": self.after_last, "best": best, "mean": mean}[at]

    @property
    def item(self) -> str:
        """One of the inputs."""
        return self.items.removesuffix("s")

    @property
    def probed(self) -> str:
        """What a unit has a value for: one of the inputs, or a token."""
        return "token" if self.task == TOKENS else self.item

    @property
    def arm(self) -> str:
        """One of the arms."""
        return self.arms.removesuffix("s")

    @property
    def test_part(self) -> str:
        """`the test images`; empty where nothing is known of them."""
        return "" if self.reported else f"the test {self.items}"
