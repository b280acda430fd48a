"""How far a network's confidence can be believed: counts per bin, from which scores are derived."""

import torch
from torch import nn

from reluctant.records.store import Record
from reluctant.training.evaluation import BATCH
from reluctant.training.tensors import Part

BINS = 15  # even bins of the highest probability, (0, 1/15], …, (14/15, 1] (Guo et al. 2017, 1706.04599)


def calibration(model: nn.Module, part: Part) -> Record:
    """Per bin of the highest probability: images, of them right, sum of the probability; and the Brier sum.

    The Brier sum is that over images and classes of (probability − truth)² (Brier 1950). In evaluation mode;
    the mode the model was in is restored.
    """
    was = model.training
    model.eval()
    images, right, confidence = (torch.zeros(BINS, dtype=torch.float64) for _ in range(3))
    brier = 0.0
    with torch.inference_mode():
        for start in range(0, len(part), BATCH):
            labels = part.labels[start : start + BATCH].cpu()
            p = model(part.images[start : start + BATCH]).cpu().double().softmax(dim=1)
            top, predicted = p.max(dim=1)
            bins = (top * BINS).ceil().long().clamp(1, BINS) - 1
            images += torch.bincount(bins, minlength=BINS)
            right += torch.bincount(bins[predicted == labels], minlength=BINS)
            confidence.index_add_(0, bins, top)
            truth = nn.functional.one_hot(labels, p.shape[1])
            brier += float(((p - truth) ** 2).sum())
    model.train(was)
    return {
        "images": [int(n) for n in images.tolist()],
        "right": [int(n) for n in right.tolist()],
        "confidence": [round(c, 6) for c in confidence.tolist()],
        "brier": round(brier, 6),
    }
