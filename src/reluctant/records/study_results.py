"""What a study found: the records of a folder as arrays and tables. Needs no torch."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from reluctant.catalogue.metrics import CLASSIFICATION, SHOWN, metric, total
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.records.run_result import SPLITS, Floats, Result, decoded, numbers
from reluctant.records.store import Store
from reluctant.statistics import Interval, mean_interval
from reluctant.study import Run, Study
from reluctant.study.study import AXES

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Results:
    """All finished runs of a study, in the study's order; `failures` maps a run to its traceback."""

    study: Study
    results: tuple[Result, ...]
    failures: Mapping[Run, str] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by SHA-256: what was trained on
    grown: bool = False  # whether seeds were added after results had been seen
    history: tuple[Mapping[str, Any], ...] = ()  # its changes: date, looked, changed {key: [old, new]}
    folder: Path | None = None
    damaged: tuple[str, ...] = ()  # files of runs/ that cannot be trusted; nothing was read from them

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """The results in a study's folder, finished or not; `StudyError` where there is no study."""
        folder = Path(folder)
        study = read_study(folder)
        store = Store(folder / "runs")
        runs = list(study.runs())
        (found, damaged), history = _trusted(store, runs), read_history(folder)
        return cls(
            study,
            tuple(found.values()),
            {run: text for run in runs if run not in found and (text := _failure(folder, run))},
            _described(folder / "environments"),
            {kept["sha256"]: kept for kept in _described(folder / "data").values()},
            any(change["looked"] and "seed" in change["changed"] for change in history),
            history,
            folder,
            tuple(damaged),
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
        return replace(self, study=study, results=tuple(fits), failures=lost)

    def of(self, activation: str) -> tuple[Result, ...]:
        """The finished runs of one activation, by seed."""
        return self._by_activation.get(activation, ())

    @cached_property
    def _by_activation(self) -> dict[str, tuple[Result, ...]]:
        seeds = set(self.study.seed)
        found: dict[str, list[Result]] = {}
        for result in self.results:
            if result.run.seed in seeds:
                found.setdefault(result.run.activation, []).append(result)
        return {name: tuple(results) for name, results in found.items()}

    def diverged(self, activation: str) -> bool:
        """Whether any run of an activation diverged."""
        return any(result.diverged is not None for result in self.of(activation))

    @property
    def control(self) -> tuple[Result, ...]:
        """The baseline's runs under the control's seeds."""
        seeds = set(self.study.control_seeds)
        return tuple(
            r for r in self.results if r.run.seed in seeds and r.run.activation == self.study.baseline
        )

    def by_epoch(self, name: str, activation: str, split: str = "test") -> Floats:
        """A metric per seed and epoch, shape (seeds, epochs); diverged runs are left out.

        A run that stopped early keeps its last value up to the last epoch: its network stays what it was.
        """
        whole = [r.whole(name, split) for r in self.of(activation) if r.diverged is None]
        return np.array(whole) if whole else np.empty((0, 0))

    def interval(self, name: str, activation: str, split: str = "test", at: str = "last") -> Interval:
        """The mean of a score over the seeds that finished, with its 95 % interval."""
        return mean_interval([r.score(name, split, at) for r in self.of(activation) if r.diverged is None])

    def values(self, name: str, activation: str, split: str = "test", at: str = "last") -> Floats:
        """A score per seed of the study, shape (seeds,), NaN where a run diverged or is missing."""
        found = {r.run.seed: r.score(name, split, at) for r in self.of(activation)}
        return np.array([found.get(seed, np.nan) for seed in self.study.seed])

    def confusion(self, activation: str, split: str = "test") -> npt.NDArray[np.int64]:
        """The confusion matrix after the last epoch, summed over seeds; diverged runs are left out.

        Above 20 classes that of the test part alone was kept. Empty (0, 0) where there is none.
        """
        last = [r.matrix(split) for r in self.of(activation) if r.diverged is None and r.epochs]
        whole = [matrix for matrix in last if matrix is not None]
        return np.sum(whole, axis=0, dtype=np.int64) if whole else np.zeros((0, 0), np.int64)

    def resolution(self, name: str, split: str = "test") -> float:
        """One image's worth of a score; 0 for the loss, which has no steps."""
        sizes = [total(r.counts[split][-1]) for r in self.results if r.epochs][:1]
        steps = metric(name).score is not None and self.study.task == CLASSIFICATION
        return 1 / sizes[0] if sizes and steps else 0.0

    def scores(self, name: str = "", split: str = "test", at: str = "last") -> "pd.DataFrame":
        """Final scores, activations × seeds (one setting), NaN where a run diverged or is missing."""
        import pandas as pd

        self.one_setting()
        name = name or self.study.compare.metric
        table = pd.DataFrame(index=list(self.activations), columns=list(self.study.seed), dtype=float)
        for activation in self.activations:
            table.loc[activation] = self.values(name, activation, split, at)
        return table.rename_axis(index="activation", columns="seed")

    def frame(self, metrics: Sequence[str] = ()) -> "pd.DataFrame":
        """One row per activation, seed, setting, epoch and split: the metrics as columns.

        Unless named, the metrics are those that are usual for the study's task.
        """
        import pandas as pd

        metrics = metrics or SHOWN[self.study.task]

        parts = [_rows(result, split, metrics) for result in self.results for split in SPLITS]
        columns = ["activation", "seed", *AXES, "epoch", "split", *metrics]
        whole: dict[str, Any] = {
            c: np.concatenate([part[c] for part in parts]) if parts else [] for c in columns
        }
        return pd.DataFrame(whole, columns=columns)

    def only(self, chosen: Container[tuple[str, Any]], axis: str) -> Self:
        """The results whose (activation, value on `axis`) is among `chosen`."""
        fits = tuple(r for r in self.results if (r.run.activation, getattr(r.run, axis)) in chosen)
        return replace(self, results=fits)

    def labels(self, result: Result) -> npt.NDArray[Any] | None:
        """The truth about the test part that a run was scored on: classes (n,), or numbers (n, outputs).

        None where it was not kept.
        """
        kept = self.data.get(result.record["data"])
        if kept is None:
            return None
        if "test_targets" in kept:
            return numbers(kept["test_targets"], int(kept["outputs"]))
        return decoded(kept["test_labels"], len(kept["classes"]))

    def one_setting(self) -> None:
        """Raise `StudyError` where the study varies more than activation and seed."""
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


def _trusted(store: Store, runs: Sequence[Run]) -> tuple[dict[Run, Result], list[str]]:
    """The results that can be read, and the names of the files that cannot."""
    found, damaged = {}, []
    for run in runs:
        try:
            if run.key in store:
                result = Result.of(store[run.key])
                if result.run.key != run.key:
                    raise ValueError("another run's record under this name")
                found[run] = result
        except (ReluctantError, KeyError, TypeError, ValueError):
            damaged.append(f"{run.key}.json")
    return found, damaged


def _failure(folder: Path, run: Run) -> str:
    path = folder / "failed" / f"{run.key}.txt"
    return path.read_text("utf-8") if path.is_file() else ""


def _described(folder: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def read_history(folder: Path) -> tuple[dict[str, Any], ...]:
    """The changes of the study that `reluctant run` noted in its folder, oldest first."""
    path = folder / "history.jsonl"
    return tuple(map(json.loads, path.read_text("utf-8").splitlines())) if path.is_file() else ()
