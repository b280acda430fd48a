"""The benchmark: time of activations as ratios to ReLU, bytes saved for backward, the peak of memory."""
