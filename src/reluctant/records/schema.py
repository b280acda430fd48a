"""The schema of a run record and of the files beside it: everything on disk is written and read through it.

A record is JSON. Its keys are listed here once, and code reads them as attributes. `SCHEMA` is raised when a
key changes its meaning; `upgraded` brings an older record to today's form.
"""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reluctant.core.errors import StudyError
from reluctant.core.validation import validation_message
from reluctant.study import Run

SCHEMA = 2  # 1: records that do not name their schema; 2: records that do
SPLITS = ("train", "valid", "test")
NORMS = ("gradient", "weight", "update")  # the order in which a layer's norms stand in a record

Json = dict[str, Any]


class RecordError(StudyError):
    """A file of a study's folder that cannot be read as what its name promises."""


class Schema(BaseModel):
    """A part of a file. Unknown keys are left alone: a procedure of the user's may add its own."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True, arbitrary_types_allowed=True)

    @classmethod
    def read(cls, content: Any) -> Self:
        """The validated content.

        Raises:
            RecordError: What is wrong, with the path of the key.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise RecordError(validation_message(error, whole="its content")) from None


Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Matrix = list[list[Whole]]  # counts, rows true and columns predicted; above 20 classes three rows (metrics)
Sums = list[list[Number]]  # of predicted numbers: four rows of `metrics.regression_sums`
Moments = tuple[float | None, float | None]  # mean and variance


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

    inputs: list[int] = Field(alias="in")
    outputs: list[int] = Field(alias="out")


SIZE_OF = {"dead": "units", "nearly": "units", "dead_channels": "channels", "saturated": "values",
           "zero": "values"}  # fmt: skip  # what each count of a site is a share of


class SiteProbe(Schema):
    """What a probe counts where an activation is called. A count that is not there is 0.

    `units`, `channels` and `values` are the sizes of the site, kept in the first snapshot alone.
    """

    units: int | None = None
    channels: int | None = None
    values: int | None = None
    dead: int = 0
    nearly: int = 0
    died: int = 0
    revived: int = 0
    dead_channels: int = 0
    saturated: int = 0
    zero: int = 0
    inputs: Moments = Field((None, None), alias="in")
    outputs: Moments = Field((None, None), alias="out")
    gradient: float | None = None
    learned: list[float | None] = []
    histogram: Histograms | None = None
    curve: list[float | None] | None = None

    def share(self, count: str) -> float:
        """A count as a share of its size; NaN where the sizes are not there."""
        size = getattr(self, SIZE_OF[count])
        return getattr(self, count) / size if size else math.nan


class LayerProbe(Schema):
    """Norms of a layer's gradient, of its weights, and of their change since the last snapshot."""

    gradient: float | None = None
    weight: float | None = None
    update: float | None = None


def _named_norms(value: Any) -> Any:
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


class Calibration(Schema):
    """Counts per bin of the highest probability, and the Brier sum over inputs and classes."""

    images: list[int]
    right: list[int]
    confidence: list[float]
    brier: float


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
    shape: list[int]
    parameters: int


class ShapeRecord(Schema):
    """The activation and its slope at even points from x[0] to x[1], as it was before training."""

    x: tuple[float, float]
    f: list[float | None]
    slope: list[float | None]


class Provenance(Schema):
    """When and in how many attempts a run was trained. It decides no number."""

    began: str = ""
    ended: str = ""
    resumed_after_epoch: int = 0
    attempts: int = 1


def _run(value: Any) -> Any:
    if isinstance(value, Run):
        return value
    if not isinstance(value, Mapping) or not isinstance(value.get("activation"), str):
        raise ValueError("must be a table with an 'activation'")
    return Run.from_dict(value)


class RunRecord(Schema):
    """One finished run."""

    schema_version: Whole = Field(1, alias="schema")
    run: Annotated[Run, BeforeValidator(_run)]
    recipe: Whole
    diverged: Whole | None = None  # the epoch in which the loss stopped being finite
    stopped: Whole | None = None  # the epoch after which it stopped early
    parameters: int | None = None
    kernels: list[str] = []
    layers: list[LayerRecord] = []
    start: ProbeSnapshot | None = None
    epochs: list[EpochRecord]
    final: FinalRecord | None = None
    shape: ShapeRecord | None = None
    test_predictions: str
    weights: str = ""  # SHA-256 of all parameters and buffers
    data: str  # SHA-256 of the data set
    sources: dict[str, str] = {}  # SHA-256 of the user's own code, by name
    warnings: list[str] = []
    environment: str | dict[str, Any] = ""  # its name; the environment itself until the record is stored
    provenance: Provenance | None = None
    sha256: str = ""

    @classmethod
    def read(cls, content: Any) -> Self:
        """A record of any known schema, in today's form."""
        return super().read(upgraded(content))

    def to_json(self) -> Json:
        """The record as it is written: what was set, and nothing else."""
        return written(self)


class DataRecord(Schema):
    """What a study's folder keeps of its data: `data/<first 16 digits of sha256>.json`."""

    name: str = ""
    sha256: str
    classes: list[str] = []
    images: dict[str, int]  # inputs per split
    test_labels: str | None = None  # classes, base64
    test_targets: str | None = None  # numbers, base64 of float64
    outputs: int = 1
    warnings: list[str] = []
    items: str = "images"
    remarks: list[str] = []
    last_images: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _truth(self) -> Self:
        if (self.test_labels is None) == (self.test_targets is None):
            raise ValueError("it holds either 'test_labels' or 'test_targets'")
        if missing := [split for split in SPLITS if split not in self.images]:
            raise ValueError(f"'images' does not say how many inputs {', '.join(missing)} has")
        return self


class HistoryRecord(Schema):
    """A change of the study, a line of `history.jsonl`; `looked` is whether results were there already."""

    date: str
    looked: bool
    changed: dict[str, Any]


_UPGRADES: dict[int, Callable[[Json], Json]] = {1: lambda content: {**content, "schema": 2}}


def upgraded(content: Any) -> Json:
    """The JSON of a record in today's schema. Its checksum is left as it was.

    Raises:
        RecordError: No record at all, or one of a schema that this version does not know.
    """
    if not isinstance(content, dict):
        raise RecordError("it is not a table of keys")
    version = content.get("schema", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise RecordError(f"schema must be a whole number from 1, not {version!r}")
    if version > SCHEMA:
        raise RecordError(
            f"it has schema {version}, and this version of reluctant reads up to {SCHEMA}; install a newer one"
        )
    while version < SCHEMA:
        content, version = _UPGRADES[version](content), version + 1
    return dict(content)


def written(model: BaseModel) -> Json:
    """The JSON of a part of a file: the keys that were set, by their names in the file, in plain types."""
    content: Json = {}
    for name, field in type(model).model_fields.items():
        if name in model.model_fields_set:
            content[field.alias or name] = _plain(getattr(model, name))
    return {**content, **{name: _plain(value) for name, value in (model.model_extra or {}).items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, LayerProbe):
        return [getattr(value, norm) for norm in NORMS]
    if isinstance(value, BaseModel):
        return written(value)
    if isinstance(value, Run):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
