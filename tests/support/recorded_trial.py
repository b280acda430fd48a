"""A trial outside of any study, which notes every report."""

from pathlib import Path
from typing import Any

import torch

from reluctant.records.parts import ReportedEpoch
from reluctant.study import Run
from reluctant.trials.reports import Reports
from reluctant.trials.trial import Trial


class RecordedTrial(Trial):
    """A trial of ReLU. A second one in the same folder goes on with the reports of the first."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.reports: list[tuple[int, dict[str, Any]]] = []
        run = Run("relu", seed=seed, train="module:train")
        super().__init__(run, torch.device("cpu"), folder, Reports(folder), self._note)
        _ = self.checkpoint_dir  # reports are stored

    def _note(self, report: ReportedEpoch) -> None:
        self.reports.append((report.epoch, report.scores))
