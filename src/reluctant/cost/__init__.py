"""What an activation costs: time as multiples of ReLU's, bytes kept for backward, the peak of memory."""

from reluctant.cost.bench import YARDSTICK, Bench, Cost, measure
from reluctant.cost.median import Median, median_interval
from reluctant.cost.setting import Setting, setting

__all__ = ["YARDSTICK", "Bench", "Cost", "Median", "Setting", "measure", "median_interval", "setting"]
