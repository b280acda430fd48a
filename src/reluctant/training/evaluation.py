"""A network evaluated on a whole split: mean loss, predictions, calibration; and on corrupted test images."""

import math
from contextlib import AbstractContextManager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reluctant.catalogue.metrics import MOST
from reluctant.core.randomness import generator
from reluctant.models.swap.forward import evaluation_mode
from reluctant.records.parts import FinalRecord, Json
from reluctant.tasks import Classification, Task, Tokens, where_double
from reluctant.training.objective import in_full
from reluctant.training.tensors import TensorData, TensorSplit

BATCH_ON_A_CARD = 500
BATCH = 50  # images: 26 µs each on the processor, against 38 at 200, where maps leave its caches (docs/log.md)
LARGEST_LOGITS = 2**23  # numbers in the outputs for one batch of sequences
BINS = 15  # even bins of the highest probability, (0, 1/15], …, (14/15, 1] (Guo et al. 2017, 1706.04599)
# Standard deviation of the noise in those of the training pixels; standard deviation of the blur in pixels;
# pixels of shift; degrees of rotation.
STRENGTHS = {"noise": (0.25, 0.5, 1.0), "blur": (0.5, 1.0, 1.5), "shift": (1, 2, 4), "rotation": (10, 20, 40)}
_CLASSES = Classification()


def evaluate(model: nn.Module, split: TensorSplit, task: Task = _CLASSES) -> tuple[float, Tensor]:
    """The task's mean loss over the inputs and the predictions for them, in evaluation mode.

    The loss is summed in double precision; predictions have the form that the task stores: classes (n,), numbers
    (n, outputs), or sums per sequence (n, 2).
    """
    loss = where_double(split.targets).new_zeros((), dtype=torch.float64)
    predictions = task.no_predictions(split.targets)
    with _no_gradients(model), evaluation_mode(model):
        for batch, inputs in split.batches(_batch_size(split, task)):
            outputs = in_full(model(inputs.clone()))  # the network may write into its inputs
            loss += task.loss_sum(outputs, split.targets[batch])
            predictions[batch] = task.predict(outputs, split.targets[batch])
    return float(loss) / task.units(split.targets), predictions.cpu()


def _no_gradients(model: nn.Module) -> AbstractContextManager[None]:
    """Inference mode is faster, but what a user's network stores during it cannot be used in training."""
    return torch.inference_mode() if type(model).__module__.startswith("reluctant.") else torch.no_grad()


