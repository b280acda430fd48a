"""MLflow: one run per training, and one with the verdicts, in an experiment with the study's name."""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Param, RunTag

from reluctant.api.tracking import Parameters, Status, VerdictSummary

_ENDINGS = {"finished": "FINISHED", "diverged": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}


class MLflowTracker:
    """Writes to MLFLOW_TRACKING_URI or `mlflow=URI`; without these to `mlruns` in the study's folder.

    The status of a run is also its tag `status`, since MLflow has none for a run that diverged.
    """

    def __init__(self, study: str, folder: Path, target: str) -> None:
        chosen = mlflow.is_tracking_uri_set()  # type: ignore[no-untyped-call]
        uri = target or (None if chosen else (folder / "mlruns").absolute().as_uri())
        if (uri or "").startswith("file:"):  # MLflow wants to be asked for this; it needs no data base, though
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        self._client = mlflow.MlflowClient(tracking_uri=uri)
        experiment = self._client.get_experiment_by_name(study)
        self._experiment = experiment.experiment_id if experiment else self._client.create_experiment(study)
        self._study = study
        self._ids: dict[str, str] = {}

    def begin(self, key: str, name: str, parameters: Parameters) -> None:
        """Create a run with its parameters."""
        self._ids[key] = self._client.create_run(self._experiment, run_name=name).info.run_id
        written = [Param(_allowed(parameter), str(value)) for parameter, value in parameters.items()]
        self._client.log_batch(self._ids[key], params=written, tags=[RunTag("key", key)])

    def log(self, key: str, epoch: int, scores: Mapping[str, float]) -> None:
        """Log the scores of an epoch, which is MLflow's step."""
        self._log_numbers(self._ids[key], epoch, scores)

    def end(self, key: str, status: Status) -> None:
        """End a run."""
        run = self._ids.pop(key)
        self._client.set_tag(run, "status", status)
        self._client.set_terminated(run, _ENDINGS[status])

    def summarise(self, summary: VerdictSummary) -> None:
        """Create a run with the verdicts as tags, their numbers as metrics, and the page as an artifact."""
        tags = {"mlflow.note.content": "\n\n".join(summary.sentences), **summary.verdicts}
        run = self._client.create_run(
            self._experiment, run_name=f"{self._study}: verdicts",
            tags={_allowed(name): text for name, text in tags.items()},
        ).info.run_id  # fmt: skip
        self._log_numbers(run, 0, summary.numbers)
        self._client.log_artifact(run, str(summary.page))
        self._client.set_terminated(run)

    def _log_numbers(self, run: str, step: int, numbers: Mapping[str, float]) -> None:
        now = int(1000 * time.time())
        self._client.log_batch(run, [Metric(_allowed(name), value, now, step) for name, value in numbers.items()])


def _allowed(name: str) -> str:
    """A name in the characters that MLflow allows."""
    return re.sub(r"[^\w\-. /]", "_", name, flags=re.ASCII)
