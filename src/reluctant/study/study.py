"""A `Study`: what to compare, validated before anything trains. A list is an axis."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from reluctant.catalogue.metrics import USUAL
from reluctant.core.errors import StudyError
from reluctant.core.validation import CUSTOM, validation_message
from reluctant.study import axes
from reluctant.study.files import read_study_file, refuse_session_objects
from reluctant.study.growth import UntilDecided, with_first_seeds
from reluctant.study.rules import activation_fault, study_fault
from reluctant.study.run import Run
from reluctant.study.schedule import schedule_fault
from reluctant.study.seeds import levels
from reluctant.study.steps import with_evaluations
from reluctant.study.tables import Claim, Compare, Publications, PublishedNumber
from reluctant.study.written import written_content

MANY = 10_000  # runs; more than this must be confirmed
# In the order in which they vary, between the seeds (slowest) and the activations (fastest).
AXES = tuple(field.name for field in fields(Run) if field.name not in ("activation", "seed"))


class Study(BaseModel):
    """The question: which activations, in which network, on which data, with which seeds.

    `name`, `about`, `steps`, `evaluate_every`, `task`, `control`, `choose`, `compare`, `until_decided`, `claim` and
    `published` have one value for the study; every other field takes one value or a list, and a list is an axis. With
    `seed = "until decided"` the study grows until every comparison is decided. docs/study.md describes every key.
    Raises `StudyError`: every fault at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: axes.Name = "study"
    about: axes.Text = ""
    arm: axes.Arms = ()
    activation: axes.Activations = ()
    seed: axes.Seeds = (0, 1, 2, 3, 4)
    dataset: axes.Datasets = (Run.dataset,)
    model: axes.Models = (Run.model,)
    init: axes.Initialisations = (Run.init,)
    optimizer: axes.Optimizers = (Run.optimizer,)
    lr: axes.Rates = (Run.lr,)
    batch_size: axes.Sizes = (Run.batch_size,)
    epochs: axes.Epochs = (Run.epochs,)
    steps: axes.Steps = (Run.steps,)
    evaluate_every: axes.Interval = 0
    train_fraction: axes.Fractions = (Run.train_fraction,)
    threads: axes.Threads = (Run.threads,)
    keep_weights: axes.Flags = (Run.keep_weights,)
    robustness: axes.Flags = (Run.robustness,)
    procedure: axes.Procedures = (Run.procedure,)
    pixels: axes.Pixels = ("standardised",)
    schedule: axes.Schedules = (Run.schedule,)
    clip_norm: axes.Norms = (Run.clip_norm,)
    label_smoothing: axes.Shares = (Run.label_smoothing,)
    augment: axes.Augmentations = (Run.augment,)
    patience: axes.Patience = (Run.patience,)
    train: axes.Functions = (Run.train,)
    command: axes.Commands = (Run.command,)
    precision: axes.Precisions = ("float32",)
    compile: axes.Flags = (Run.compile,)
    accumulate: axes.Groups = (Run.accumulate,)
    class_weights: axes.ClassWeights = (Run.class_weights,)
    loss: axes.Losses = (Run.loss,)
    control: axes.Flag = False
    task: Literal["classification", "regression", "tokens"] = "classification"
    choose: Literal["lr"] | None = None
    compare: Compare = Compare()
    until_decided: UntilDecided | None = None
    claim: tuple[Claim, ...] = ()
    published: Publications = ()

    def __init__(self, /, **content: Any) -> None:
        compare, usual = content.get("compare", {}), USUAL.get(str(content.get("task")))
        if {*map(str, _listed(content, "train")), *map(str, _listed(content, "command"))} - {""}:
            usual = ""  # what is reported decides
        if usual is not None and isinstance(compare, Mapping) and "metric" not in compare:
            content = {**content, "compare": {**compare, "metric": usual}}
        elif isinstance(compare, Mapping) and compare.get("metric") == "" and usual != "":
            content = {**content, "compare": {**compare, "metric": usual or Compare().metric}}
        content = with_evaluations(with_first_seeds(content))
        try:
            super().__init__(**content)
        except ValidationError as fault:
            tables: dict[str, type[BaseModel]] = {
                "compare": Compare, "until_decided": UntilDecided, "claim": Claim, "published": PublishedNumber,
            }  # fmt: skip
            keys = {
                name: [field.alias or key for key, field in table.model_fields.items()]
                for name, table in (tables | {"": Study}).items()
            }
            raise StudyError(validation_message(fault, keys, positions_in=("claim", "published"), most=20)) from None

    @field_validator("compare")
    @classmethod
    def _baseline_is_an_activation(cls, compare: Compare, info: ValidationInfo) -> Compare:
        activations = info.data.get("arm") or info.data.get("activation")  # none where these are faulty
        if activations and compare.baseline is not None and compare.baseline not in activations:
            if not info.data.get("arm") and (fault := activation_fault(compare.baseline)):
                raise PydanticCustomError(CUSTOM, "{fault}", {"fault": f"compare.baseline: {fault}"})
            first = next(iter(activations))
            message = (
                f"compare.baseline: {compare.baseline!r} is not among the "
                f"{'arms' if info.data.get('arm') else 'activations'} ({', '.join(activations)}); add "
                f"it to them, or write baseline = {first!r} (on the command line --set 'compare.baseline={first}')"
            )
            raise PydanticCustomError(CUSTOM, "{fault}", {"fault": message})
        return compare

    @field_validator("choose")
    @classmethod
    def _several_values_to_choose_from(cls, choose: str | None, info: ValidationInfo) -> str | None:
        if choose is not None and len(info.data.get(choose, ())) == 1:
            raise ValueError(f"there is only one {choose} to choose from; give a list")
        return choose

    @field_validator("schedule")
    @classmethod
    def _warm_up_within_the_epochs(cls, schedules: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        unit = "steps" if any(info.data.get("steps", ())) else "epochs"
        shortest = min(info.data.get(unit, (math.inf,)))  # none where these are faulty
        if fault := next(filter(None, (schedule_fault(schedule, shortest, unit) for schedule in schedules)), None):
            raise PydanticCustomError(CUSTOM, "{fault}", {"fault": fault})
        return schedules

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if fault := study_fault(self):
            raise PydanticCustomError(CUSTOM, "{fault}", {"fault": fault})
        return self

    @property
    def arms(self) -> tuple[str, ...]:
        """What is compared: the activations, or whatever else a training of the user's own varies."""
        return self.arm or self.activation

    @property
    def reported(self) -> bool:
        """Whether functions or commands of the user's train and report scores, and not our loop."""
        return any(self.train) or any(self.command)

    @property
    def sources(self) -> dict[str, tuple[int, ...]]:
        """The seeds of every source of randomness where a `[seed]` table names them; else empty."""
        return levels(self.seed)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims that can be tested here: those whose activations all take part."""
        return tuple(c for c in self.claim if set(c.activations) <= set(self.arms))

    @property
    def untested_claims(self) -> dict[str, str]:
        """The claims that cannot be tested here: what each says, and why."""
        absent = {c.says: [a for a in c.activations if a not in self.arms] for c in self.claim}
        return {says: f"{' and '.join(names)} takes no part" for says, names in absent.items() if names}

    @property
    def folder(self) -> Path:
        """Where the study is stored by default: a folder in `out`, whatever the name holds."""
        return Path("out") / (re.sub(r"[^\w.() -]", "_", self.name).strip(". ") or "study")

    @property
    def baseline(self) -> str:
        """The activation that the others are compared with: the first, unless the study names one."""
        return self.compare.baseline or self.arms[0]

    @property
    def size(self) -> int:
        """The number of runs, those of the control among them."""
        settings = math.prod(len(getattr(self, axis)) for axis in self.varied_axes)
        return len(self.seed) * settings * (len(self.arms) + self.control)

    @property
    def user_names(self) -> tuple[str, ...]:
        """The names that may lead to code of the user's."""
        if self.reported:
            return (*self.activation, *filter(None, self.train))
        return (*self.activation, *self.model, *self.dataset, *self.procedure, *self.optimizer, *self.loss)

    @property
    def varied_axes(self) -> tuple[str, ...]:
        """The keys besides activation and seed that have several values, such as `lr`."""
        return tuple(axis for axis in AXES if len(getattr(self, axis)) > 1)

    @property
    def control_seeds(self) -> tuple[int, ...]:
        """The other seeds under which `control = true` trains the baseline again."""
        if not self.control:
            return ()
        last = max(seed for seed in self.seed if isinstance(seed, int))
        if self.until_decided is not None:
            last = max(last, self.until_decided.most - 1)  # the seeds of the control stay while the study grows
        return tuple(range(last + 1, last + 1 + len(self.seed)))

    def runs(self) -> Iterator[Run]:
        """All runs. Seeds vary slowest, so that a study stopped early is balanced."""
        names = ("seed", *AXES, "arms")
        again = self.control_seeds or (None,) * len(self.seed)
        for seed, other in zip(self.seed, again, strict=True):
            for values in itertools.product((seed,), *(getattr(self, name) for name in names[1:])):
                yield Run(**dict(zip((*names[:-1], "activation"), values, strict=True)))
            if other is not None:
                for values in itertools.product(*(getattr(self, axis) for axis in AXES)):
                    yield Run(self.baseline, other, *values)

    @classmethod
    def read(cls, source: str | Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """The study of a bundled name or a TOML file; `overrides` replace its keys (`{"seed": [0]}`).

        A file without a `name` gives the study its own: `mine.toml` is the study `mine`. Raises `StudyError`: no such
        file, no TOML, or a fault in it.
        """
        content, origin = read_study_file(source, overrides or {})
        try:
            return cls(**{"name": Path(origin).stem, **content})
        except StudyError as fault:
            raise StudyError(f"{origin}: {fault}") from None

    def to_toml(self, *, objects: bool = False) -> str:
        """The study as a file that `read` understands; lists of one value are written as the value.

        Args:
            objects: Whether objects of this Python session may be written; nothing can be trained by such a
                file elsewhere.

        Raises `StudyError`: the study has objects of a Python session, which no file can name.
        """
        if not objects:
            refuse_session_objects(self.user_names)
        return tomli_w.dumps(written_content(self))


def _listed(content: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    """The values of a key, which may be one or a list."""
    values = content.get(key, ())
    return tuple(values) if isinstance(values, list | tuple) else (values,)
