"""A network on a whole split: the mean loss over its inputs and what is predicted for them."""

import torch
from torch import Tensor, nn

from reluctant.tasks import Classification, Task
from reluctant.training.tensors import Part

BATCH = (
    50  # images: 26 µs each on the processor, against 38 at 200, where maps leave its caches (docs/log.md)
)
_CLASSES = Classification()


def evaluate(model: nn.Module, part: Part, task: Task = _CLASSES) -> tuple[float, Tensor]:
    """The task's mean loss over the inputs and what is predicted for them, in evaluation mode.

    The mode the model was in is restored. The loss is summed in double precision; predictions have the form
    of the targets: classes (n,), or numbers (n, outputs).
    """
    was = model.training
    model.eval()
    loss = torch.zeros((), dtype=torch.float64)
    predictions = torch.empty(part.labels.shape, dtype=part.labels.dtype)
    with torch.inference_mode():
        for start in range(0, len(part), BATCH):
            images, labels = part.images[start : start + BATCH], part.labels[start : start + BATCH]
            outputs = model(images)
            loss += task.total(outputs, labels)
            predictions[start : start + BATCH] = task.decide(outputs).cpu()
    model.train(was)
    return float(loss) / len(part), predictions
