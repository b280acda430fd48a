"""Whether the fast trainer ends where the plain loop ends: test accuracy on MNIST over several seeds."""

import tempfile

import numpy as np

from reluctant.scores import Floats

EPOCHS = 2


def measure(seeds: int) -> dict[str, object]:
    """Test accuracies of ReLU after two epochs of MNIST, by both, and Welch's interval between them."""
    from reluctant.statistics import mean_interval, welch

    ours, plain = _ours(seeds), _plain(seeds)
    difference = welch(ours, plain)
    for name, values in (("reluctant", ours), ("plain loop", plain)):
        interval = mean_interval(values)
        score = f"{interval.mean:.4f} ± {interval.half or 0:.4f}"
        print(f"accuracy after {EPOCHS} epochs, {name}: {score} ({seeds} seeds)")
    print(f"difference {difference.mean:+.4f}, 95 % interval {difference.low} to {difference.high}")
    return {"ours": list(ours), "plain": list(plain), "low": difference.low, "high": difference.high}


def _ours(seeds: int) -> Floats:
    import reluctant
    from reluctant.study import Study

    study = Study.read("article", {"activation": "relu", "seed": list(range(seeds)), "epochs": EPOCHS, "claim": []})
    with tempfile.TemporaryDirectory() as folder:
        data = reluctant.run(study, folder).data.one_setting
        return data.scores.values("accuracy", "relu")


def _plain(seeds: int) -> Floats:
    from torch import nn

    from benchmarks.plain import Variant, run
    from reluctant.training.runner import load_tensors

    data = load_tensors("mnist", 0.92, None)
    parts = {
        name: (part.inputs.contiguous(), part.targets)
        for name, part in (("train", data.train), ("valid", data.valid), ("test", data.test))
    }
    variant = Variant(fused=True, channels_last=True)
    ends = [run(parts, nn.ReLU, epochs=EPOCHS, seed=s, variant=variant)[-1]["test accuracy"] for s in range(seeds)]
    return np.array(ends)
