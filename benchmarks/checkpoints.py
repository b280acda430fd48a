"""What a checkpoint costs: `python -m benchmarks.checkpoints`."""

import statistics
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Milliseconds and bytes of the article's network after an epoch of digits, median of thirty."""
    from reluctant.study import Run
    from reluctant.training import Training
    from reluctant.training.checkpoints import Checkpoint
    from reluctant.training.runner import load_tensors

    training = Training(Run("gelu", model="convnet(dropout=0.15)", epochs=1), load_tensors("digits", 0.92, None))
    list(training)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Checkpoint(Path(folder) / "checkpoints" / "key.pt", {})
        times = []
        for _ in range(30):
            began = time.perf_counter()
            checkpoint.save(training)
            times.append(time.perf_counter() - began)
        size = checkpoint.path.stat().st_size
    print(f"{1e3 * statistics.median(times):.1f} ms, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
