"""A `Study`: what to compare, validated whole before anything trains. A list is an axis."""

import itertools
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from reluctant.catalogue.metrics import CLASSIFICATION, METRICS, USUAL, metric
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.user_objects import SESSION_MODULE
from reluctant.study.axes import (
    STRICT,
    Activations,
    Augmentations,
    Datasets,
    Epochs,
    Flags,
    Fractions,
    Initialisations,
    Models,
    Name,
    Norms,
    Optimizers,
    Patience,
    Pixels,
    Procedures,
    Rates,
    Schedules,
    Seeds,
    Shares,
    Sizes,
    Text,
    Threads,
)
from reluctant.study.claim import ActivationName, At, Claim, MetricName
from reluctant.study.faults import report
from reluctant.study.files import study_text
from reluctant.study.published import Publications, Published
from reluctant.study.run import Run
from reluctant.study.schedule import fault_of
from reluctant.study.seeds import as_table, levels

MANY = 10_000  # runs; more than this wants a second thought
AXES = (
    "dataset",
    "model",
    "init",
    "optimizer",
    "lr",
    "batch_size",
    "epochs",
    "train_fraction",
    "threads",
    "keep_weights",
    "robustness",
    "procedure",
    "pixels",
    "schedule",
    "clip_norm",
    "label_smoothing",
    "augment",
    "patience",
)  # in the order in which they vary, between the seeds (slowest) and the activations (fastest)


