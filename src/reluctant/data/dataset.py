"""What a data set is: two splits of inputs and targets, names of classes, a checksum of the content."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reluctant.core.code_hash import code_hash
from reluctant.data.random_items import RandomItems
from reluctant.data.streamed import StreamedInputs

Targets = NDArray[Any]  # int64 (n,) for classes, float64 (n, outputs) for numbers, int64 (n, tokens) for tokens


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs with their targets, in order.

    Attributes:
        inputs: (n, …), C-contiguous, uint8 or float32. Images are (n, channels, height, width), signals
            (n, channels, length), rows of a table (n, columns). Token ids are (n, tokens) int64. Those of a torch
            Dataset may be `StreamedInputs`, which are read when they are needed.
        targets: Classes as (n,) int64, or numbers to predict as (n, outputs) float64; or one class for every token,
            (n, tokens) int64, `IGNORED` where nothing is predicted.
    """

    inputs: Any  # an array, or `StreamedInputs`
    targets: Targets

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, eq=False)
class TokenInputs:
    """What is known of inputs that are token ids.

    Attributes:
        vocabulary: How many different ids there are: 0 … vocabulary − 1.
        padding: The id that fills up short sequences; networks with an `attention_mask` get a mask of the others.
        sizes: (vocabulary, 2) int64: bytes (UTF-8) and characters of every token, where targets are tokens of a text.
        stream: The training text as one sequence of ids, int64, where the training inputs are windows of it.
    """

    vocabulary: int
    padding: int | None = None
    sizes: NDArray[np.int64] | None = None
    stream: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split, and what is known of them.

    Attributes:
        classes: Their names; empty where numbers are predicted.
        warnings: What a reader has to know before believing any score.
        items: What the inputs are called: images, signals, rows, examples.
        remarks: What was done to the data on the way here.
        tokens: What is known of the token ids, where the inputs are such.
        by_position: Whether items are in an order of time or text: validation is then the last part of train.
        groups: (n,) int64 of the training items: those of one group go to validation together.
    """

    name: str  # canonical, as in a study
    title: str
    note: str  # shown in titles where the data are not what a reader would expect; '' otherwise
    classes: tuple[str, ...]
    train: Split
    test: Split
    sha256: str = ""  # of the content; `checked` fills it in
    warnings: tuple[str, ...] = ()
    items: str = "images"
    remarks: tuple[str, ...] = ()
    random: RandomItems | None = None  # draws the training inputs afresh, where these are random
    tokens: TokenInputs | None = None
    by_position: bool = False
    groups: NDArray[np.int64] | None = None

    @property
    def task(self) -> Literal["classification", "regression", "tokens"]:
        """Whether the targets are classes, numbers, or one class for every token."""
        if self.train.targets.ndim == 2 and self.train.targets.dtype.kind == "i":
            return "tokens"
        return "classification" if self.classes else "regression"

    @property
    def source_hash(self) -> str:
        """The checksum of this object in records (see `reluctant.core.session_objects.source`).

        It is computed under the attribute names of the first version, so that older folders still match.
        """
        recorded = object.__new__(Dataset)
        vars(recorded).update(vars(self))
        del vars(recorded)["random"]  # the values of a fixed seed stand for it
        for later in ("tokens", "by_position", "groups"):  # fields that older objects lack
            if vars(recorded)[later] is None or vars(recorded)[later] is False:
                del vars(recorded)[later]
        for part, split in (("train", self.train), ("test", self.test)):
            vars(recorded)[part] = object.__new__(Split)
            inputs = split.inputs.array_hash() if isinstance(split.inputs, StreamedInputs) else split.inputs
            vars(vars(recorded)[part]).update(images=inputs, labels=split.targets)
        return code_hash(recorded)
