"""What a study found: the records of a folder as arrays and tables. Needs no torch."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from reluctant.metrics import metric, scores
from reluctant.names import StudyError
from reluctant.statistics import Interval, mean_interval
from reluctant.store import Record, Store
from reluctant.study import Run, Study
from reluctant.study.study import AXES

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "valid", "test")
SHOWN = ("accuracy", "precision", "recall", "f1", "loss")  # the columns of a frame unless asked otherwise

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Result:
    """One finished run: per split `loss` (epochs,) and `confusion` (epochs, classes, classes).

    `diverged` is the epoch in which the loss stopped being finite, None where it never did; the arrays
    then end with the epoch before. `record` holds the rest as stored, without the epochs.
    """

    run: Run
    diverged: int | None
    loss: Mapping[str, Floats]
    confusion: Mapping[str, Counts]
    seconds: Mapping[str, Floats]  # per epoch: train, evaluate
    record: Record

    @classmethod
    def of(cls, record: Record) -> Self:
        """The result that a record of the store holds."""
        epochs = record["epochs"]
        return cls(
            run=Run.from_dict(record["run"]),
            diverged=record["diverged"],
            loss={s: np.array([e["loss"][s] for e in epochs], float) for s in SPLITS},
            confusion={s: _matrices([e["confusion"][s] for e in epochs]) for s in SPLITS},
            seconds={p: np.array([e["seconds"][p] for e in epochs], float) for p in ("train", "evaluate")},
            record={key: value for key, value in record.items() if key != "epochs"},
        )

    @property
    def epochs(self) -> int:
        """How many epochs ended with finite numbers."""
        return len(self.loss["test"])

    def curve(self, name: str, split: str = "test") -> Floats:
        """A metric after every epoch, shape (epochs,). Train scores are those of the epoch's own batches."""
        if metric(name).name == "loss":
            return self.loss[split]
        return scores(self.confusion[split], name) if self.epochs else np.empty(0)

    def score(self, name: str, split: str = "test") -> float:
        """A metric after the last epoch; NaN where the run diverged."""
        if self.diverged is not None or not self.epochs:
            return float("nan")
        return float(self.curve(name, split)[-1])


def _matrices(epochs: list[list[list[int]]]) -> Counts:
    return np.array(epochs, np.int64) if epochs else np.empty((0, 0, 0), np.int64)


@dataclass(frozen=True, eq=False)
class Results:
    """All finished runs of a study, in the study's order; `failures` maps a run to its traceback."""

    study: Study
    results: tuple[Result, ...]
    failures: Mapping[Run, str] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    folder: Path | None = None

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """The results in a study's folder, finished or not; `StudyError` where there is no study."""
        folder = Path(folder)
        study = read_study(folder)
        store = Store(folder / "runs")
        runs = list(study.runs())
        return cls(
            study,
            tuple(Result.of(store[run.key]) for run in runs if run.key in store),
            {run: text for run in runs if run.key not in store and (text := _failure(folder, run))},
            {path.stem: json.loads(path.read_text("utf-8")) for path in _environments(folder)},
            folder,
        )

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    @property
    def activations(self) -> tuple[str, ...]:
        """The activations of the study, in its order."""
        return self.study.activation

    @property
    def missing(self) -> int:
        """How many runs of the study have not finished."""
        return self.study.size - len(self)

    @cached_property
    def settings(self) -> tuple[Mapping[str, Any], ...]:
        """The combinations of all axes but activation and seed; a study without such axes has one, empty."""
        axes = [axis for axis in AXES if len(getattr(self.study, axis)) > 1]
        found = {setting(run, axes): None for run in self.study.runs()}
        return tuple(dict(pairs) for pairs in found)

    def at(self, chosen: Mapping[str, Any]) -> Self:
        """The part of the results at one setting."""
        fits = [r for r in self.results if all(getattr(r.run, k) == v for k, v in chosen.items())]
        lost = {
            run: text
            for run, text in self.failures.items()
            if all(getattr(run, k) == v for k, v in chosen.items())
        }
        study = self.study.model_copy(update={axis: (value,) for axis, value in chosen.items()})
        return type(self)(study, tuple(fits), lost, self.environments, self.folder)

    def of(self, activation: str) -> tuple[Result, ...]:
        """The finished runs of one activation, by seed."""
        return tuple(result for result in self.results if result.run.activation == activation)

    def curves(self, name: str, activation: str, split: str = "test") -> Floats:
        """A metric per seed and epoch, shape (seeds, epochs); diverged runs are left out."""
        whole = [r.curve(name, split) for r in self.of(activation) if r.diverged is None]
        return np.array(whole) if whole else np.empty((0, 0))

    def interval(self, name: str, activation: str, split: str = "test") -> Interval:
        """The mean of a final score over the seeds that finished, with its 95 % interval."""
        return mean_interval([r.score(name, split) for r in self.of(activation) if r.diverged is None])

    def confusion(self, activation: str, split: str = "test") -> npt.NDArray[np.int64]:
        """The confusion matrix after the last epoch, summed over seeds; diverged runs are left out."""
        last = [r.confusion[split][-1] for r in self.of(activation) if r.diverged is None and r.epochs]
        return np.sum(last, axis=0, dtype=np.int64) if last else np.zeros((0, 0), np.int64)

    def scores(self, name: str = "f1", split: str = "test") -> "pd.DataFrame":
        """Final scores, activations × seeds (one setting), NaN where a run diverged or is missing."""
        import pandas as pd

        self._one_setting()
        table = pd.DataFrame(index=list(self.activations), columns=list(self.study.seed), dtype=float)
        for result in self.results:
            table.loc[result.run.activation, result.run.seed] = result.score(name, split)
        return table.rename_axis(index="activation", columns="seed")

    def frame(self, metrics: Sequence[str] = SHOWN) -> "pd.DataFrame":
        """One row per activation, seed, setting, epoch and split: the metrics as columns."""
        import pandas as pd

        parts = [_rows(result, split, metrics) for result in self.results for split in SPLITS]
        columns = ["activation", "seed", *AXES, "epoch", "split", *metrics]
        whole: dict[str, Any] = {
            c: np.concatenate([part[c] for part in parts]) if parts else [] for c in columns
        }
        return pd.DataFrame(whole, columns=columns)

    def _one_setting(self) -> None:
        if len(self.settings) > 1:
            axes = ", ".join(self.settings[0])
            raise StudyError(
                f"the study varies {axes}; choose one setting first: results.at(results.settings[0])"
            )


def _rows(result: Result, split: str, metrics: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    n = result.epochs
    fixed = {name: getattr(result.run, name) for name in ("activation", "seed", *AXES)}
    return {
        **{name: np.full(n, value) for name, value in fixed.items()},
        "epoch": np.arange(1, n + 1),
        "split": np.full(n, split),
        **{name: result.curve(name, split) for name in metrics},
    }


def setting(run: Run, axes: Sequence[str]) -> tuple[tuple[str, Any], ...]:
    """The values a run has on these axes."""
    return tuple((axis, getattr(run, axis)) for axis in axes)


def read_study(folder: Path) -> Study:
    """The study of a folder; `StudyError` where there is none."""
    path = folder / "study.toml"
    if not path.is_file():
        raise StudyError(
            f"{folder} holds no study (no study.toml); give the folder that `reluctant run` wrote"
        )
    return Study.read(path)


def _failure(folder: Path, run: Run) -> str:
    path = folder / "failed" / f"{run.key}.txt"
    return path.read_text("utf-8") if path.is_file() else ""


def _environments(folder: Path) -> list[Path]:
    return sorted((folder / "environments").glob("*.json"))
