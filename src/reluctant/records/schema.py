"""The schema of a run record and of the files beside it: everything on disk is written and read through it.

A record is JSON. Its keys are listed here and in `parts`, and code reads them as attributes. `SCHEMA` is raised
when a key changes its meaning; `upgraded` brings an older record to today's form.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field, PlainSerializer, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from reluctant.catalogue.metrics import SPLITS
from reluctant.core.display import quoted
from reluctant.core.validation import CUSTOM
from reluctant.records.parts import (
    EpochRecord,
    FinalRecord,
    Json,
    LayerRecord,
    Number,
    ProbeSnapshot,
    RecordError,
    ReportedEpoch,
    Schema,
    ShapeRecord,
    Whole,
)
from reluctant.study import Run

SCHEMA = 2  # 1: records that do not name their schema; 2: records that do
NO_RECIPE = 0  # of records that another training than ours has made


class Provenance(Schema):
    """When and in how many attempts a run was trained. It decides no number."""

    began: str = ""
    ended: str = ""
    resumed_after_epoch: Whole = 0
    attempts: Whole = 1
    steps: str = ""  # on a GPU: whether the steps were replayed from a CUDA graph, and why not


def _run(value: Any) -> Any:
    if isinstance(value, Run):
        return value
    if not isinstance(value, Mapping) or not isinstance(value.get("activation"), str):
        raise ValueError("must be a table with an 'activation'")
    run = Run.from_dict(value)
    _ = run.key  # a ValueError for values that no run can have
    return run


def _written_run(run: Run) -> Json:
    """All values of a run; of another training than ours, which need not know what a learning rate is, what was set."""
    return run.canonical() if run.reported else run.to_dict()


def _text_or_table(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise ValueError("must be a string or a table of keys")
    return value


class RunRecord(Schema):
    """One finished run."""

    schema_version: Whole = Field(1, alias="schema")
    run: Annotated[Run, BeforeValidator(_run), PlainSerializer(_written_run)]
    recipe: Whole
    diverged: Whole | None = None  # the epoch in which the loss stopped being finite
    stopped: Whole | None = None  # the epoch after which it stopped early
    parameters: Whole | None = None
    multiply_adds: Whole | None = None  # of one input; records of older versions lack it
    kernels: list[str] = Field(default=[])
    layers: list[LayerRecord] = Field(default=[])
    start: ProbeSnapshot | None = None
    epochs: list[EpochRecord] = Field(default=[])
    reports: list[ReportedEpoch] = Field(default=[])  # of the user's own training, in place of epochs
    final: FinalRecord | None = None
    shape: ShapeRecord | None = None
    test_predictions: str = ""
    weights: str = ""  # SHA-256 of all parameters and buffers
    data: str = ""  # SHA-256 of the data set; of another training's data nothing is known
    sources: dict[str, str] = Field(default={})  # SHA-256 of the user's own code, by name
    warnings: list[str] = Field(default=[])
    environment: Annotated[str | Json, BeforeValidator(_text_or_table)] = ""  # its name; all of it until it is stored
    provenance: Provenance | None = None
    sha256: str = ""
    _run_as_read: Json = PrivateAttr(default_factory=dict)  # that of an older version lacks later fields

    @classmethod
    def read(cls, content: Any) -> Self:
        """A record of any known schema, in today's form."""
        content = upgraded(content)
        record = super().read(content)
        if isinstance(content["run"], dict):
            record._run_as_read = content["run"]
        return record

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = ("reports",) if self.run.reported else ("epochs", "test_predictions", "data")
        if missing := [key for key in needed if key not in self.model_fields_set]:
            message = "; ".join(f"{key} is missing" for key in missing)
            raise PydanticCustomError(CUSTOM, "{fault}", {"fault": message})
        return self

    def to_json(self) -> Json:
        """The record as it is written: what was set, and nothing else."""
        content = written(self)
        if self._run_as_read and Run.from_dict(self._run_as_read) == self.run:
            content["run"] = dict(self._run_as_read)
        return content


class DataRecord(Schema):
    """What a study's folder keeps of its data: `data/<first 16 digits of sha256>.json`."""

    name: str = ""
    sha256: str
    classes: list[str] = Field(default=[])
    images: dict[str, Whole]  # inputs per split
    test_labels: str | None = None  # classes, base64
    test_targets: str | None = None  # numbers, or of tokens the sizes of sequences (`token_sums`), base64 of float64
    tokens: bool = False
    guess_loss: Number | None = None  # of tokens: the test loss of guessing by the frequencies of the training part
    outputs: Whole = 1
    warnings: list[str] = Field(default=[])
    items: str = "images"
    remarks: list[str] = Field(default=[])
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


class LookRecord(Schema):
    """A look at a study that grows until all is decided, a line of `looks.jsonl`.

    `decided` holds the verdict of every arm that gets no seed after these, `no verdict` among them.
    """

    seeds: int
    decided: dict[str, str]


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
        raise RecordError(f"schema must be a whole number from 1, not {quoted(version)}")
    if version > SCHEMA:
        raise RecordError(
            f"it has schema {quoted(version)}, and this version of reluctant reads up to {SCHEMA}; install a newer one"
        )
    while version < SCHEMA:
        content, version = _UPGRADES[version](content), version + 1
    return dict(content)


def written(model: BaseModel) -> Json:
    """The content of a part of a file: the keys that were set, by their names in the file."""
    return model.model_dump(by_alias=True, exclude_unset=True, warnings=False)
