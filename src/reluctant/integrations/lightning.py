"""Lightning: a callback that reports what a LightningModule logs, so that its own Trainer trains a study's runs."""

import importlib
import sys
from typing import TYPE_CHECKING

from reluctant.trials.trial import Trial

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
else:
    for _package in sorted(("lightning.pytorch", "pytorch_lightning"), key=lambda name: name not in sys.modules):
        try:
            Callback = importlib.import_module(_package).Callback
            break
        except ModuleNotFoundError as fault:
            if fault.name not in ("lightning", "lightning.pytorch", "pytorch_lightning"):
                raise  # Lightning is installed, and a package that it needs is not
    else:
        raise ImportError("Lightning is not installed; install it with pip install 'reluctant[lightning]'")


class Report(Callback):
    """Reports the metrics that a module logs to a trial: `Trainer(callbacks=[Report(trial)])`.

    Every epoch that ends with a validation is one report, with all metrics in `trainer.callback_metrics`; where the
    Trainer does not validate, every training epoch is one. Metrics of `trainer.test` are added to the last report.

    To resume an interrupted run, let Lightning store its checkpoints in the trial's folder:

        checkpoints = ModelCheckpoint(trial.checkpoint_dir, save_last=True)
        trainer = Trainer(callbacks=[Report(trial), checkpoints], …)
        trainer.fit(module, data, ckpt_path="last")
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self._validated = False  # whether the present epoch has validated

    def on_train_epoch_start(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Begin an epoch."""
        self._validated = False

    def on_validation_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Note that this epoch has validated; report at once where `trainer.validate` was called."""
        if trainer.state.fn == "validate":
            self._add_to_last_report(trainer)
        self._validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Report the epoch. A checkpoint of the epoch is written after this, so it is never ahead of the reports."""
        # What is logged only when validating is still there one epoch later, so an epoch without it is no report.
        if self._validated or not trainer.enable_validation:
            self._send(trainer, trainer.current_epoch + 1, {})

    def on_test_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Add the metrics of `trainer.test` to the last report."""
        self._add_to_last_report(trainer)

    def _add_to_last_report(self, trainer: "Trainer") -> None:
        epoch, scores = self.trial.last_report
        self._send(trainer, epoch or max(1, trainer.current_epoch), scores)

    def _send(self, trainer: "Trainer", epoch: int, scores: dict[str, float | None]) -> None:
        if trainer.is_global_zero and trainer.callback_metrics:
            more = {name: float(value) for name, value in trainer.callback_metrics.items()}
            self.trial.report(scores | more, epoch=epoch)
