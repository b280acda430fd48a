"""Claims that a study tests, in a small closed vocabulary: the `[[claim]]` tables of a study file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from reluctant.catalogue import ACTIVATIONS
from reluctant.catalogue.metrics import metric
from reluctant.core.errors import ReluctantError

At = Literal["last", "best", "mean"]
Is = Literal["highest", "lowest", "slowest", "fastest", "higher", "lower"]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def named_activation(text: object) -> str:
    """The canonical name of an activation, as a validator."""
    try:
        return str(ACTIVATIONS.canonical(text))
    except ReluctantError as fault:
        raise ValueError(str(fault)) from None


def named_metric(name: str) -> str:
    """The name of a metric, aliases resolved, as a validator."""
    try:
        return metric(name).name
    except ReluctantError as fault:
        raise ValueError(str(fault)) from None


def printable(text: str) -> str:
    """A text without control codes, as a validator: it is printed on terminals."""
    if not all(c.isprintable() or c == "\n" for c in text):
        raise ValueError(f"{text!r} holds control characters; write plain text")
    return text


def _several(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


MetricName = Annotated[str, Field(strict=True), AfterValidator(named_metric)]
ActivationName = Annotated[str, BeforeValidator(named_activation)]
Names = Annotated[tuple[ActivationName, ...], BeforeValidator(_several)]

KINDS = ("is", "between", "reaches", "similar")
VERSUS = ("higher", "lower")  # what `is` says of one rival, `than`


class Claim(BaseModel):
    """One claim: `says` in words, and one of `is`, `between`, `reaches`, `similar` to be tested.

    `of` names the activations it is about; `only` adds that no other activation does the same. `is` is
    highest, lowest, slowest or fastest of all; or higher or lower `than` one rival.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    says: Annotated[str, Field(strict=True, min_length=1, max_length=500), AfterValidator(printable)]
    metric: MetricName = "f1"
    split: Literal["train", "valid", "test"] = "test"
    at: At = "last"
    margin: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] | None = None
    of: Names = ()
    is_: Is | None = Field(None, alias="is")
    than: ActivationName | None = None
    between: tuple[Number, Number] | None = None
    reaches: Number | None = None
    by_epoch: Annotated[int, Field(strict=True, ge=1)] | None = None
    similar: Names = ()
    only: Annotated[bool, Field(strict=True)] = False

    @property
    def kind(self) -> str:
        """Which of `is`, `between`, `reaches`, `similar` this claim uses."""
        values = {"is": self.is_, "between": self.between, "reaches": self.reaches, "similar": self.similar or None}
        (kind,) = [name for name, value in values.items() if value is not None]
        return kind

    @model_validator(mode="after")
    def _whole(self) -> "Claim":
        values = [self.is_ is not None, self.between is not None, self.reaches is not None, bool(self.similar)]
        if sum(values) != 1:
            raise ValueError(f"a claim has exactly one of {', '.join(KINDS)}")
        for wrong, message in self._faults():
            if wrong:
                raise ValueError(message)
        return self

    def _faults(self) -> tuple[tuple[bool, str], ...]:
        similar = bool(self.similar)
        return (
            (similar and bool(self.of), "similar names its activations itself; leave `of` out"),
            (similar and len(set(self.similar)) < 2, "similar needs at least two activations"),
            (not similar and not self.of, "`of` names the activation that the claim is about"),
            (self.is_ is not None and len(self.of) != 1, f"is = {self.is_!r} is about one activation"),
            (self.is_ in VERSUS and self.than is None, f"is = {self.is_!r} needs a rival: than = 'relu'"),
            (self.is_ not in VERSUS and self.than is not None, "than goes with is = 'higher' or 'lower'"),
            (self.than in self.of, f"{self.than!r} cannot be compared with itself; `than` names a rival"),
            (self.between is not None and self.between[0] >= self.between[1], "between needs [low, high]"),
            (self.by_epoch is not None and self.reaches is None, "by_epoch goes with reaches"),
            (self.only and self.kind not in ("between", "reaches"), "only goes with between and reaches"),
        )

    @property
    def activations(self) -> tuple[str, ...]:
        """All activations that the claim names."""
        return (*self.of, *self.similar, *((self.than,) if self.than else ()))

    def to_table(self) -> dict[str, Any]:
        """The claim as a table of a study file."""
        values = self.model_dump(by_alias=True, exclude_defaults=True)
        single = {"of": self.of[0]} if len(self.of) == 1 else {}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in {**values, **single}.items()}
