"""Hugging Face: a callback that reports what a `transformers.Trainer` evaluates."""

import math
from typing import TYPE_CHECKING, Any

from reluctant.core.errors import StudyError
from reluctant.trials.trial import Trial

try:
    from transformers import TrainerCallback
except ModuleNotFoundError as fault:
    if fault.name != "transformers":
        raise  # it is installed, and a package that it needs is not
    raise ImportError("transformers is not installed; install it with pip install 'reluctant[transformers]'") from None

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

MEASURED_TIMES = ("_runtime", "_per_second", "_time")  # endings of names; they are no scores, and differ every time


class Report(TrainerCallback):
    """Reports what is evaluated to a trial: `Trainer(…, callbacks=[Report(trial)])`.

    Metrics keep their names (`eval_accuracy` is an accuracy on validation data). With `eval_strategy="epoch"` a report
    has the number of its epoch, with `"steps"` that of the evaluation. Where the Trainer evaluates nothing while it
    trains, the training loss it logs is reported as `train_loss`. What is evaluated or predicted after training
    (`trainer.evaluate(test, metric_key_prefix="test")`) is added to the last report.

    Raises:
        StudyError: When training begins, where `TrainingArguments` has another seed than the trial: a Trainer seeds
            everything with it, so all runs would see the same batches.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def on_train_begin(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **more: Any
    ) -> None:
        """Refuse a training that ignores the trial's seed."""
        if args.seed != self.trial.seed:
            raise StudyError(
                f"TrainingArguments has seed={args.seed}, and this run has the seed {self.trial.seed}; write "
                f"TrainingArguments(…, seed=trial.seed), so that every run sees batches of its own"
            )

    def on_evaluate(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl",
        metrics: dict[str, Any] | None = None, **more: Any,
    ) -> None:  # fmt: skip
        """Report an evaluation."""
        self._report(args, state, metrics or {})

    def on_predict(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", metrics: dict[str, Any],
        **more: Any,
    ) -> None:  # fmt: skip
        """Report the metrics of `trainer.predict`."""
        self._report(args, state, metrics)

    def on_log(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl",
        logs: dict[str, Any] | None = None, **more: Any,
    ) -> None:  # fmt: skip
        """Report the training loss, where nothing is evaluated while training."""
        if args.eval_strategy == "no" and logs and "loss" in logs:
            self._report(args, state, {"train_loss": logs["loss"]})

    def _report(self, args: "TrainingArguments", state: "TrainerState", metrics: dict[str, Any]) -> None:
        """Report metrics; those of one epoch, such as of two data sets that are evaluated, become one report."""
        scores = {n: value for n, value in metrics.items() if n != "epoch" and not n.endswith(MEASURED_TIMES)}
        if not scores or not state.is_world_process_zero:
            return
        if args.eval_strategy == "steps":
            evaluated = {e["step"] for e in state.log_history if any(name.startswith("eval_") for name in e)}
            epoch = max(1, len(evaluated))
        else:
            epoch = max(1, math.ceil((state.epoch or 0) - 1e-6))  # 2.9999… after the third epoch
        last, before = self.trial.last_report
        self.trial.report({**(before if epoch == last else {}), **scores}, epoch=epoch)
