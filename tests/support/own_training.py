"""Functions that train, in the way users write them, for tests of `train=`."""

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

import reluctant
from reluctant import Trial


def line(trial: Trial, epochs: int = 3) -> None:
    """A straight line through a curve of the activation, by gradient descent, with noise from all generators."""
    torch.manual_seed(trial.seed)
    weight = torch.randn(4, requires_grad=True)
    x = torch.randn(32, 4, generator=trial.generator("data"))
    noise = random.random() + float(np.random.rand()) + torch.rand(1).item()
    act = trial.activation()
    for epoch in range(1, epochs + 1):
        loss = ((act(x @ weight) - x.sum(1)) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            assert weight.grad is not None
            weight -= 0.01 * weight.grad
            weight.grad = None
        trial.report(epoch=epoch, loss=loss, accuracy=1 / (1 + loss.item()) + 1e-3 * noise)


def resumable(trial: Trial, kill_after: int = 0) -> None:
    """Six epochs with a checkpoint each; the process kills itself once, after so many."""
    state, mark = trial.checkpoint_dir / "state.txt", trial.checkpoint_dir / "killed"
    epoch, value = (int(each) for each in state.read_text().split()) if state.exists() else (0, 1000 + trial.seed)
    while epoch < 6:
        epoch, value = epoch + 1, (value * 7919 + len(trial.arm)) % 10007
        trial.report(epoch=epoch, accuracy=value / 10007)
        state.write_text(f"{epoch} {value}")
        if kill_after and epoch == kill_after and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def unrepeatable(trial: Trial) -> float:
    """Another number at each call."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


def one_fault(trial: Trial, fault: str = "") -> Any:  # noqa: PLR0911, PLR0912
    """A training with one fault; without one, a score that depends on the arm and the seed."""
    score = 0.9 + 0.01 * trial.seed + 0.001 * len(trial.arm)
    if fault == "none":
        return None
    if fault == "text":
        return "0.93"
    if fault == "array":
        return torch.ones(3)
    if fault == "bool":
        return True
    if fault == "empty":
        return {}
    if fault == "raises":
        raise ValueError("a fault of my own")
    if fault == "exits":
        sys.exit(3)
    if fault == "epoch":
        trial.report(epoch="one", accuracy=score)  # type: ignore[arg-type]
    if fault == "nan":
        return float("nan")
    if fault == "keys":
        return {f"accuracy_{trial.arm}": score}
    if fault == "ignores":
        return {"accuracy": 0.87654321}
    if fault == "prints":
        for _ in range(3000):
            print("x" * 1000)
    if fault == "forks":
        child = os.fork()
        trial.report(accuracy=score)
        if child:
            os.waitpid(child, 0)
        return None
    return torch.tensor(score, dtype=torch.float64)


def optimizer(trial: Trial) -> dict[str, float]:
    """What `compare` was given for an arm decides the score."""
    value = float(trial.value)
    return {"accuracy": (value + trial.seed % 3 / (1 + value % 2)) / 100}


def traces(trial: Trial) -> float:
    """A line of a file for every call."""
    with Path("calls.txt").open("a") as file:
        file.write(f"{trial.arm} {trial.seed}\n")
    return 0.5 + 0.01 * trial.seed + 0.001 * len(trial.arm)


def compared(train: Any, arms: Any = ("relu", "gelu"), **options: Any) -> Any:
    """A comparison of three seeds in this process, in the folder `out`."""
    return reluctant.compare(arms, train=train, **{"seeds": 3, "engine": "serial", "folder": "out", **options})


def reports_of(results: reluctant.Results) -> dict[str, list[tuple[int, dict[str, float | None]]]]:
    """Epochs and scores of every run that reported."""
    return {
        f"{r.run.activation}-{r.run.seed}": [(e.epoch, e.scores) for e in r.record.reports]
        for r in results.records.reported
    }
