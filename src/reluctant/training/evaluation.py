"""A network evaluated on a whole split: mean loss, predictions, and how well its confidence is calibrated."""

import torch
from torch import Tensor, nn

from reluctant.records.parts import Json
from reluctant.tasks import Classification, Task
from reluctant.training.tensors import TensorSplit

BATCH = 50  # images: 26 µs each on the processor, against 38 at 200, where maps leave its caches (docs/log.md)
BINS = 15  # even bins of the highest probability, (0, 1/15], …, (14/15, 1] (Guo et al. 2017, 1706.04599)
_CLASSES = Classification()


def evaluate(model: nn.Module, split: TensorSplit, task: Task = _CLASSES) -> tuple[float, Tensor]:
    """The task's mean loss over the inputs and the predictions for them, in evaluation mode.

    The mode the model was in is restored. The loss is summed in double precision; predictions have the form
    of the targets: classes (n,), or numbers (n, outputs).
    """
    was_training = model.training
    model.eval()
    loss = torch.zeros((), dtype=torch.float64)
    predictions = torch.empty(split.targets.shape, dtype=split.targets.dtype)
    with torch.inference_mode():
        for start in range(0, len(split), BATCH):
            inputs, targets = split.inputs[start : start + BATCH], split.targets[start : start + BATCH]
            outputs = model(inputs)
            loss += task.loss_sum(outputs, targets)
            predictions[start : start + BATCH] = task.predict(outputs).cpu()
    model.train(was_training)
    return float(loss) / len(split), predictions


def calibration(model: nn.Module, split: TensorSplit) -> Json:
    """Counts per bin of the highest probability, from which calibration errors follow; and the Brier sum.

    Per bin: images, how many of them are right, sum of the probability. The Brier sum is that over images and
    classes of (probability − truth)² (Brier 1950). In evaluation mode; the mode the model was in is restored.
    """
    was_training = model.training
    model.eval()
    images, right, confidence = (torch.zeros(BINS, dtype=torch.float64) for _ in range(3))
    brier = 0.0
    with torch.inference_mode():
        for start in range(0, len(split), BATCH):
            targets = split.targets[start : start + BATCH].cpu()
            p = model(split.inputs[start : start + BATCH]).cpu().double().softmax(dim=1)
            top, predictions = p.max(dim=1)
            bins = (top * BINS).ceil().long().clamp(1, BINS) - 1
            images += torch.bincount(bins, minlength=BINS)
            right += torch.bincount(bins[predictions == targets], minlength=BINS)
            confidence.index_add_(0, bins, top)
            truth = nn.functional.one_hot(targets, p.shape[1])
            brier += float(((p - truth) ** 2).sum())
    model.train(was_training)
    return {
        "images": [int(n) for n in images.tolist()],
        "right": [int(n) for n in right.tolist()],
        "confidence": [round(c, 6) for c in confidence.tolist()],
        "brier": round(brier, 6),
    }
