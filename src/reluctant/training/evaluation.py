"""A network on a whole split: mean loss over images and the predicted classes."""

import torch
from torch import Tensor, nn

from reluctant.training.prepared import Part

BATCH = (
    50  # images: 26 µs each on the processor, against 38 at 200, where maps leave its caches (docs/log.md)
)


def evaluate(model: nn.Module, part: Part) -> tuple[float, Tensor]:
    """Mean cross entropy over the images, in nats, and the predicted classes (n,), in evaluation mode.

    The mode the model was in is restored. The loss is summed in double precision.
    """
    was = model.training
    model.eval()
    loss = torch.zeros((), dtype=torch.float64)
    predictions = torch.empty(len(part), dtype=torch.int64)
    with torch.inference_mode():
        for start in range(0, len(part), BATCH):
            images, labels = part.images[start : start + BATCH], part.labels[start : start + BATCH]
            scores = torch.log_softmax(model(images), dim=1)
            loss -= scores.gather(1, labels[:, None]).cpu().sum(dtype=torch.float64)
            predictions[start : start + BATCH] = scores.argmax(dim=1).cpu()
    model.train(was)
    return float(loss) / len(part), predictions
