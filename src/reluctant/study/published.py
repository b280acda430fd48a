"""Published numbers, to be compared with ours: the `[[published]]` tables of a study file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from reluctant.catalogue.metrics import metric as named
from reluctant.study.claim import ActivationName, MetricName, Number, printable


class PublishedNumber(BaseModel):
    """One published score: whose it is, after which epoch (the last unless given), and from where.

    With `deviation`, the standard deviation over `runs` runs, `value` is their mean; without, it is that of a
    single run. Scores are shares of 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    activation: ActivationName
    metric: MetricName = "accuracy"
    split: Literal["train", "valid", "test"] = "test"
    epoch: Annotated[int, Field(strict=True, ge=1)] | None = None
    value: Number
    deviation: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] | None = None
    runs: Annotated[int, Field(strict=True, ge=1, le=10**6)] = 1
    source: Annotated[str, Field(strict=True, min_length=1, max_length=500), AfterValidator(printable)]

    @model_validator(mode="after")
    def _whole(self) -> "PublishedNumber":
        for wrong, message in self._faults():
            if wrong:
                raise ValueError(message)
        return self

    def _faults(self) -> tuple[tuple[bool, str], ...]:
        shares, deviation = named(self.metric).unit == "share of 1", self.deviation or 0.0
        return (
            (self.deviation is not None and self.runs < 2, "deviation goes with `runs`, at least 2"),
            (
                self.deviation is None and self.runs > 1,
                "a mean of several runs goes with their `deviation`; for a single run leave `runs` out",
            ),
            (shares and abs(self.value) > 1, _not_percent(self.metric, self.value)),
            (shares and deviation > 1, _not_percent(f"the deviation of {self.metric}", deviation)),
            (not shares and self.metric != "r2" and self.value < 0, f"{self.metric} cannot be below 0"),
        )

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
