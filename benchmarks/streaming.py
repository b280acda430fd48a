"""Seconds of an epoch on MNIST that is streamed, by those on the same data in memory, interleaved.

python benchmarks/streaming.py --data FOLDER --model convnet --rounds 3
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reluctant.data import Split, from_data, load
from reluctant.study import Run
from reluctant.training import Training, prepare


class Pixels(torch.utils.data.Dataset[Any]):
    """The images of a split, one at a time."""

    def __init__(self, split: Split) -> None:
        self.images, self.labels = torch.from_numpy(split.inputs), split.targets

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return self.images[i], int(self.labels[i])


def main() -> None:
    """Print median seconds of training and evaluation, and the median of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="convnet")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    mnist = load("mnist", options.data)
    parts = Pixels(mnist.train), Pixels(mnist.test)
    ways = {"in memory": from_data(parts)}
    for workers in (0, 2):
        ways[f"streamed, {workers} loader workers"] = from_data(parts, stream=True, loader_workers=workers)
    run = Run("relu", 0, "mnist", options.model, epochs=options.rounds + 1)
    trainings = {way: iter(Training(run, prepare(data, run.train_fraction))) for way, data in ways.items()}
    seconds: dict[str, list[list[float]]] = {way: [] for way in ways}
    for _ in range(options.rounds + 1):  # the first round warms up
        for way, epochs in trainings.items():
            timing = next(epochs).seconds
            seconds[way].append([timing.train, timing.evaluate])
    base = np.sum(seconds["in memory"][1:], axis=1)
    for way, each in seconds.items():
        train, evaluate = np.median(each[1:], axis=0)
        ratio = np.median(np.sum(each[1:], axis=1) / base)
        print(f"{options.model}, {way}: train {train:.2f} s, evaluate {evaluate:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
