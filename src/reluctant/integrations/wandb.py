"""Weights & Biases: one run per training, and one with the verdicts, in a project with the study's name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb

from reluctant.analysis.labels import slug
from reluctant.api.tracking import Parameters, Status, VerdictSummary


class WandbTracker:
    """Writes to the project `wandb=PROJECT`, else WANDB_PROJECT, else one with the study's name.

    WANDB_MODE and the other variables of wandb hold as ever; its files are in the study's folder unless WANDB_DIR is
    set.
    """

    def __init__(self, study: str, folder: Path, target: str) -> None:
        self._study = study
        self._options: dict[str, Any] = {
            "project": target or os.environ.get("WANDB_PROJECT") or slug(study),
            "group": study,
            "reinit": "create_new",  # runs that train side by side are open side by side
            "dir": os.environ.get("WANDB_DIR") or str(folder.absolute()),
            "settings": wandb.Settings(console="off", silent=True),
        }
        self._runs: dict[str, Any] = {}

    def begin(self, key: str, name: str, parameters: Parameters) -> None:
        """Create a run; its parameters are the config."""
        self._runs[key] = run = wandb.init(name=name, config={**parameters, "key": key}, **self._options)
        run.define_metric("*", step_metric="epoch")

    def log(self, key: str, epoch: int, scores: Mapping[str, float]) -> None:
        """Log the scores of an epoch, which is the x-axis of their charts."""
        self._runs[key].log({"epoch": epoch, **scores})

    def end(self, key: str, status: Status) -> None:
        """End a run; how it ended is `status` in its summary."""
        run = self._runs.pop(key)
        run.summary["status"] = status
        run.finish(exit_code=0 if status in ("finished", "diverged") else 1)

    def summarise(self, summary: VerdictSummary) -> None:
        """Create a run with the verdicts and their numbers as its summary, and the page as an artifact."""
        run = wandb.init(
            name=f"{self._study}: verdicts", job_type="verdicts", notes="\n".join(summary.sentences), **self._options
        )
        run.summary.update({**summary.numbers, **summary.verdicts})
        page = wandb.Artifact(f"report-{slug(self._study)}", type="report")
        page.add_file(str(summary.page), "report.html")
        run.log_artifact(page)
        run.finish()
