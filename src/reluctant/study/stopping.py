"""When a training stops early: after so many epochs without a new lowest validation loss."""

from collections.abc import Sequence

from reluctant.study.run import Run


def stops(run: Run, losses: Sequence[float]) -> bool:
    """Whether a run stops early after the epochs with these validation losses.

    It does at the first epoch that lies `patience` epochs behind the lowest loss so far, the earliest of
    equals; not after its last epoch, where it ends anyway. The network stays as it is then.
    """
    if not run.patience or not losses or len(losses) >= run.epochs:
        return False
    best = min(range(len(losses)), key=losses.__getitem__)
    return len(losses) - 1 - best >= run.patience


def right_stop(run: Run, losses: Sequence[float]) -> int | None:
    """The epoch (from 1) after which a run with these validation losses has to stop; None where none is."""
    return next((n for n in range(1, len(losses) + 1) if stops(run, losses[:n])), None)
