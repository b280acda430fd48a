"""What each piece of a training step of the article's network costs: `python -m benchmarks.profile_step`."""

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks import loops

STEPS, WARM = 500, 50


def timed(owner: Any, name: str, spent: dict[str, float]) -> None:
    """Put a clock around a function of a module or a method of an object."""
    function: Callable[..., Any] = getattr(owner, name)

    def clocked(*arguments: Any, **keywords: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **keywords)
        finally:
            spent[name] += time.perf_counter() - began

    setattr(owner, name, clocked)


def pieces(activation: str, steps: int = STEPS) -> dict[str, float]:
    """Milliseconds per step of every kernel, the optimizer, fetching the batch, the rest, and the whole."""
    import torch

    from reluctant.models import kernels
    from reluctant.study import Run
    from reluctant.training import Training
    from reluctant.training.machine import limit_threads
    from reluctant.training.runner import load_tensors

    loops.mnist()
    data = load_tensors("mnist", 0.92, None)
    training = Training(Run(activation, dataset="mnist", optimizer="adam(beta1=0.89)", lr=0.006), data)
    order = torch.randperm(len(data.train))[: 32 * (WARM + steps)].reshape(-1, 32)
    spent: dict[str, float] = defaultdict(float)
    for name in kernels.__all__:
        timed(kernels, name, spent)
    timed(training.optimizer, "step", spent)
    timed(training.optimizer, "zero_grad", spent)
    whole: list[float] = []
    training.model.train()
    with limit_threads(1):
        for number, batch in enumerate(order):
            if number == WARM:
                spent.clear()
                whole.clear()
            began = time.perf_counter()
            inputs, targets = data.train.inputs[batch], data.train.targets[batch]
            spent["fetching the batch"] += time.perf_counter() - began
            training.step(inputs, targets)
            whole.append(time.perf_counter() - began)
    costs = {name: 1e3 * seconds / len(whole) for name, seconds in spent.items() if seconds > 0}
    mean = 1e3 * statistics.fmean(whole)
    rest = mean - sum(costs.values())
    return {**costs, "the rest (linear layers, activations, autograd, Python)": rest, "the whole step": mean}


def main() -> None:
    """Print the pieces, the largest first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("activation", nargs="?", default="relu")
    costs = pieces(parser.parse_args().activation)
    for name, cost in sorted(costs.items(), key=lambda item: -item[1]):
        print(f"{cost:7.3f} ms  {name}")


if __name__ == "__main__":
    main()
