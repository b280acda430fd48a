"""A `Run`: everything that decides the numbers of one training, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

from reluctant.core.canonical_json import digest
from reluctant.core.names import canonical_value
from reluctant.study.seeds import Seed, source_seed

RECIPE = 2  # version of the numerics; raised whenever the same Run would give other numbers


@dataclass(frozen=True)
class Run:
    """One training. Names are canonical; device, workers, engine and folder are not part of it."""

    activation: str
    seed: Seed = 0
    dataset: str = "digits"
    model: str = "convnet"
    init: str = "default"
    optimizer: str = "adam"
    lr: float = 0.001
    batch_size: int = 32
    epochs: int = 10
    train_fraction: float = 0.92
    threads: int = 1
    keep_weights: bool = False
    robustness: bool = False
    procedure: str = "standard"
    pixels: str = "standardised"
    schedule: str = "constant"
    clip_norm: float = 0.0
    label_smoothing: float = 0.0
    augment: str = "none"
    patience: int = 0
    train: str = ""  # the user's own function that trains; our loop where it is empty
    command: str = ""  # or the user's own command
    precision: str = "float32"
    accumulate: int = 1
    class_weights: str = "none"
    loss: str = "standard"
    steps: int = (
        0  # updates of the weights; 0: every epoch is a pass over the data. With steps, epochs count evaluations
    )
    compile: bool = False  # training steps through torch.compile, which fuses operations and rounds otherwise

    def canonical(self) -> dict[str, Any]:
        """What differs from the defaults, numbers by value: the input of the key."""
        values = self.to_dict()
        differing = {name: values[name] for name, each in _DEFAULTS.items() if not same_value(values[name], each)}
        return {"activation": self.activation, **differing}

    @property
    def user_names(self) -> tuple[str, ...]:
        """The names that may lead to code of the user's."""
        if self.reported:  # an arm may be any word that the user's own function or command understands
            return (self.train,) if self.train else ()
        return (self.activation, self.model, self.dataset, self.procedure, self.optimizer, self.loss)

    @property
    def reported(self) -> bool:
        """Whether code of the user's trains and reports scores, and not our loop."""
        return bool(self.train or self.command)

    def moment(self, evaluation: int) -> str:
        """When an evaluation is: `epoch 3`, or `step 750` where the run is measured in steps."""
        return f"step {evaluation * (self.steps // self.epochs):,}" if self.steps else f"epoch {evaluation:,}"

    def seed_for(self, source: str) -> int:
        """The seed of one source of randomness (`init`, `order`, `noise`, `split`)."""
        return source_seed(self.seed, source)

    @cached_property
    def key(self) -> str:
        """The run's name: the first 20 hex digits of the SHA-256 of its canonical JSON."""
        return digest(self.canonical())[:20]

    def to_dict(self) -> dict[str, Any]:
        """All fields, as a record holds them."""
        return {name: canonical_value(getattr(self, name)) for name in _FIELDS}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """A run from a record; fields that a record of an older version lacks take their defaults."""
        return cls(**{name: value for name, value in content.items() if name in _FIELDS})


_FIELDS = tuple(f.name for f in fields(Run))
_DEFAULTS = {f.name: canonical_value(f.default) for f in fields(Run) if f.name != "activation"}


def same_value(one: Any, other: Any) -> bool:
    """Equal by value, booleans apart from numbers."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