class Compare(BaseModel):
    """What decides: the metric, the activation the others are held against, the margin that matters.

    `at` is the score that counts: after the last epoch, after the epoch that is best on validation, or the
    mean over the epochs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: MetricName = "f1"
    baseline: ActivationName | None = None
    margin: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] | None = None
    at: At = "last"


class Study(BaseModel):
    """The question: which activations, in which network, on which data, with which seeds.

    `name`, `about`, `task`, `control`, `choose`, `compare`, `claim` and `published` are told of the study;
    every other field takes one value or a list, and a list is an axis. `schedule` is how the learning rate
    goes, `clip_norm` the largest norm of all gradients together (0: any), `label_smoothing` the share of a
    label given to all classes alike, `augment` what is done to training images, `patience` after how many
    epochs without a lower validation loss a run stops (0: never).
    Raises `StudyError` naming every fault at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name = "study"
    about: Text = ""
    activation: Activations
    seed: Seeds = (0, 1, 2, 3, 4)
    dataset: Datasets = (Run.dataset,)
    model: Models = (Run.model,)
    init: Initialisations = (Run.init,)
    optimizer: Optimizers = (Run.optimizer,)
    lr: Rates = (Run.lr,)
    batch_size: Sizes = (Run.batch_size,)
    epochs: Epochs = (Run.epochs,)
    train_fraction: Fractions = (Run.train_fraction,)
    threads: Threads = (Run.threads,)
    keep_weights: Flags = (Run.keep_weights,)
    robustness: Flags = (Run.robustness,)
    procedure: Procedures = (Run.procedure,)
    pixels: Pixels = ("standardised",)
    schedule: Schedules = (Run.schedule,)
    clip_norm: Norms = (Run.clip_norm,)
    label_smoothing: Shares = (Run.label_smoothing,)
    augment: Augmentations = (Run.augment,)
    patience: Patience = (Run.patience,)
    control: Annotated[bool, STRICT] = False
    task: Literal["classification", "regression"] = "classification"
    choose: Literal["lr"] | None = None
    compare: Compare = Compare()
    claim: tuple[Claim, ...] = ()
    published: Publications = ()

    def __init__(self, /, **given: Any) -> None:
        try:
            super().__init__(**_with_metric(given))
        except ValidationError as fault:
            tables: dict[str, type[BaseModel]] = {"compare": Compare, "claim": Claim, "published": Published}
            keys = {"": _keys(Study), **{name: _keys(table) for name, table in tables.items()}}
            raise StudyError(report(fault, keys)) from None

    @field_validator("compare")
    @classmethod
    def _baseline_takes_part(cls, compare: Compare, info: ValidationInfo) -> Compare:
        activations = info.data.get("activation")  # None where these have faults of their own
        if activations and compare.baseline is not None and compare.baseline not in activations:
            first = next(iter(activations))
            message = (
                f"compare.baseline: {compare.baseline!r} is not among the activations "
                f"({', '.join(activations)}); add it to them, or write baseline = {first!r} "
                f"(on the command line --set 'compare.baseline={first}')"
            )
            raise PydanticCustomError("astray", "{fault}", {"fault": message})
        return compare

    @model_validator(mode="after")
    def _metrics_of_the_task(self) -> Self:
        asked = {"compare": self.compare.metric, **{f"claim {c.says!r}": c.metric for c in self.claim}}
        for where, name in asked.items():
            if self.task not in metric(name).tasks:
                known = ", ".join(each.name for each in METRICS if self.task in each.tasks)
                message = f"{where}: {name} is no metric of {self.task}; these are: {known}"
                raise PydanticCustomError("astray", "{fault}", {"fault": message})
        return self

    @field_validator("choose")
    @classmethod
    def _something_to_choose_from(cls, choose: str | None, info: ValidationInfo) -> str | None:
        if choose is not None and len(info.data.get(choose, ())) == 1:
            raise ValueError(f"there is only one {choose} to choose from; give a list")
        return choose

    @field_validator("schedule")
    @classmethod
    def _warm_before_the_end(cls, schedules: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        shortest = min(info.data.get("epochs", (math.inf,)))  # none where these have faults of their own
        for fault in (fault_of(schedule, shortest) for schedule in schedules):
            if fault:
                raise PydanticCustomError("astray", "{fault}", {"fault": fault})
        return schedules

    @model_validator(mode="after")
    def _sources_decide_nothing(self) -> Self:
        asked = [key for key in ("control", "choose", "claim", "published") if getattr(self, key)]
        if self.sources and asked:
            keys = " and ".join(asked)
            message = (
                f"seed: a table takes the spread apart and compares nothing; leave out {keys}, or give "
                f"seed = [0, 1, …]"
            )
            raise PydanticCustomError("astray", "{fault}", {"fault": message})
        return self

    @property
    def sources(self) -> dict[str, tuple[int, ...]]:
        """The seeds of every source of randomness where a `[seed]` table gives them; else empty."""
        return levels(self.seed)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims that can be tested here: those whose activations all take part."""
        return tuple(c for c in self.claim if set(c.activations) <= set(self.activation))

    @property
    def folder(self) -> Path:
        """Where the study goes unless told otherwise: a folder in `out`, whatever the name holds."""
        return Path("out") / (re.sub(r"[^\w.() -]", "_", self.name).strip(". ") or "study")

    @property
    def baseline(self) -> str:
        """The activation the others are held against: the first, unless the study says otherwise."""
        return self.compare.baseline or self.activation[0]

    @property
    def size(self) -> int:
        """The number of runs, those of the control among them."""
        settings = math.prod(len(getattr(self, axis)) for axis in AXES)
        return len(self.seed) * settings * (len(self.activation) + self.control)

    @property
    def control_seeds(self) -> tuple[int, ...]:
        """The other seeds under which `control = true` trains the baseline again."""
        if not self.control:
            return ()
        last = max(seed for seed in self.seed if isinstance(seed, int))
        return tuple(range(last + 1, last + 1 + len(self.seed)))

    def runs(self) -> Iterator[Run]:
        """All runs. Seeds vary slowest, so that a study stopped early is balanced."""
        names = ("seed", *AXES, "activation")
        again = self.control_seeds or (None,) * len(self.seed)
        for seed, other in zip(self.seed, again, strict=True):
            for values in itertools.product((seed,), *(getattr(self, name) for name in names[1:])):
                yield Run(**dict(zip(names, values, strict=True)))
            if other is not None:
                for values in itertools.product(*(getattr(self, axis) for axis in AXES)):
                    yield Run(self.baseline, other, *values)

    @classmethod
    def read(cls, source: str | Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """The study of a bundled name or a TOML file; `overrides` replace its keys (`{"seed": [0]}`)."""
        text, origin = study_text(source)
        try:
            given = tomllib.loads(text)
        except (ValueError, RecursionError) as fault:  # a huge number or a deep nesting is no TOMLDecodeError
            raise StudyError(f"{origin} is not TOML: {fault}") from None
        for path, value in (overrides or {}).items():
            _put(given, path, value)
        try:
            return cls(**given)
        except ReluctantError as fault:
            raise StudyError(f"{origin}: {fault}") from None

    def to_toml(self, *, objects: bool = False) -> str:
        """The study as a file that `read` understands; lists of one value are written as the value.

        Raises `StudyError` for a study of objects of a Python session, which no file can name, unless
        `objects` is true: then it can be read, and its results, and nothing be trained by it elsewhere.
        """
        if not objects:
            _refuse_objects(self)
        written: dict[str, Any] = {"name": self.name}
        if self.about:
            written["about"] = self.about
        for name in ("dataset", "model", "activation", *AXES[2:], "seed"):
            values = getattr(self, name)
            written[name] = values[0] if len(values) == 1 else list(values)
        if self.task != CLASSIFICATION:
            written["task"] = self.task
        if self.sources:
            written["seed"] = as_table(self.seed)
        if self.control:
            written["control"] = True
        if self.choose:
            written["choose"] = self.choose
        written["compare"] = self.compare.model_dump(exclude_none=True)
        if self.claim:
            written["claim"] = [claim.written() for claim in self.claim]
        if self.published:
            written["published"] = [each.written() for each in self.published]
        return tomli_w.dumps(written)


def _refuse_objects(study: Study) -> None:
    names = (*study.activation, *study.model, *study.dataset, *study.procedure)
    if here := [name for name in names if name.startswith(f"{SESSION_MODULE}:")]:
        raise StudyError(
            f"{' and '.join(here)} {'is an object' if len(here) == 1 else 'are objects'} of this Python "
            f"session, which no file can name; put the code into a module and name it module:name, and data "
            f"into a file (npz, csv) or a function of that module"
        )


def _with_metric(given: dict[str, Any]) -> dict[str, Any]:
    """The study with the metric that is usual for its task, where none is named."""
    compare = given.get("compare", {})
    usual = USUAL.get(str(given.get("task")))
    if usual is None or not isinstance(compare, Mapping) or "metric" in compare:
        return given
    return {**given, "compare": {**compare, "metric": usual}}


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _put(given: dict[str, Any], path: str, value: Any) -> None:
    *tables, key = path.split(".")
    for table in tables:
        given = given.setdefault(table, {})
        if not isinstance(given, dict):
            raise StudyError(
                f"--set {path}: {table!r} is no table of the study; give its value, --set {table}=…, or "
                f"write the table [{table}] in a study file"
            )
    given[key] = value
