"""What a key of a study may hold: one value or a list of distinct ones, each validated and canonical."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from reluctant.catalogue import (
    ACTIVATIONS,
    DATASETS,
    INITIALISATIONS,
    MODELS,
    OPTIMIZERS,
    PROCEDURES,
    SCHEDULES,
    canonical_augmentation,
)
from reluctant.core.errors import ReluctantError
from reluctant.study.claim import printable
from reluctant.study.seeds import LARGEST, Seed, as_table, crossed

T = TypeVar("T")


def _several(value: object) -> object:
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("an empty list; give at least one value")
        return tuple(value)
    return (value,)


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    known: set[T] = set()
    for value in values:
        if value in known:
            raise ValueError(f"{value!r} is listed twice; aliases count as the same")
        known.add(value)
    return values


def _named(canonical: Callable[[object], object]) -> BeforeValidator:
    """A validator that brings a name into its canonical form."""

    def validate(text: object) -> str:
        try:
            return str(canonical(text))
        except ReluctantError as fault:
            raise ValueError(str(fault)) from None

    return BeforeValidator(validate)


def _seeds(value: object, plain: ValidatorFunctionWrapHandler) -> tuple[Seed, ...]:
    """Plain seeds; or every combination of the numbers of a table, as one seed per source."""
    if isinstance(value, Mapping):
        return crossed(value)
    if isinstance(value, list | tuple) and value and all(isinstance(each, str) for each in value):
        whole = crossed(as_table(value))  # as a copy of a study holds them
        if set(whole) != set(value):
            raise ValueError("these are not all combinations of their numbers; write a table [seed]")
        return whole
    seeds: tuple[Seed, ...] = plain(value)
    return seeds


STRICT = Field(strict=True)
Text = Annotated[str, STRICT, AfterValidator(printable)]
Name = Annotated[str, Field(strict=True, min_length=1, max_length=100), AfterValidator(printable)]
Axis = Annotated[tuple[T, ...], BeforeValidator(_several), AfterValidator(_distinct)]
Activations = Axis[Annotated[str, _named(ACTIVATIONS.canonical)]]
Models = Axis[Annotated[str, _named(MODELS.canonical)]]
Datasets = Axis[Annotated[str, _named(DATASETS.canonical)]]
Optimizers = Axis[Annotated[str, _named(OPTIMIZERS.canonical)]]
Initialisations = Axis[Annotated[str, _named(INITIALISATIONS.canonical)]]
Pixels = Axis[Literal["standardised", "unit"]]
Procedures = Axis[Annotated[str, _named(PROCEDURES.canonical)]]
Schedules = Axis[Annotated[str, _named(SCHEDULES.canonical)]]
Augmentations = Axis[Annotated[str, _named(canonical_augmentation)]]
_PlainSeeds = Axis[Annotated[int, Field(strict=True, ge=0, lt=LARGEST)]]
if TYPE_CHECKING:
    Seeds = tuple[Seed, ...]
else:
    Seeds = Annotated[_PlainSeeds, WrapValidator(_seeds), PlainSerializer(list)]
Rates = Axis[Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]]
Sizes = Axis[Annotated[int, Field(strict=True, ge=1, le=10**7)]]
Epochs = Axis[Annotated[int, Field(strict=True, ge=1, le=10**6)]]
Patience = Axis[Annotated[int, Field(strict=True, ge=0, le=10**6)]]
Threads = Axis[Annotated[int, Field(strict=True, ge=1, le=1024)]]
Fractions = Axis[Annotated[float, Field(strict=True, gt=0, lt=1, allow_inf_nan=False)]]
Norms = Axis[Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]]
Shares = Axis[Annotated[float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False)]]
Flags = Axis[Annotated[bool, STRICT]]
