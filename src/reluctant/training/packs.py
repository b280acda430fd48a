"""What carries out the steps of the runs of one process: on a GPU replayed together, elsewhere one after the other."""

import time
from collections import defaultdict
from collections.abc import Sequence

from reluctant.training.cuda_graphs import CudaCapture
from reluctant.training.epoch_steps import EpochSteps
from reluctant.training.numerics import numerics
from reluctant.training.step_graphs import Capture, StepGraphs, obstacle, take_replayed
from reluctant.training.tensor_steps import TensorSteps
from reluctant.training.training import Training

OF_FREE_MEMORY = 0.9  # that further runs may take
REPLAYED, ONE_BY_ONE = "replayed from a CUDA graph", "one by one"


class TrainingPack:
    """The runs of one process that train side by side. It changes no number.

    Attributes:
        capture: Makes what captures steps on a kind of device; of runs elsewhere, steps are taken one by one.
    """

    def __init__(self, capture: type[Capture] = CudaCapture) -> None:
        self.capture = capture
        self._members: dict[int, TensorSteps] = {}  # by the identity of their trainings
        self._graphs: dict[tuple[int, ...], StepGraphs] = {}  # by the trainings that they hold

    def capacity(self, steps: EpochSteps, runs: int) -> int:
        """How many runs, of so many, fit into memory: on a GPU by what the capture of the first one's steps takes.

        Runs whose steps are taken one by one gain nothing from a pack there.
        """
        training = steps.training
        if runs == 1 or training.device.type != self.capture.kind:
            return runs
        if obstacle(training):
            return 1
        capture = self.capture(training.device)
        before, _ = capture.memory()
        try:
            with numerics(training.run, training.device):
                member = self._member(training)
                member.begin(steps)
                StepGraphs([member], capture)
        except Exception as error:
            steps.error = error
            return 1
        after, free = capture.memory()
        return max(1, min(runs, 1 + int(OF_FREE_MEMORY * free / max(1, after - before))))

    def take(self, steps: Sequence[EpochSteps]) -> None:
        """Take all steps of an epoch of every run."""
        going_on = {id(each.training) for each in steps}  # memory of runs that have ended is free for others
        self._members = {key: member for key, member in self._members.items() if key in going_on}
        self._graphs = {key: graphs for key, graphs in self._graphs.items() if going_on.issuperset(key)}
        alike: dict[tuple[object, ...], list[EpochSteps]] = defaultdict(list)  # of the same shape
        others: list[EpochSteps] = []
        for each in steps:
            training = each.training
            if each.error is not None:
                continue
            if training.device.type != self.capture.kind:
                others.append(each)
            elif reason := obstacle(training):
                training.how = f"{ONE_BY_ONE}: {reason}"
                others.append(each)
            else:
                try:
                    with numerics(training.run, training.device):
                        member = self._member(training)
                        member.begin(each)
                except Exception as error:  # its data cannot be read, or do not fit into memory
                    each.error = error
                else:
                    alike[member.shape].append(each)
        for group in alike.values():
            self._replay(group)
        if len(others) == 1:
            others[0].take_all()
            return
        while others:
            others = [each for each in others if each.advance()]

    def _member(self, training: Training) -> TensorSteps:
        if id(training) not in self._members:
            self._members[id(training)] = TensorSteps(training)
        return self._members[id(training)]

    def _replay(self, epochs: list[EpochSteps]) -> None:
        """Take the steps of runs of the same shape; graphs that hold some of them beside others are dropped first."""
        first = epochs[0].training
        key, began = tuple(id(each.training) for each in epochs), time.perf_counter()
        for other in [each for each in self._graphs if set(each) & set(key) and each != key]:
            del self._graphs[other]
        members = [self._member(each.training) for each in epochs]
        try:
            with numerics(first.run, first.device):
                capture = self.capture(first.device)
                self._graphs[key] = take_replayed(members, epochs, self._graphs.get(key), capture)
        except Exception as error:  # such as a lack of memory: every run is tried again, in a smaller pack
            for each in epochs:
                each.error = each.error or error
            return
        seconds = (time.perf_counter() - began) / len(epochs)
        for member, each in zip(members, epochs, strict=True):
            each.seconds = seconds
            each.training.how = "; ".join(
                [f"{ONE_BY_ONE}: {member.reason}" if member.reason else REPLAYED, *member.remarks]
            )