def _batch_size(split: TensorSplit, task: Task) -> int:
    size = BATCH_ON_A_CARD if split.targets.device.type == "cuda" else BATCH
    if not isinstance(task, Tokens):
        return size
    logits = split.targets.shape[1] * task.classes  # of a sequence; a large vocabulary would fill the memory
    return min(size, max(1, LARGEST_LOGITS // logits))


def calibration(model: nn.Module, split: TensorSplit) -> Json:
    """Counts per bin of the highest probability, from which calibration errors follow; and the Brier sum.

    Per bin: images, how many of them are right, sum of the probability. The Brier sum is that over images and
    classes of (probability − truth)² (Brier 1950). In evaluation mode.
    """
    images, right, confidence = (torch.zeros(BINS, dtype=torch.float64) for _ in range(3))
    brier = 0.0
    with _no_gradients(model), evaluation_mode(model):
        for batch, inputs in split.batches(BATCH):
            targets = split.targets[batch].cpu()
            p = in_full(model(inputs.clone())).cpu().double().softmax(dim=1)
            top, predictions = p.max(dim=1)
            bins = (top * BINS).ceil().long().clamp(1, BINS) - 1
            images += torch.bincount(bins, minlength=BINS)
            right += torch.bincount(bins[predictions == targets], minlength=BINS)
            confidence.index_add_(0, bins, top)
            brier += float(((p - F.one_hot(targets, p.shape[1])) ** 2).sum())
    return {
        "images": [int(n) for n in images.tolist()],
        "right": [int(n) for n in right.tolist()],
        "confidence": [round(c, 6) for c in confidence.tolist()],
        "brier": round(brier, 6),
    }


def final_evaluation(model: nn.Module, data: TensorData, test_predictions: Tensor, *, robustness: bool) -> FinalRecord:
    """After the last epoch: the training split in evaluation mode, and more about the test split."""
    task, train = data.task, data.train
    if isinstance(task, Tokens) and len(train) > len(data.test):  # as many as are tested, evenly spread
        train = train.of_rows(torch.arange(len(data.test), device=train.targets.device) * len(train) // len(data.test))
    loss, predictions = evaluate(model, train, task)
    final: Json = {"loss": loss, task.key: task.counts(predictions, train.targets)}
    if isinstance(task, Classification):
        final["calibration"] = calibration(model, data.test)
        if task.classes > MOST:  # where epochs hold three rows of the test matrix
            final["test_confusion"] = task.confusion_matrix(test_predictions, data.test.targets).tolist()
    if robustness:
        final["robustness"] = measure_robustness(model, data.test, -data.mean / data.std, data.pixel_std)
    return FinalRecord.read(final)


def measure_robustness(model: nn.Module, split: TensorSplit, background: float, pixel_std: float = 1.0) -> Json:
    """Per corruption and strength, how many of the split's images are still classified right.

    Black pixels, which the network sees as `background`, fill the edges; `pixel_std` is the standard deviation of
    the training pixels as the network sees them.
    """
    right = {kind: dict.fromkeys(map("{:g}".format, strengths), 0) for kind, strengths in STRENGTHS.items()}
    corruptions = [
        (kind, strength, generator(0, "robustness", kind)) for kind in STRENGTHS for strength in STRENGTHS[kind]
    ]
    with _no_gradients(model), evaluation_mode(model):
        for batch, images in split.batches(BATCH):
            targets = split.targets[batch].cpu()
            for kind, strength, rng in corruptions:
                scaled = strength * (pixel_std if kind == "noise" else 1)
                outputs = in_full(model(corrupt(images, kind, scaled, background, rng)))
                right[kind][f"{strength:g}"] += int((_CLASSES.predict(outputs, targets).cpu() == targets).sum())
    return {"images": len(split), **right}


def corrupt(
    images: Tensor, kind: str, strength: float, background: float = 0.0, rng: np.random.Generator | None = None
) -> Tensor:
    """Standardised images (n, c, h, w), corrupted; the direction of each follows from its index alone.

    Without `rng` these are the first images; for those that follow, give the generator that the images before used.
    """
    rng = rng or generator(0, "robustness", kind)
    corrupted = _CORRUPTIONS[kind](images - background, strength, rng) + background
    return corrupted.contiguous(memory_format=torch.channels_last)


def _add_noise(images: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    noise = rng.standard_normal(tuple(images.shape), np.float32)
    return images + strength * torch.from_numpy(noise).to(images.device)


def _blur(images: Tensor, strength: float, _: np.random.Generator) -> Tensor:
    """By a Gaussian, cut off at three standard deviations."""
    reach = math.ceil(3 * strength)
    x = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    bell = torch.exp(-0.5 * (x / strength) ** 2)
    channels = images.shape[1]
    bell = (bell / bell.sum()).expand(channels, 1, 1, -1)
    across = F.conv2d(images, bell, padding=(0, reach), groups=channels)
    return F.conv2d(across, bell.transpose(2, 3), padding=(reach, 0), groups=channels)


def _shift_images(images: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    """By so many pixels in one of eight directions, at random for each image."""
    angle = _random_integers(rng, 8, images) * (math.pi / 4)
    size = torch.tensor([images.shape[3], images.shape[2]], device=images.device)
    shift = torch.stack([angle.cos(), angle.sin()], dim=1).round() * strength * 2 / size
    identity = torch.eye(2, device=images.device).expand(len(images), 2, 2)
    return _resample(images, torch.cat([identity, shift[:, :, None]], dim=2))


def _rotate(images: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    """By so many degrees, to the left or to the right, at random for each image."""
    angle = math.radians(strength) * (2 * _random_integers(rng, 2, images) - 1)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return _resample(images, torch.stack([cos, -sin, none, sin, cos, none], dim=1).view(-1, 2, 3))


def _random_integers(rng: np.random.Generator, limit: int, images: Tensor) -> Tensor:
    """A whole number below `limit` for every image."""
    return torch.from_numpy(rng.integers(0, limit, len(images))).to(images.device, images.dtype)


def _resample(images: Tensor, theta: Tensor) -> Tensor:
    """The images after an affine map of each, (n, 2, 3)."""
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images.contiguous(), grid, align_corners=False)


_CORRUPTIONS = {"noise": _add_noise, "blur": _blur, "shift": _shift_images, "rotation": _rotate}
