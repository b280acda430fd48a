"""The ways to do the same work, each in a process of its own: the plain loop, and `reluctant run`."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ACTIVATIONS = ("relu", "gelu")
SEEDS = (0, 1)
FRACTION = 0.92


@dataclass(frozen=True)
class Work:
    """The article's network, two activations: so many training images of MNIST, a sixth as many to test."""

    images: int
    epochs: int
    seeds: tuple[int, ...] = SEEDS

    @property
    def trained(self) -> int:
        """Images trained on, over all runs and epochs."""
        return len(ACTIVATIONS) * len(self.seeds) * self.epochs * round(self.images * FRACTION)


def mnist() -> Path:
    """The folder of MNIST; a SystemExit that says what to set where it is missing."""
    folder = Path(os.environ.get("RELUCTANT_DATA", "")) / "mnist"
    if not (folder / "train-images-idx3-ubyte.gz").is_file():
        sys.exit("the benchmarks train on MNIST: set RELUCTANT_DATA to the folder that holds mnist/")
    return folder


def part(work: Work, folder: Path) -> None:
    """Write the first images of MNIST as four IDX files."""
    for name, count in (("train", work.images), ("t10k", work.images // 6)):
        images = gzip.decompress((mnist() / f"{name}-images-idx3-ubyte.gz").read_bytes())
        labels = gzip.decompress((mnist() / f"{name}-labels-idx1-ubyte.gz").read_bytes())
        size = count.to_bytes(4, "big")
        cut = images[:4] + size + images[8 : 16 + count * 784]
        (folder / f"{name}-images-idx3-ubyte").write_bytes(cut)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(labels[:4] + size + labels[8 : 8 + count])


def plain(work: Work, variant: str) -> dict[str, float]:
    """All runs one after the other by the plain loop, from the start of Python to its end."""
    return _timed([sys.executable, "-m", "benchmarks.loops", variant, str(work.images), str(work.epochs)], work)


def study(work: Work, workers: int) -> dict[str, float]:
    """The same runs by `reluctant run`, report included."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        part(work, data)
        text = _STUDY.format(root=data, activations=list(ACTIVATIONS), epochs=work.epochs, seeds=list(work.seeds))
        (Path(folder) / "bench.toml").write_text(text)
        command = [sys.executable, "-m", "reluctant", "run", f"{folder}/bench.toml", "-o", f"{folder}/out"]
        result = _timed([*command, "--workers", str(workers)], work)
        records = [json.loads(path.read_text()) for path in Path(folder, "out", "runs").glob("*.json")]
        spent = {
            part: sum(epoch["seconds"][part] for record in records for epoch in record["epochs"])
            for part in ("train", "evaluate", "probe")
        }
        kernels = ", ".join(sorted({kernel for record in records for kernel in record["kernels"]}))
        print(f"  kernels: {kernels}; {_products(folder)}")
        return {
            **result,
            "startup": result["seconds"] - sum(spent.values()) / workers,
            "probing": spent["probe"] / (spent["train"] + spent["evaluate"]),
        }


def _products(folder: str) -> str:
    """The library that computed the matrix products of a study, from its environment."""
    (path,) = Path(folder, "out", "environments").glob("*.json")
    return f"products: {json.loads(path.read_text())['torch']['products']}"


_STUDY = """
name = "bench"
dataset = "idx(root='{root}')"
model = "convnet(dropout=0.15)"
activation = {activations}
optimizer = "adam(beta1=0.89)"
lr = 0.006
epochs = {epochs}
seed = {seeds}
"""


def _timed(command: list[str], work: Work) -> dict[str, float]:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parent.parent)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        sys.exit(f"{' '.join(command)} failed")
    # of the process or the largest of its workers; in KiB on Linux
    return {"seconds": seconds, "images": work.trained, "peak_mib": used.ru_maxrss / 1024}


def product_rates() -> dict[str, float]:
    """Operations per second of a large matrix product on one core, by the libraries at hand."""
    import torch

    size, before = 1024, torch.get_num_threads()
    torch.set_num_threads(1)
    one, image = torch.randn(size, size), torch.randn(1, size, 32, 32).to(memory_format=torch.channels_last)
    weight = torch.randn(size, size, 1, 1)
    rates = {
        "torch.mm": _rate(lambda: torch.mm(one, one), 2 * size**3),
        "1×1 convolution": _rate(lambda: torch.conv2d(image, weight), 2 * size**3),
    }
    torch.set_num_threads(before)
    return rates


def _rate(product: Any, operations: int) -> float:
    times = []
    for _ in range(30):
        began = time.perf_counter()
        product()
        times.append(time.perf_counter() - began)
    return operations / float(np.median(times))


def main(variant: str, images: int, epochs: int) -> None:
    """The plain loop's process."""
    import torch
    from torch import nn

    from benchmarks import plain as loop

    with tempfile.TemporaryDirectory() as folder:
        part(Work(images, epochs), Path(folder))
        raw = {
            name: np.fromfile(Path(folder) / f"{name}-images-idx3-ubyte", np.uint8)[16:] for name in ("train", "t10k")
        }
        labels = {name: np.fromfile(Path(folder) / f"{name}-labels-idx1-ubyte", np.uint8)[8:] for name in raw}
    pixels = {n: (torch.from_numpy(r.reshape(-1, 1, 28, 28)) / 255 - 0.1307) / 0.3081 for n, r in raw.items()}
    true = {name: torch.from_numpy(each.astype(np.int64)) for name, each in labels.items()}
    cut = round(images * FRACTION)
    parts = {
        "train": (pixels["train"][:cut], true["train"][:cut]),
        "valid": (pixels["train"][cut:], true["train"][cut:]),
        "test": (pixels["t10k"], true["t10k"]),
    }
    for seed in SEEDS:
        for activation in (nn.ReLU, nn.GELU):
            loop.run(parts, activation, epochs=epochs, seed=seed, variant=loop.VARIANTS[variant])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
