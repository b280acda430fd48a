"""What carries out the steps of several runs in one process."""

from collections.abc import Sequence

from reluctant.training.epoch_steps import EpochSteps


class TrainingPack:
    """The runs of one process that train side by side, a step of each in turn."""

    def capacity(self, steps: EpochSteps, wanted: int) -> int:
        """How many runs, of those wanted, fit into memory, by the first one's steps."""
        return wanted

    def take(self, steps: Sequence[EpochSteps]) -> None:
        """Take all steps of an epoch of every run."""
        going = list(steps)
        while going:
            going = [each for each in going if each.advance()]
