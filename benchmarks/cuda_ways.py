"""The ways to take the steps that `make bench-cuda` compares: two loops, and our packs."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.cuda_workloads import LR, Workload, loss_of, seeded_network
from reluctant.training import EpochSteps, TensorData, Training, TrainingPack


class PlainLoop:
    """The loop everyone writes: a DataLoader, Adam, and the loss read after every step."""

    runs = 1

    def __init__(self, workload: Workload, data: TensorData, device: torch.device) -> None:
        self.device = device
        self.model = seeded_network(workload, data, device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LR)
        train = TensorDataset(data.train.inputs.contiguous(), data.train.targets)  # as a loader makes images
        loader = DataLoader(train, batch_size=workload.batch, shuffle=True, drop_last=True)
        self.batches: Iterator[list[Tensor]] = chain.from_iterable(repeat(loader))
        self.loss = 0.0

    def take(self, steps: int) -> str:
        """Take so many steps."""
        for _ in range(steps):
            inputs, targets = (each.to(self.device) for each in next(self.batches))
            self.optimizer.zero_grad()
            loss = loss_of(self.model(inputs), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.loss += loss.item()
        return ""


class SkilledLoop:
    """What a skilled practitioner writes: data on the card, nothing that waits, a compiled network, fused Adam.

    On a processor, where this only shows that it runs, the network is not compiled: that would take minutes.
    """

    runs = 1

    def __init__(self, workload: Workload, data: TensorData, device: torch.device) -> None:
        model = seeded_network(workload, data, device)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=True)
        self.compiled = device.type == "cuda"
        self.model: Callable[[Tensor], Tensor] = model
        if self.compiled:
            self.model = torch.compile(model, mode="reduce-overhead")
        self.inputs, self.targets = data.train.inputs.to(device).contiguous(), data.train.targets.to(device)
        self.orders = self._orders(workload.batch)
        self.losses = torch.zeros((), device=device)

    def _orders(self, size: int) -> Iterator[Tensor]:
        """The rows of one batch after the other; they are shuffled on the device."""
        while True:
            order = torch.randperm(len(self.targets), device=self.targets.device)
            yield from order[: len(order) // size * size].view(-1, size)

    def take(self, steps: int) -> str:
        """Take so many steps."""
        for _ in range(steps):
            rows = next(self.orders)
            self.optimizer.zero_grad(set_to_none=True)
            loss = loss_of(self.model(self.inputs[rows]), self.targets[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.losses += loss.detach()
        return "" if self.compiled else "not compiled"


class Pack:
    """So many runs of a study that differ in their seeds; an epoch of theirs has as many steps as are asked for."""

    def __init__(
        self, workload: Workload, data: TensorData, device: torch.device, runs: int, steps: int, epochs: int, *,
        tf32: bool,
    ) -> None:  # fmt: skip
        self.runs, self.epoch = runs, 0
        shared = data.to(device)  # a training's own `to` then copies nothing
        seeds = [workload.run(seed, steps, epochs, tf32=tf32) for seed in range(runs)]
        self.trainings = [Training(run, shared, device) for run in seeds]
        self.pack = TrainingPack()

    def take(self, steps: int) -> str:
        """Take the steps of the next epoch; how they were taken."""
        self.epoch += 1
        epochs = [EpochSteps(training, self.epoch) for training in self.trainings]
        self.pack.take(epochs)
        for each in epochs:
            each.result()  # raises what a step has raised
        return "; ".join(sorted({training.how for training in self.trainings} - {""}))
