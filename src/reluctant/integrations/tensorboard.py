"""TensorBoard: one folder of events per training, and one with the verdicts."""

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from reluctant.analysis.labels import slug
from reluctant.api.tracking import Parameters, Status, VerdictSummary


class TensorBoardTracker:
    """Writes to `tensorboard` in the study's folder, or with `tensorboard=FOLDER` to a folder in that one.

    The parameters of a run and its last scores are in the tab HPARAMS.
    """

    def __init__(self, study: str, folder: Path, target: str) -> None:
        self._folder = Path(target) / slug(study) if target else folder / "tensorboard"
        self._writers: dict[str, SummaryWriter] = {}
        self._parameters: dict[str, Parameters] = {}
        self._scores: dict[str, dict[str, float]] = {}  # the last ones of each open run

    def begin(self, key: str, name: str, parameters: Parameters) -> None:
        """Open the run's folder."""
        self._writers[key] = SummaryWriter(str(self._folder / f"{slug(name)}-{key[:6]}"))
        self._parameters[key], self._scores[key] = parameters, {}

    def log(self, key: str, epoch: int, scores: Mapping[str, float]) -> None:
        """Write the scores of an epoch, which is TensorBoard's step."""
        for name, value in scores.items():
            self._writers[key].add_scalar(name, value, epoch)
        self._writers[key].flush()
        self._scores[key] |= scores

    def end(self, key: str, status: Status) -> None:
        """Write the parameters and the status, and close the folder."""
        writer = self._writers.pop(key)
        writer.add_text("status", status)
        events = writer.file_writer
        assert events is not None  # until the writer is closed
        parameters = {**self._parameters.pop(key), "status": status}
        for part in hparams(parameters, self._scores.pop(key)):
            events.add_summary(part)  # `writer.add_hparams` would open one more folder
        writer.close()

    def summarise(self, summary: VerdictSummary) -> None:
        """Write the sentences and verdicts as texts, and the numbers as scalars. TensorBoard keeps no pages."""
        with SummaryWriter(str(self._folder / "verdicts")) as writer:
            writer.add_text("sentences", "\n\n".join(summary.sentences))
            for name, verdict in summary.verdicts.items():
                writer.add_text(name, verdict)
            for name, number in summary.numbers.items():
                writer.add_scalar(name, number, 0)
