"""The schema of one epoch, of probe snapshots and of what is measured last: the large parts of a run record."""

import math
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from reluctant.core.errors import StudyError
from reluctant.core.validation import validation_message

MOST_FAULTS = 5  # listed in the message on a damaged file
NORMS = ("gradient", "weight", "update")  # the order in which a layer's norms stand in a record

Json = dict[str, Any]


class RecordError(StudyError):
    """A file of a study's folder that cannot be read as what its name promises."""


class Schema(BaseModel):
    """A part of a file. Unknown keys are left alone: a procedure of the user's may add its own."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True, arbitrary_types_allowed=True)

    @classmethod
    def read(cls, content: Any) -> Self:
        """The validated content; `RecordError` says what is wrong, with the path of the key."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise RecordError(validation_message(error, whole="its content", most=MOST_FAULTS)) from None


Whole = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]  # what an array of counts holds
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Matrix = list[list[Whole]]  # counts, rows true and columns predicted; above 20 classes three rows (metrics)
Sums = list[list[Number]]  # of predicted numbers: four rows of `metrics.regression_sums`
AsList = PlainSerializer(list)
Moments = Annotated[tuple[Number | None, Number | None], AsList]  # mean and variance


class Losses(Schema):
    """The mean loss on each split."""

    train: Number
    valid: Number
    test: Number


class SplitCounts(Schema):
    """The confusion matrix of each split."""

    train: Matrix
    valid: Matrix
    test: Matrix


class SplitSums(Schema):
    """The sums of each split where numbers are predicted."""

    train: Sums
    valid: Sums
    test: Sums


class Seconds(Schema):
    """Wall-clock time of an epoch."""

    train: Number
    evaluate: Number
    probe: Number | None = None


class Histograms(Schema):
    """Counts of values in 24 bins from −6 to 6, before and after an activation."""

    inputs: list[Whole] = Field(alias="in")
    outputs: list[Whole] = Field(alias="out")


SIZE_OF = {"dead": "units", "nearly": "units", "dead_channels": "channels", "saturated": "values",
           "zero": "values"}  # fmt: skip  # what each count of a site is a share of


class SiteProbe(Schema):
    """What a probe counts where an activation is called. A count that is not there is 0.

    `units`, `channels` and `values` are the sizes of the site, kept in the first snapshot alone.
    """

    units: Whole | None = None
    channels: Whole | None = None
    values: Whole | None = None
    dead: Whole = 0
    nearly: Whole = 0
    died: Whole = 0
    revived: Whole = 0
    dead_channels: Whole = 0
    saturated: Whole = 0
    zero: Whole = 0
    inputs: Moments = Field((None, None), alias="in")
    outputs: Moments = Field((None, None), alias="out")
    gradient: Number | None = None
    learned: list[Number | None] = []
    histogram: Histograms | None = None
    curve: list[Number | None] | None = None

    def share(self, count: str) -> float:
        """A count as a share of its size; NaN where the sizes are not there."""
        size = getattr(self, SIZE_OF[count])
        return getattr(self, count) / size if size else math.nan


class LayerProbe(Schema):
    """Norms of a layer's gradient, of its weights, and of their change since the last snapshot."""

    gradient: Number | None = None
    weight: Number | None = None
    update: Number | None = None

    @model_serializer(mode="wrap")
    def _as_list(self, write: SerializerFunctionWrapHandler) -> Any:
        norms = write(self)
        return [norms[norm] for norm in NORMS] if norms.keys() == set(NORMS) else norms


def _named_norms(value: Any) -> Any:
    if isinstance(value, list) and len(value) != len(NORMS):
        raise ValueError(f"must be a list of {len(NORMS)} numbers: {', '.join(NORMS)}")
    return dict(zip(NORMS, value, strict=True)) if isinstance(value, list) else value


class ProbeSnapshot(Schema):
    """The inside of a network at one moment, on a fixed batch of training inputs."""

    sites: dict[str, SiteProbe]
    layers: dict[str, Annotated[LayerProbe, BeforeValidator(_named_norms)]]


class EpochRecord(Schema):
    """One epoch: losses and counts of all splits, from which every score is derived."""

    epoch: Whole
    seconds: Seconds
    lr: Number | None = None
    loss: Losses
    confusion: SplitCounts | None = None
    sums: SplitSums | None = None
    probes: ProbeSnapshot | None = None

    @model_validator(mode="after")
    def _counts_of_one_kind(self) -> Self:
        if (self.confusion is None) == (self.sums is None):
            raise ValueError("an epoch holds either 'confusion' (classes) or 'sums' (predicted numbers)")
        return self

    @property
    def counts(self) -> SplitCounts | SplitSums:
        """The counts, of whichever kind they are."""
        counts = self.confusion or self.sums
        assert counts is not None  # the validator has seen to it
        return counts


class ReportedEpoch(Schema):
    """What the user's own training reported at once: scores by name; null for one that is not finite."""

    epoch: Whole
    seconds: Number  # since the report before
    scores: dict[str, Number | None]


class Calibration(Schema):
    """Counts per bin of the highest probability, and the Brier sum over inputs and classes."""

    images: list[Whole]
    right: list[Whole]
    confidence: list[Number]
    brier: Number


class FinalRecord(Schema):
    """After the last epoch, in evaluation mode: the training split, and more about the test split."""

    loss: Number
    confusion: Matrix | None = None
    sums: Sums | None = None
    calibration: Calibration | None = None
    test_confusion: Matrix | None = None
    robustness: dict[str, Any] | None = None


class LayerRecord(Schema):
    """A layer of the network; `shape` is that of its output for one input."""

    name: str
    kind: str
    shape: list[Whole]
    parameters: Whole


class ShapeRecord(Schema):
    """The activation and its slope at even points from x[0] to x[1], as it was before training."""

    x: Annotated[tuple[Number, Number], AsList]
    f: list[Number | None]
    slope: list[Number | None]
