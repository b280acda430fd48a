"""What a key of a study may hold: a value, or for an axis a list of distinct ones, validated and canonical."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WrapValidator

from reluctant import catalogue
from reluctant.catalogue.metrics import metric
from reluctant.core.errors import ReluctantError
from reluctant.core.names import parse
from reluctant.study.class_weights import canonical_weights, several_weights
from reluctant.study.seeds import LARGEST, Seed, as_table, crossed

T = TypeVar("T")

LONGEST_ARM = 100  # characters of an arm's name


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


def _canonical(resolve: Callable[[Any], object]) -> Callable[[object], str]:
    """A validator that brings a name into its canonical form."""

    def validate(text: object) -> str:
        try:
            return str(resolve(text))
        except ReluctantError as fault:
            raise ValueError(str(fault)) from None

    return validate


def _printable(text: str) -> str:
    """A text without control codes, as a validator: it is printed on terminals."""
    if not all(c.isprintable() or c == "\n" for c in text):
        raise ValueError(f"{text!r} holds control characters; write plain text")
    return text


def _seeds(value: object, plain: Callable[[object], tuple[Seed, ...]]) -> tuple[Seed, ...]:
    """Plain seeds; or every combination of the numbers of a table, as one seed per source."""
    if isinstance(value, Mapping):
        return crossed(value)
    if isinstance(value, list | tuple) and value and all(isinstance(each, str) for each in value):
        whole = crossed(as_table(value))  # as a copy of a study holds them
        if set(whole) != set(value):
            raise ValueError("these are not all combinations of their numbers; write a table [seed]")
        return whole
    return plain(value)


STRICT = Field(strict=True)
Flag = Annotated[bool, STRICT]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Epoch = Annotated[int, Field(strict=True, ge=1)]
Text = Annotated[str, STRICT, AfterValidator(_printable)]
Name = Annotated[str, Field(strict=True, min_length=1, max_length=100), AfterValidator(_printable)]
Sentence = Annotated[str, Field(strict=True, min_length=1, max_length=500), AfterValidator(_printable)]
ActivationName = Annotated[str, BeforeValidator(_canonical(catalogue.ACTIVATIONS.canonical))]


def arm_name(text: object) -> str:
    """An activation by its canonical name; any other word as it is."""
    try:
        return str(catalogue.ACTIVATIONS.canonical(text))
    except ReluctantError as fault:
        if isinstance(text, str) and 0 < len(text) <= LONGEST_ARM and text.isprintable() and text == text.strip():
            return text
        raise ValueError(str(fault)) from None


def _function_name(text: object) -> str:
    """The name of a function of the user's, with its keywords; empty where our own loop trains."""
    if text == "":
        return ""
    try:
        name = parse(text)
    except ReluctantError as fault:
        raise ValueError(str(fault)) from None
    if not name.is_user_defined:
        raise ValueError(f"{text!r} names no function; write module:function, such as my_training:train")
    return str(name)


def _metric_name(text: str) -> str:
    """A metric of the catalogue by its canonical name; any other as it is: a function of the user's may report it."""
    try:
        return metric(text).name
    except ReluctantError:
        return text


Axis = Annotated[tuple[T, ...], BeforeValidator(_several), AfterValidator(_distinct)]
ArmName = Annotated[str, BeforeValidator(arm_name)]
MetricName = Annotated[str, STRICT, Field(max_length=100), AfterValidator(_metric_name), AfterValidator(_printable)]
Activations = Axis[ActivationName]
Arms = Annotated[tuple[ArmName, ...], BeforeValidator(lambda value: value if value == () else _several(value)),
                 AfterValidator(_distinct)]  # fmt: skip
Functions = Axis[Annotated[str, BeforeValidator(_function_name)]]
Commands = Axis[Text]
Models = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.MODELS.canonical))]]
Datasets = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.DATASETS.canonical))]]
Optimizers = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.OPTIMIZERS.canonical))]]
Initialisations = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.INITIALISATIONS.canonical))]]
Pixels = Axis[Literal["standardised", "unit"]]
Procedures = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.PROCEDURES.canonical))]]
Schedules = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.SCHEDULES.canonical))]]
Augmentations = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.canonical_augmentation))]]
_PlainSeeds = Axis[Annotated[int, Field(strict=True, ge=0, lt=LARGEST)]]
if TYPE_CHECKING:
    Seeds = tuple[Seed, ...]
else:
    Seeds = Annotated[_PlainSeeds, WrapValidator(_seeds), PlainSerializer(list)]
Rates = Axis[Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]]
Sizes = Axis[Annotated[int, Field(strict=True, ge=1, le=10**7)]]
Epochs = Axis[Annotated[int, Field(strict=True, ge=1, le=10**6)]]
Steps = Annotated[tuple[Annotated[int, Field(strict=True, ge=0, le=10**9)], ...], BeforeValidator(_several),
                  Field(max_length=1)]  # fmt: skip
Interval = Annotated[int, Field(strict=True, ge=0, le=10**9)]
Patience = Axis[Annotated[int, Field(strict=True, ge=0, le=10**6)]]
Threads = Axis[Annotated[int, Field(strict=True, ge=1, le=1024)]]
Fractions = Axis[Annotated[float, Field(strict=True, gt=0, lt=1, allow_inf_nan=False)]]
Norms = Axis[NonNegative]
Precisions = Axis[Literal["float32", "tf32", "bf16"]]
Groups = Axis[Annotated[int, Field(strict=True, ge=1, le=10**6)]]
Losses = Axis[Annotated[str, BeforeValidator(_canonical(catalogue.LOSSES.canonical))]]
ClassWeights = Annotated[
    tuple[Annotated[str, BeforeValidator(canonical_weights)], ...],
    BeforeValidator(several_weights),
    AfterValidator(_distinct),
]
Shares = Axis[Annotated[float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False)]]
Flags = Axis[Flag]
