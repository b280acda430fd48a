"""The tables of a study file: what decides (`[compare]`), claims (`[[claim]]`), published numbers (`[[published]]`)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from reluctant.catalogue.metrics import metric as named
from reluctant.study.axes import ArmName, Epoch, Flag, MetricName, NonNegative, Number, Sentence

At = Literal["last", "best", "mean"]
Is = Literal["highest", "lowest", "slowest", "fastest", "higher", "lower"]


def _several(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Names = Annotated[tuple[ArmName, ...], BeforeValidator(_several)]

KINDS = ("is", "between", "reaches", "similar")
VERSUS = ("higher", "lower")  # what `is` says of one rival, `than`


def _raise_first(faults: Mapping[str, bool]) -> None:
    """`ValueError` with the first message whose fault is there."""
    for message, is_there in faults.items():
        if is_there:
            raise ValueError(message)


class Compare(BaseModel):
    """What decides: the metric, the arm that the others are compared with, the margin that matters.

    `higher` says whether more of a reported score is better, where its name does not.
    `at` is the score that counts: after the last epoch, after the epoch that is best on validation, or the mean over
    the epochs. `looks` says when verdicts are made: after any seed, or once, at the end of a complete study.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: MetricName = "f1"
    baseline: ArmName | None = None
    margin: NonNegative | None = None
    higher: Flag | None = None
    at: At = "last"
    looks: Literal["any", "at the end"] = "any"

    def to_table(self) -> dict[str, Any]:
        """The table as a study file has it; `looks` only where it is not the usual."""
        usual = {"looks": self.looks == "any", "metric": not self.metric}
        return self.model_dump(exclude_none=True, exclude={key for key, left_out in usual.items() if left_out})


class Claim(BaseModel):
    """One claim in a closed vocabulary: `says` in words, and one of `is`, `between`, `reaches`, `similar` to be tested.

    `of` names the activations it is about; `only` adds that no other activation does the same. `is` is highest, lowest,
    slowest or fastest of all; or higher or lower `than` one rival.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    says: Sentence
    metric: MetricName = "f1"
    split: Literal["train", "valid", "test"] = "test"
    at: At = "last"
    margin: NonNegative | None = None
    of: Names = ()
    is_: Is | None = Field(None, alias="is")
    than: ArmName | None = None
    between: tuple[Number, Number] | None = None
    reaches: Number | None = None
    by_epoch: Epoch | None = None
    similar: Names = ()
    only: Flag = False

    @property
    def kind(self) -> str:
        """Which of `is`, `between`, `reaches`, `similar` this claim uses."""
        values = {"is": self.is_, "between": self.between, "reaches": self.reaches, "similar": self.similar or None}
        (kind,) = [name for name, value in values.items() if value is not None]
        return kind

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        similar = bool(self.similar)
        if sum((self.is_ is not None, self.between is not None, self.reaches is not None, similar)) != 1:
            raise ValueError(f"a claim has exactly one of {', '.join(KINDS)}")
        faults = {
            "similar names its activations itself; leave `of` out": similar and bool(self.of),
            "similar needs at least two activations": similar and len(set(self.similar)) < 2,
            "`of` names the activation that the claim is about": not similar and not self.of,
            f"is = {self.is_!r} is about one activation": self.is_ is not None and len(self.of) != 1,
            f"is = {self.is_!r} needs a rival: than = 'relu'": self.is_ in VERSUS and self.than is None,
            "than goes with is = 'higher' or 'lower'": self.is_ not in VERSUS and self.than is not None,
            f"{self.than!r} cannot be compared with itself; `than` names a rival": self.than in self.of,
            "between needs [low, high]": self.between is not None and self.between[0] >= self.between[1],
            "by_epoch goes with reaches": self.by_epoch is not None and self.reaches is None,
            "only goes with between and reaches": self.only and self.kind not in ("between", "reaches"),
        }
        _raise_first(faults)
        return self

    @property
    def activations(self) -> tuple[str, ...]:
        """All activations that the claim names."""
        return (*self.of, *self.similar, *((self.than,) if self.than else ()))

    def to_table(self) -> dict[str, Any]:
        """The claim as a table of a study file."""
        values = self.model_dump(by_alias=True, exclude_defaults=True)
        single = {"of": self.of[0]} if len(self.of) == 1 else {}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in {**values, **single}.items()}


class PublishedNumber(BaseModel):
    """One published score: whose it is, after which epoch (the last unless given), and from where.

    With `deviation`, the standard deviation over `runs` runs, `value` is their mean; without, it is that of a
    single run. Scores are shares of 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    activation: ArmName
    metric: MetricName = "accuracy"
    split: Literal["train", "valid", "test"] = "test"
    epoch: Epoch | None = None
    value: Number
    deviation: NonNegative | None = None
    runs: Annotated[int, Field(strict=True, ge=1, le=10**6)] = 1
    source: Sentence

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        shares, deviation = named(self.metric).unit == "share of 1", self.deviation or 0.0
        several = "a mean of several runs goes with their `deviation`; for a single run leave `runs` out"
        faults = {
            "deviation goes with `runs`, at least 2": self.deviation is not None and self.runs < 2,
            several: self.deviation is None and self.runs > 1,
            _not_percent(self.metric, self.value): shares and abs(self.value) > 1,
            _not_percent(f"the deviation of {self.metric}", deviation): shares and deviation > 1,
            f"{self.metric} cannot be below 0": not shares and self.metric != "r2" and self.value < 0,
        }
        _raise_first(faults)
        return self

    @property
    def scored(self) -> tuple[str, str, str, int | None]:
        """What was scored: activation, metric, split, epoch."""
        return self.activation, self.metric, self.split, self.epoch

    def to_table(self) -> dict[str, Any]:
        """The number as a table of a study file."""
        return self.model_dump(exclude_defaults=True)


def _not_percent(what: str, value: float) -> str:
    return f"{what} is a share of 1; write {value / 100:.6g}, not {value:g}"


def distinct(published: tuple[PublishedNumber, ...]) -> tuple[PublishedNumber, ...]:
    """The numbers, no source having two of the same score, as a validator: one of them would be a mistake."""
    known = set()
    for each in published:
        if (each.scored, each.source) in known:
            after = f"after epoch {each.epoch}" if each.epoch else "after the last epoch"
            raise ValueError(
                f"{each.metric} of {each.activation!r} ({each.split}, {after}) is here twice, both times "
                f"from {each.source!r}"
            )
        known.add((each.scored, each.source))
    return published


Publications = Annotated[tuple[PublishedNumber, ...], AfterValidator(distinct)]
